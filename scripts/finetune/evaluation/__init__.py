"""Compare variants of a model on examples that none of them has seen."""
