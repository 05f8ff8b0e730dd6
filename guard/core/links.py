"""Where the page shows what a notice is about, for notices that carry a link. Pure.

A link only opens the page, which asks who somebody is; nothing happens before a click there, since chats fetch links for previews.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote

from guard.core.plan import Notice, NoticeKind

PLACES: Mapping[NoticeKind, str] = {
    NoticeKind.BUDGET_CROSSED: "/money",
    NoticeKind.GOOGLE_BUDGET: "/money",
    NoticeKind.PRICE_WAITS: "/money",
    NoticeKind.BREAKER: "/plan",
    NoticeKind.INSTRUMENTS: "/plan",
    NoticeKind.ENROLLED: "/",
    NoticeKind.TUNES: "/jobs",
    NoticeKind.REPORT: "/money",
}
"""Notices that are about no single thing; the others open the thing's own page."""


def page_of(kind: NoticeKind, subject: str) -> str:
    """The path of the page that shows a notice's subject.

    >>> page_of(NoticeKind.REMOVED, "projects/1/locations/x/endpoints/2/deployedModels/3")
    '/things/projects/1/locations/x/endpoints/2/deployedModels/3'
    """
    return PLACES.get(kind) or f"/things/{quote(subject)}"


def linked(notices: Iterable[Notice], public_url: str | None) -> Iterator[Notice]:
    """Add the link to each notice's text and data; without a public address there is nothing to link to."""
    for notice in notices:
        if public_url is None:
            yield notice
            continue
        link = public_url.rstrip("/") + page_of(notice.kind, notice.subject)
        yield replace(notice, body=f"{notice.body}\nOn the page: {link}", data={**notice.data, "link": link})
