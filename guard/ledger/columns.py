"""How the ledger's tables are written: one metadata with named constraints, and every column with its meaning."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, MetaData, Table

from guard.ledger.types import Number

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def table(name: str, about: str, *parts: Any) -> Table:
    """A table with what it is about; STRICT on SQLite."""
    return Table(name, metadata, *parts, info={"about": about}, sqlite_strict=True)


def identifier() -> Column[int]:
    """A running number as primary key."""
    return Column("id", Number, primary_key=True, autoincrement=True, doc="running number")


def needed(name: str, kind: Any, doc: str, *parts: Any, **more: Any) -> Column[Any]:
    """A column that always has a value."""
    return Column(name, kind, *parts, nullable=False, doc=doc, **more)


def maybe(name: str, kind: Any, doc: str, **more: Any) -> Column[Any]:
    """A column that may be empty."""
    return Column(name, kind, nullable=True, doc=doc, **more)
