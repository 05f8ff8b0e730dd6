"""What is wrong with a traffic specification, said so that its author can mend it."""


class TrafficError(ValueError):
    """A traffic specification that cannot be used: which field, what was found, what was expected."""

    def __init__(self, field: str, found: object, expected: str) -> None:
        super().__init__(f"{field}: found {found!r}. Expected {expected}.")
        self.field = field
