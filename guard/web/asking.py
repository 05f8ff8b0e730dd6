"""What a route asks for: the person, their desk, and (for every unsafe method, without asking) a form's token."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from guard.core.access import Person
from guard.ports.desk import Desk
from guard.ports.errors import Forbidden
from guard.web import secret
from guard.web.auditing import Auditing
from guard.web.house import House
from guard.web.limits import Limits
from guard.web.words import desk_for

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrf-token"


def person(request: Request) -> Person:
    """Who asks; the door has let them in."""
    found: Person = request.state.person
    return found


def desk(request: Request, who: Annotated[Person, Depends(person)]) -> Desk:
    """The desk as this person may use it."""
    house: House = request.app.state.house
    limits: Limits = request.app.state.limits
    return desk_for(who, house.desk(), Auditing(book=house.book, now=house.now), limits)


PersonOf = Annotated[Person, Depends(person)]
"""`who: PersonOf` in a route."""
DeskOf = Annotated[Desk, Depends(desk)]
"""`desk: DeskOf` in a route."""


async def require_form_token(request: Request) -> None:
    """Refuse an unsafe request of a session without the token that only this session's pages hold.

    It stands in the field `csrf` of a form, or in the header X-CSRF-Token. A request that came in by a bearer token has no
    session, and no browser sends such a token by itself.
    """
    expected = getattr(request.state, "csrf", None)
    if request.method in SAFE or expected is None:
        return
    found = request.headers.get(CSRF_HEADER)
    if found is None and request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        field = (await request.form()).get("csrf")
        found = field if isinstance(field, str) else None
    if found is None or not secret.same(found, expected):
        raise Forbidden(
            "The form is from another session, or an old one. Nothing was done.",
            hint="Go back, reload the page and send it again.",
        )
