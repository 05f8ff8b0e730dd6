"""Feed the learning book from packed hourly usage: one day at a time, or a whole record at the first start. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from guard.core.learn.book import Book, Use, new_book
from guard.core.learn.calendar import HOUR
from guard.core.usage import Usage


def uses_of_day(usages: Mapping[str, Usage], day: int) -> list[Use]:
    """Return the uses of one day (days from the Unix epoch, UTC), whole hours that follow one another joined, in order.

    An hour that is not known to be silent (not covered, no liveness, no quiet witness) counts as use: what nobody saw teaches
    nobody to remove. After the last hour with machines or a call there is no thing (any more): that is the end of its record,
    not a use. Subjects without any use up to then have no first use to learn from, and are left out.
    """
    uses = []
    for name, usage in usages.items():
        if not usage.used:
            continue
        first = usage.origin + (usage.used & -usage.used).bit_length() - 1
        end = _ends(usage)
        silent = usage.covered & usage.live & usage.quiet & ~usage.used
        began: int | None = None
        upto = min(24 * day + 24, end)
        for hour in range(max(24 * day, first), upto):
            busy = not silent >> (hour - usage.origin) & 1
            if busy and began is None:
                began = hour
            elif not busy and began is not None:
                uses.append(Use(name, began * HOUR, hour * HOUR))
                began = None
        if began is not None:
            uses.append(Use(name, began * HOUR, upto * HOUR))
    return sorted(uses, key=lambda use: (use.began, use.endpoint))


def watched_until(usages: Mapping[str, Usage]) -> dict[str, float]:
    """Return the end of each record, seconds from the epoch: a silence is told no further than its machines were seen.

    What the guard removed cannot be called, so that its silence says nothing about anybody coming back.
    """
    return {name: _ends(usage) * HOUR for name, usage in usages.items()}


def _ends(usage: Usage) -> int:
    """The hour after the last one with machines or a call."""
    return usage.origin + ((usage.covered & usage.live) | usage.used).bit_length()


def book_of(usages: Mapping[str, Usage], until_day: int, kinds: Mapping[str, str] | None = None) -> Book | None:
    """Return the book after all days before `until_day`; None where nothing was ever used. `kinds`: see `Book.after_day`."""
    begins = [usage.origin + (usage.used & -usage.used).bit_length() - 1 for usage in usages.values() if usage.used]
    if not begins:
        return None
    book = new_book(min(begins) * HOUR)
    ends = watched_until(usages)
    while book.fleet.day < until_day:
        book = book.after_day(uses_of_day(usages, book.fleet.day), kinds, ends)
    return book
