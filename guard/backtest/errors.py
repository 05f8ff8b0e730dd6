"""What can be wrong with the input of a backtest; each message says where, what was found and what was expected."""


class TraceInvalid(ValueError):  # noqa: N818  # our errors are named for what happened, as in guard.ports.errors
    """A trace, a lifetimes file or an option that cannot be used as it stands. Nothing was written."""
