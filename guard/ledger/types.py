"""Column types that are exact on both engines: aware instants, flags, JSON documents, 64-bit numbers.

SQLite tables are STRICT, which knows INTEGER, REAL, TEXT and BLOB only; SQLite's own DateTime drops the zone without a
word and its Numeric loses digits beyond the fifteenth, so neither is used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import REAL, BigInteger, Boolean, Double, Integer, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

Number = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit whole number."""

Real: TypeEngine[float] = Double().with_variant(REAL(), "sqlite")
"""A 64-bit float: for means of measurements only, never for money."""


class Instant(TypeDecorator[datetime]):
    """An instant in UTC with microseconds: TIMESTAMPTZ on PostgreSQL, fixed-width ISO text (sorts like time) on SQLite.

    Raises ValueError for a naive value.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive instant ({value.isoformat()}) was about to be stored; expected aware UTC")
        utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else instant_text(utc)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        assert isinstance(value, datetime)  # noqa: S101  # psycopg's TIMESTAMPTZ
        return value.astimezone(UTC)


class Flag(TypeDecorator[bool]):
    """True or False: BOOLEAN on PostgreSQL, 0 or 1 on SQLite."""

    impl = Integer
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Boolean() if dialect.name == "postgresql" else Integer())

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return int(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        del dialect
        return None if value is None else bool(value)


@dataclass(frozen=True, slots=True)
class Written:
    """A document that has been written already, for a digest: its canonical text."""

    text: str


class Document(TypeDecorator[Any]):
    """A JSON document as canonical text, byte for byte the same on both engines, so that it can be hashed.

    JSONB would reorder keys, round numbers and refuse an escaped NUL.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        del dialect
        if isinstance(value, Written):
            return value.text
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        del dialect
        return None if value is None else json.loads(value)


def instant_text(utc: datetime) -> str:
    """Write an aware UTC instant as `2026-11-24T07:30:00.000000Z`."""
    return f"{utc.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def canonical(value: Any) -> str:
    """Write a value as JSON with sorted keys and no blanks; exact amounts and instants become text.

    Raises TypeError for what JSON cannot say, ValueError for NaN and infinities.
    """
    return _ENCODER.encode(value)


def _plain(value: Any) -> Any:
    """Say in JSON what json itself does not know."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return instant_text(value.astimezone(UTC))
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form: {value!r}")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain)
