"""How values of a document are written on a page. Nothing is computed here that the document does not say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from markupsafe import Markup, escape

from guard.core.units import Money, short


def utc(at: str) -> str:
    """`2026-11-24 12:00 UTC`; the page's script writes it in the reader's zone."""
    return f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


INSTANT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC|\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\+00:00)")
"""An instant within a sentence, as `guard.core.wording.instant` writes it or as a value has it."""


def timed(text: str) -> Markup:
    """A sentence of ours whose instants the page's script writes in the reader's zone; everything in it is escaped."""
    written, end = Markup(), 0
    for found in INSTANT.finditer(text):
        at = f"{found[1]}T{found[2]}:00+00:00" if found[1] else found[0]
        written += Markup('{}<time datetime="{}" title="{}">{}</time>').format(
            text[end : found.start()], at, utc(at), utc(at)
        )
        end = found.end()
    return written + escape(text[end:])


def ahead(at: str, now: str) -> str:
    """`in 3 h 20 min`, or `now` for what is due."""
    left = datetime.fromisoformat(at) - datetime.fromisoformat(now)
    return f"in {short(left)}" if left > timedelta(0) else "now"


def behind(at: str, now: str) -> str:
    """`3 h 20 min ago`."""
    past = datetime.fromisoformat(now) - datetime.fromisoformat(at)
    return "just now" if past < timedelta(minutes=1) else f"{short(past)} ago"


def hours(count: float | None) -> str:
    """Hours for people: `3 d 19 h`; `-` for what is not known."""
    return "-" if count is None else short(timedelta(hours=float(count)))


def money(document: Mapping[str, str] | None) -> str:
    """`$1.15`; `?` for what is not known."""
    return "?" if document is None else str(Money(Decimal(document["amount"]), document["currency"]))


def words(value: object) -> str:
    """A closed list's value as words: `in use` for `in_use`."""
    return str(value).replace("_", " ")


def percent(share: str | None) -> str:
    """`83%` of a share; `-` where there is none."""
    return "-" if share is None else f"{Decimal(share):.0%}"


def thing_url(subject: str) -> str:
    """The page of one thing."""
    return f"/things/{quote(subject, safe='/')}"


def with_words(asked: Mapping[str, str], **changes: str | int | None) -> str:
    """The fleet's address with some words changed; None takes one out. The page number goes with every change but its own."""
    merged: dict[str, str | int | None] = {**{key: value for key, value in asked.items() if key != "page"}, **changes}
    left = {key: value for key, value in merged.items() if value not in (None, "")}
    return "/" + (f"?{urlencode(left)}" if left else "")


FILTERS: Mapping[str, Callable[..., Any]] = {
    "utc": utc,
    "timed": timed,
    "ahead": ahead,
    "behind": behind,
    "hours": hours,
    "money": money,
    "words": words,
    "percent": percent,
    "thing_url": thing_url,
    "with_words": with_words,
}
