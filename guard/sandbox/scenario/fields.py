"""Types that the fields of a scenario share."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from guard.sandbox.durations import parse_duration


class Part(BaseModel):
    """A piece of a scenario: no key that is not known, nothing changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError(f"an amount such as 0.219 is expected; found {value!r}")  # noqa: TRY004  # pydantic reads ValueError
    try:
        return Decimal(str(value))
    except ArithmeticError as error:
        raise ValueError(f"an amount such as 0.219 is expected; found {value!r}") from error


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Usd = Annotated[Decimal, BeforeValidator(_decimal)]
Text = Annotated[str, BeforeValidator(_text)]
"""A string; a whole number is taken for one, so that ids need no quotes."""
When = Any
"""An instant, or a duration from the scenario's start; read once the start is known (`durations.parse_instant`)."""
