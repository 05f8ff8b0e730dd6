"""OpenID Connect: code flow with PKCE, state and nonce; the attempt is in the ledger, the browser holds its key in a cookie.

Source: OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3.7; RFC 9700 (best current practice), read 2026-11-25.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from guard.core.access import Login
from guard.ports.errors import Forbidden
from guard.web import secret, sessions
from guard.web.addresses import Addresses, local_path
from guard.web.house import House
from guard.web.login.entering import enter, may_try
from guard.web.login.provider import Provider

KIND = "oidc"
LASTS = timedelta(minutes=10)
"""For typing a password and a second factor at the provider."""

router = APIRouter()


@router.get("/login/oidc")
def begin(request: Request, next: str = "/") -> Response:  # noqa: A002  # the parameter's name in the address
    """Send the browser to the provider.

    By GET, because the policy `form-action 'self'` also stops a form that is redirected elsewhere. It changes nothing but an
    attempt that ends by itself.
    """
    may_try(request)
    house: House = request.app.state.house
    addresses: Addresses = request.app.state.addresses
    key, state, nonce, verifier = (secret.fresh() for _ in range(4))
    url = _provider(request).authorization_url(state=state, nonce=nonce, verifier=verifier)
    attempt = {"state": state, "nonce": nonce, "verifier": verifier, "next": local_path(next)}
    house.book.put_secret(KIND, secret.digest(key), attempt, house.now(), LASTS)
    response = RedirectResponse(url, HTTPStatus.SEE_OTHER)
    sessions.set_cookie(response, addresses, addresses.login_cookie, key, LASTS)
    return response


@router.get("/login/callback")
def callback(request: Request, state: str = "", code: str = "", error: str = "") -> Response:
    """Take what the provider sends back; only the browser that began the attempt can end it, and only once."""
    may_try(request)
    house: House = request.app.state.house
    addresses: Addresses = request.app.state.addresses
    provider = _provider(request)
    key = request.cookies.get(addresses.login_cookie, "")
    attempt = house.book.take_secret(KIND, secret.digest(key), house.now())
    if attempt is None or not secret.same(str(attempt["state"]), state):
        raise Forbidden(
            "This sign-in was not begun in this browser, or it is over.", hint="Open the page and sign in from there."
        )
    if error or not code:
        raise Forbidden(
            f"The provider did not sign you in ({error[:100] or 'it sent no code'}).",
            hint="Sign in again, or ask whoever keeps the provider whether you may use this application.",
        )
    identity = provider.identity(
        code=code, verifier=str(attempt["verifier"]), nonce=str(attempt["nonce"]), now=house.now()
    )
    response = enter(request, identity, str(attempt["next"]))
    sessions.drop_cookie(response, addresses, addresses.login_cookie)
    return response


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.app.state.provider
    if provider is None:
        house: House = request.app.state.house
        how = {Login.LINK: "a one-time link", Login.IAP: "the Identity-Aware Proxy"}.get(house.settings.login, "")
        raise Forbidden(f"Nobody signs in here by OpenID Connect, but by {how}.", hint="Open the page.")
    return provider
