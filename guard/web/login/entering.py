"""What every way in shares: how often one may try, the pages around it, and the session at its end."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from guard.core.access import Identity, Login
from guard.ports.errors import RateLimited
from guard.web import sessions
from guard.web.addresses import Addresses, local_path
from guard.web.auditing import Auditing
from guard.web.house import House
from guard.web.limits import Limits
from guard.web.rendering import Rendering

router = APIRouter()


@router.get("/login")
def login(request: Request, next: str = "/") -> Response:  # noqa: A002  # the parameter's name in the address
    """Say how to come in; with IAP one is in already, or has come a wrong way."""
    house: House = request.app.state.house
    if house.settings.login is Login.IAP:
        return RedirectResponse(local_path(next), HTTPStatus.SEE_OTHER)
    return entry_page(request, f"door/{house.settings.login.value}_login.html", {"next": local_path(next)})


@router.post("/logout")
def logout(request: Request) -> Response:
    """End the session here and in the ledger: its cookie, wherever it was copied to, opens nothing any more."""
    house: House = request.app.state.house
    addresses: Addresses = request.app.state.addresses
    session = request.state.session
    house.book.end_session(session.digest)
    Auditing(book=house.book, now=house.now).happened(
        who=session.identity.name, via=sessions.via(session), what="logout"
    )
    response = entry_page(request, "door/signed_out.html", {"iap": house.settings.login is Login.IAP})
    sessions.drop_cookie(response, addresses, addresses.session_cookie)
    return response


def enter(request: Request, identity: Identity, then: str) -> Response:
    """Begin a session with a fresh secret and go on; the session that the browser had before ends."""
    house: House = request.app.state.house
    addresses: Addresses = request.app.state.addresses
    signed_in = sessions.begin(house, identity, before=request.cookies.get(addresses.session_cookie))
    Auditing(book=house.book, now=house.now).happened(
        who=identity.name,
        via=sessions.via(signed_in.session),
        what="login",
        detail=f"{identity.login.value} from {_address(request)}",
    )
    response = RedirectResponse(local_path(then), HTTPStatus.SEE_OTHER)
    sessions.set_cookie(response, addresses, addresses.session_cookie, signed_in.secret, house.settings.session_length)
    return response


def may_try(request: Request) -> None:
    """Raise RateLimited where one address tries too often."""
    limits: Limits = request.app.state.limits
    if not limits.may_log_in(_address(request)):
        raise RateLimited("Too many tries to sign in from this address.", hint="Wait a minute, then try again.")


def entry_page(request: Request, template: str, context: Mapping[str, Any], *, status: int = 200) -> Response:
    """One of the door's own pages."""
    rendering: Rendering = request.app.state.rendering
    return rendering.render(request, template, context, status=status, framed=False)


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"
