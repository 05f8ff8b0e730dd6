"""The hash chain over act events: each event's hash covers the one before, so nothing is changed, dropped or put in between.

A chain proves tampering only if its head is known elsewhere: the cloud claim and the logs carry it (`high_water`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from guard.core.removal import ActState
from guard.core.verdict import Evidence
from guard.ledger import tables
from guard.ledger.engine import Writing
from guard.ledger.schema import NO_EVENT
from guard.ledger.types import canonical, instant_text


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the chain found; an empty `problems` means sound."""

    events: int
    head: str
    problems: tuple[str, ...]


_EVENT = tables.act_events.insert()


def append(
    writing: Writing, act_id: str, at: datetime, state: ActState, *, detail: str = "", evidence: Evidence | None = None
) -> None:
    """Write one event at the end of the chain, within the caller's transaction."""
    writing.events += 1
    seen = dict(evidence or {})
    writing.head = event_hash(writing.head, writing.events, act_id, at, state.value, detail, seen)
    writing.chained = True
    writing.connection.execute(
        _EVENT,
        {
            "seq": writing.events,
            "act_id": act_id,
            "at": at,
            "state": state.value,
            "detail": detail,
            "evidence": seen,
            "hash": writing.head,
        },
    )


def event_hash(previous: str, seq: int, act_id: str, at: datetime, state: str, detail: str, evidence: Any) -> str:
    """Return the SHA-256 of the previous hash and the event in canonical JSON, as 64 hex digits."""
    text = canonical([previous, seq, act_id, instant_text(at.astimezone(UTC)), state, detail, evidence])
    return hashlib.sha256(text.encode()).hexdigest()


def verify(connection: Connection) -> Verified:
    """Recompute the chain and compare it with the acts, the recipes and the recorded head."""
    head, events, problems = NO_EVENT, 0, list[str]()
    latest: dict[str, str] = {}
    recipes: dict[str, str] = {}
    rows = connection.execution_options(yield_per=1000).execute(
        select(tables.act_events).order_by(tables.act_events.c.seq)
    )
    for row in rows:
        if row.seq != events + 1:
            problems.append(f"event {events + 1} is missing: {row.seq} follows {events}")
        events = row.seq
        expected = event_hash(head, row.seq, row.act_id, row.at, row.state, row.detail, row.evidence)
        if row.hash != expected:
            problems.append(f"event {row.seq} of act {row.act_id} is not what was written")
        head = row.hash
        latest[row.act_id] = row.state
        if row.detail.startswith(RECIPE_WORDS):
            recipe_id, _, digest = row.detail.removeprefix(RECIPE_WORDS).partition(" sha256 ")
            recipes[recipe_id] = digest
    recorded = connection.execute(select(tables.ledger.c.events, tables.ledger.c.head)).one()
    if (recorded.events, recorded.head) != (events, head):
        problems.append(f"the ledger recorded {recorded.events} events, the chain has {events} and another head")
    problems += _acts_that_differ(connection, latest)
    problems += _recipes_that_differ(connection, recipes)
    return Verified(events, head, tuple(problems))


RECIPE_WORDS = "with recipe "
"""How the intent's event begins where it stored a recipe: `with recipe ID sha256 DIGEST`."""


def _acts_that_differ(connection: Connection, latest: dict[str, str]) -> Iterable[str]:
    for row in connection.execute(select(tables.acts.c.id, tables.acts.c.state).order_by(tables.acts.c.id)):
        if latest.pop(row.id, None) != row.state:
            yield f"act {row.id} is {row.state}, which its events do not say"
    for act_id in sorted(latest):
        yield f"act {act_id} is missing, its events are there"


def _recipes_that_differ(connection: Connection, recorded: dict[str, str]) -> Iterable[str]:
    from guard.ledger.codec import digest_of

    for row in connection.execute(
        select(tables.recipes.c.id, tables.recipes.c.documents).order_by(tables.recipes.c.id)
    ):
        digest = recorded.pop(row.id, None)
        if digest is not None and digest_of(row.documents) != digest:
            yield f"recipe {row.id} is not what was written"
    for recipe_id in sorted(recorded):
        yield f"recipe {recipe_id} is missing, the intent that stored it is there"
