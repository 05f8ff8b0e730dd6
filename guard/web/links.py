"""One-time links: made for whoever sits at the guard's machine, by the page when it starts and by `tuneguard web --link`."""

from __future__ import annotations

from datetime import datetime, timedelta

from guard.ports.door import DoorBook
from guard.web import secret

KIND = "link"
LASTS = timedelta(minutes=15)
"""Long enough to be copied from a terminal to a browser, short enough to be worthless in a scroll-back tomorrow."""


def new_link(book: DoorBook, url: str, *, who: str, now: datetime, lasts: timedelta = LASTS) -> str:
    """Make a link that lets one browser in as `who`, once, until `lasts` is over."""
    key = secret.fresh()
    book.put_secret(KIND, secret.digest(key), {"name": who}, now, lasts)
    return f"{url}/login/link?key={key}"
