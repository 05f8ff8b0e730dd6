"""The `tuneguard` command: one file a command, loaded when called."""


def main() -> None:
    """Run the command line."""
