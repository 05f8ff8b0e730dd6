"""The price book of each project: what guard.yaml says there, over the book in force. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from guard.core.prices import PriceBook, override_rows
from guard.core.rules import Rules

BookOf = Callable[[str], PriceBook]
"""Project id -> the prices that hold there."""


def book_of_project(book: PriceBook, rules_of: Callable[[str], Rules], today: date) -> BookOf:
    """Put each project group's own prices on top of a book; one book a group."""
    known: dict[int, PriceBook] = {}

    def of(project_id: str) -> PriceBook:
        rules = rules_of(project_id)
        if id(rules) not in known:
            own = (
                *override_rows(rules.price_overrides, source="prices in guard.yaml", as_of=today),
                *rules.price_rows,
            )
            known[id(rules)] = book.overridden_by(own) if own else book
        return known[id(rules)]

    return of
