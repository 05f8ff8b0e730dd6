"""The one-time link: whoever can read it off the guard's machine comes in as the user of that machine."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from guard.core.access import Identity, Login
from guard.ports.errors import Forbidden
from guard.web import secret
from guard.web.house import House
from guard.web.links import KIND
from guard.web.login.entering import enter, entry_page, may_try

router = APIRouter()


@router.get("/login/link")
def show(request: Request, key: str = "") -> Response:
    """Ask for a click: a link that acted when it is merely fetched would be used up by a preview of it."""
    return entry_page(request, "door/link.html", {"key": key})


@router.post("/login/link")
def use(request: Request, key: Annotated[str, Form()]) -> Response:
    """Use the link up and begin a session."""
    may_try(request)
    house: House = request.app.state.house
    taken = house.book.take_secret(KIND, secret.digest(key), house.now())
    if taken is None or house.settings.login is not Login.LINK:
        raise Forbidden(
            "The link was used already, or is over.",
            hint="`tuneguard web --link`, on the machine that the page runs on, prints a fresh one.",
        )
    return enter(request, Identity(login=Login.LINK, name=str(taken["name"])), "/")
