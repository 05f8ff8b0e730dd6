"""docs/reference/ledger.md, made from the tables: `python -m guard.ledger.reference > docs/reference/ledger.md`."""

from __future__ import annotations

import sys

from sqlalchemy import Column, Table

from guard.ledger.columns import metadata
from guard.ledger.schema import HEAD
from guard.ledger.types import Document, Flag, Instant

_TOP = f"""# The ledger's schema

Made from `guard/ledger/tables.py` (version {HEAD}); a test compares. One schema for SQLite and PostgreSQL.

- *instant*: UTC with microseconds; `TIMESTAMPTZ` on PostgreSQL, text such as `2026-11-24T07:30:00.000000Z` on SQLite.
  Domain time, which a sandbox may step, except in `lease` and `ledger.created_at` (the database's own clock).
- *JSON*: canonical text (sorted keys, no blanks), the same bytes on both engines.
- *flag*: `BOOLEAN` on PostgreSQL, 0 or 1 on SQLite. Money is exact text beside its currency.
- Columns marked `?` may be empty.
- `act_events` is append-only by triggers. Each `hash` is the SHA-256 of the canonical JSON list
  `[previous hash, seq, act_id, at, state, detail, evidence]`; the first previous hash is 64 zeros. `tuneguard db verify` checks it.
- Never thinned: `acts`, `act_events`, `recipes`, notices about acts, and everything that people said.
"""


def page() -> str:
    """Return the whole page."""
    # By name: the order in which modules were imported must not show.
    return _TOP + "".join(_section(table) for _, table in sorted(metadata.tables.items()))


def _section(table: Table) -> str:
    lines = "".join(f"| `{_name(column)}` | {_kind(column)} | {column.doc} |\n" for column in table.columns)
    return f"\n## {table.name}\n\n{table.info['about']}\n\n| column | type | meaning |\n| --- | --- | --- |\n{lines}"


def _name(column: Column[object]) -> str:
    return f"{column.name}?" if column.nullable else str(column.name)


def _kind(column: Column[object]) -> str:
    match column.type:
        case Instant():
            kind = "instant"
        case Flag():
            kind = "flag"
        case Document():
            kind = "JSON"
        case other:
            kind = {"BIGINT": "whole number", "INTEGER": "whole number", "DOUBLE": "float"}.get(str(other), "text")
    return f"{kind}, key" if column.primary_key else kind


if __name__ == "__main__":
    sys.stdout.write(page())
