"""The forms of values in guard.yaml: durations, money, shares, waits; and the base of its models."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from guard.config import values
from guard.core.rules import ActWindow
from guard.core.schedule import Schedule, read_schedule
from guard.core.units import Money

Duration = Annotated[
    timedelta, BeforeValidator(values.duration), WithJsonSchema({"type": "string", "examples": ["6h", "2d", "1h30m"]})
]
Amount = Annotated[
    Money,
    BeforeValidator(values.money),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}], "examples": [0.1, "500 USD"]}),
]
Factor = Annotated[
    Decimal,
    BeforeValidator(values.factor),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}], "examples": ["3x"]}),
]
Share = Annotated[
    Decimal,
    BeforeValidator(values.share),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}], "examples": ["50%"]}),
]
Window = Annotated[
    ActWindow,
    BeforeValidator(values.act_window),
    WithJsonSchema({"type": "string", "examples": ["Mon-Fri 09:00-17:00 Europe/Madrid"]}),
]
ResourceId = Annotated[
    str,
    BeforeValidator(lambda found: str(found) if type(found) is int else found),  # YAML reads a bare number as one
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer"}], "examples": ["my-project", "123456789012"]}),
]
"""An id, or a number."""
StageName = Literal["scale_to_zero", "undeploy", "delete_endpoint", "delete_model", "cancel_job"]
ModeName = Literal["observe", "approve", "enforce"]


def _a_wait(found: object) -> object:
    if found in {"never", "break_even", "auto"}:
        return found
    try:
        values.duration(found)
    except ValueError as error:
        raise ValueError(f'{error}, or "never", "break_even", "auto"') from None
    return str(found)


def a_schedule(found: object) -> Schedule:
    """Read a recurring time; raises ValueError with what is expected."""
    return read_schedule(str(found))


WaitText = Annotated[
    str,
    BeforeValidator(_a_wait),
    WithJsonSchema({"type": "string", "examples": ["never", "break_even", "auto", "24h"]}),
]


class Strict(BaseModel):
    """Unknown keys are an error; values are not bent into shape."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, frozen=True)
