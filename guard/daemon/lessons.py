"""What the fleet's silences teach, moved on by whole days and kept in the ledger; a day of new data re-reads nothing of the past.

A day is learned once its data is complete everywhere (plus the hours in which points may still arrive). A ledger without
lessons learns from the usage that it has, so the first look's back-fill already teaches six weeks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from guard.core.groups import by_group
from guard.core.learn import Book, EndpointState, FleetState, new_book, uses_of_day, watched_until
from guard.core.learn.book import Ask
from guard.core.units import hour_number
from guard.core.usage import Usage
from guard.ports.ledger import Ledger

Kinds = Callable[[], Mapping[str, str]]
"""Answers which endpoints are alike: name -> kind."""

FLEET = "fleet"
HOURS = 24


Groups = Callable[[], Mapping[str, Sequence[str]]]
"""Answers which things are used as one: pool -> sharers."""


def one_kind() -> Mapping[str, str]:
    """All endpoints are alike."""
    return {}


def no_groups() -> Mapping[str, Sequence[str]]:
    """Nothing is shared."""
    return {}


class Lessons:
    """Holds the book; `ask` is what guard.core.judge takes as `learned`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._book: Book | None = None
        self._groups: dict[str, Sequence[str]] = {}

    def learn(
        self,
        usage: Mapping[str, Usage],
        complete_until: datetime | None,
        *,
        write: bool,
        kinds: Kinds = one_kind,
        groups: Groups = no_groups,
    ) -> int:
        """Take in every day that is complete by now; returns how many. `complete_until` None: some project was never read.

        `kinds` and `groups` are asked only where there is a day to learn. A pool is learned as one thing, from the calls to any of
        its sharers, which are not learned by themselves: nobody asks for their waits.
        """
        if complete_until is None or not usage:
            return 0
        if self._book is None:
            self._book = self._load() or _begin(usage)
        book, learned = self._book, 0
        alike: Mapping[str, str] = {}
        ends: Mapping[str, float] = {}
        while (book.fleet.day + 1) * HOURS <= hour_number(complete_until):
            if not learned:
                self._groups |= groups()  # a pool whose listing failed today is still what it was
                alike, usage = kinds(), by_group(usage, self._groups)
                ends = watched_until(usage)
            book = book.after_day(uses_of_day(usage, book.fleet.day), alike, ends)
            learned += 1
        self._book = book
        if learned and write:
            rows = {name: state.to_json() for name, state in book.endpoints.items()}
            self._ledger.save_learning({**rows, FLEET: {"resolution": book.resolution, "state": book.fleet.to_json()}})
        return learned

    def ask(self, name: str, silence_began_at: datetime, worst_case: Decimal) -> Ask | None:
        """What asks for one thing's learned wait; None while nothing has been learned at all."""
        return None if self._book is None else self._book.ask(name, silence_began_at, worst_case)

    def _load(self) -> Book | None:
        rows = dict(self._ledger.learning())
        fleet = rows.pop(FLEET, None)
        if fleet is None:
            return None
        states = {name: EndpointState.from_json(document) for name, document in rows.items()}
        return Book(FleetState.from_json(fleet["state"]), states, float(fleet["resolution"]))


def _begin(usage: Mapping[str, Usage]) -> Book:
    """A book from the first midnight that the record has seen on."""
    first = min(record.origin for record in usage.values())
    return new_book(-(-first // HOURS) * HOURS * 3600.0)
