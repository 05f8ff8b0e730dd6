"""What can be wrong with the input of a backtest; each message says where, what was found and what was expected."""


class TraceInvalid(ValueError):
    """A trace, a lifetimes file or an option that cannot be used as it stands. Nothing was written."""
