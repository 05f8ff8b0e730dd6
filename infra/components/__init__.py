"""The stack's parts, one component a file. Arguments, children's names and outputs are a contract that tests hold."""
