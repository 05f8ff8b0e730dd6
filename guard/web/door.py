"""The door: every request passes here first. Whatever is not open needs a session, whatever changes something a role.

Written as a wrapper around the whole application, so that a new route is shut until somebody signs in, whoever adds it.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guard.core.access import Login, Person, Role
from guard.ports.errors import GuardError
from guard.telemetry import events, logging
from guard.web import secret, sessions
from guard.web.addresses import Addresses, path_of
from guard.web.asking import SAFE
from guard.web.headers import security_headers
from guard.web.house import House
from guard.web.login.iap import Assertions
from guard.web.refusals import refuse, status_of
from guard.web.rendering import Rendering

PROBES = frozenset({"/livez", "/readyz"})
OPEN = frozenset({*PROBES, "/favicon.ico", "/login", "/login/link", "/login/oidc", "/login/callback"})
"""What answers without a session: two probes, the ways in, and (`STATIC`) files that are in the source anyway."""
STATIC = "/static/"
API = "/api/"
LOGOUT = "/logout"
LIVE = "/live"
"""What an open page asks every few seconds."""
TOKEN_TOUCH_EVERY = timedelta(minutes=1)

log = logging.get()


@dataclass(frozen=True, slots=True)
class Door:
    """ASGI wrapper. `inner` is the application; `assertions` checks IAP's header where people come in that way."""

    inner: ASGIApp
    _: KW_ONLY
    house: House
    addresses: Addresses
    rendering: Rendering
    assertions: Assertions | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.inner(scope, receive, send)
            return
        request = Request(scope, receive)
        extra = security_headers(secure=self.addresses.secure)

        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in extra.items():
                    headers.setdefault(name, value)
                for cookie in scope.get("tuneguard.cookies", ()):
                    headers.append("set-cookie", cookie)
            await send(message)

        answer = self._wrong_address(request) or self._foreign_form(request)
        if answer is None and not is_open(path_of(request)):
            answer = await run_in_threadpool(self._admit, request)
        try:
            await (answer or self.inner)(scope, receive, send_with_headers)
        except Exception as error:
            log.exception(events.REQUEST_FAILED, path=path_of(request), detail=type(error).__name__)
            if begun:
                raise
            await self._refuse(
                request,
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "Something in the page itself is wrong. The daemon is another process and goes on.",
                "It stands in the page's log; please report it.",
            )(scope, receive, send_with_headers)

    def _wrong_address(self, request: Request) -> Response | None:
        """Refuse another Host: a name that leads here and is not ours is how a foreign page would read this one."""
        host = request.headers.get("host", "")
        if host.casefold() in self.addresses.hosts or path_of(request) in PROBES:
            return None
        return self._refuse(
            request,
            HTTPStatus.MISDIRECTED_REQUEST,
            f"This page does not answer as {host[:100]!r}.",
            f"Open it at {self.addresses.url}; the address stands under web.public_url in guard.yaml.",
        )

    def _foreign_form(self, request: Request) -> Response | None:
        """Refuse an unsafe request that another site's page sends. The API takes no cookies, so nothing is sent in its stead."""
        if request.method in SAFE or path_of(request).startswith(API):
            return None
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        ours = origin in self.addresses.origins if origin is not None else site == "same-origin"
        if ours and site in {None, "same-origin"}:
            return None
        return self._refuse(
            request,
            HTTPStatus.FORBIDDEN,
            "The form was not sent from this page. Nothing was done.",
            f"Open {self.addresses.url} and send it from there.",
        )

    def _admit(self, request: Request) -> Response | None:
        """Find out who asks; returns None to let them in, else the answer."""
        try:
            if path_of(request).startswith(API):
                return self._admit_machine(request)
            return self._admit_person(request)
        except GuardError as error:
            return self._refuse(request, status_of(error), error.message, error.hint)

    def _admit_machine(self, request: Request) -> Response | None:
        """By a bearer token alone: a session's cookie opens nothing here."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        found = self.house.book.token(secret.digest(token)) if kind.casefold() == "bearer" and token else None
        now = self.house.now()
        if found is None or not found.works(now):
            what = "No token came with the request." if not token else "The token is unknown, revoked or expired."
            answer = self._refuse(
                request,
                HTTPStatus.UNAUTHORIZED,
                what,
                "Send `Authorization: Bearer TOKEN`; `tuneguard token create` makes one.",
            )
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        if found.used_at is None or now - found.used_at >= TOKEN_TOUCH_EVERY:
            self.house.book.touch_token(found.digest, now)
        name = f"token {found.name}"
        return self._enter(request, Person(name=name, role=found.role, owns=found.owns, via=name))

    def _admit_person(self, request: Request) -> Response | None:
        signed_in = sessions.find(
            self.house,
            request.cookies.get(self.addresses.session_cookie),
            touch=not _by_itself(request),
        )
        if self.assertions is not None:
            signed_in = self._asserted(request, signed_in)
        if signed_in is None:
            return self._sign_in(request)
        request.state.csrf = signed_in.csrf
        request.state.session = signed_in.session
        if signed_in.person is None:
            if path_of(request) == LOGOUT:
                return None
            who = signed_in.session.identity
            return self._refuse(
                request,
                HTTPStatus.FORBIDDEN,
                f"You are signed in as {who.email or who.name}, and no role names you.",
                "Ask whoever keeps guard.yaml to name you, or a group of yours, under web.roles.",
            )
        return self._enter(request, signed_in.person)

    def _asserted(self, request: Request, signed_in: sessions.SignedIn | None) -> sessions.SignedIn | None:
        """With IAP each request must prove itself; the session only carries the form's token and its name in the audit."""
        assert self.assertions is not None  # noqa: S101  # the caller has looked
        identity = self.assertions.identity(request.headers)
        if identity is None:
            return None
        if signed_in is not None and signed_in.session.identity == identity:
            return signed_in
        signed_in = sessions.begin(self.house, identity, before=request.cookies.get(self.addresses.session_cookie))
        carrier = Response()
        sessions.set_cookie(
            carrier,
            self.addresses,
            self.addresses.session_cookie,
            signed_in.secret,
            self.house.settings.session_length,
        )
        request.scope["tuneguard.cookies"] = carrier.headers.getlist("set-cookie")
        return signed_in

    def _enter(self, request: Request, person: Person) -> Response | None:
        if person.role is Role.VIEWER and request.method not in SAFE and path_of(request) != LOGOUT:
            return self._refuse(
                request,
                HTTPStatus.FORBIDDEN,
                f"{person.name} is a viewer: a viewer reads. Nothing was done.",
                "Ask an operator, or the thing's owner; roles stand under web.roles in guard.yaml.",
            )
        request.state.person = person
        return None

    def _sign_in(self, request: Request) -> Response:
        """Lead a browser that opens a page to the login; tell everybody else that there is no session."""
        navigates = request.headers.get("sec-fetch-mode", "navigate") == "navigate"
        if request.method in SAFE and navigates and "text/html" in request.headers.get("accept", ""):
            # As it was asked for: a decoded `%2F` would lead to another thing, or to none.
            wanted: bytes = request.scope["raw_path"]
            if request.scope["query_string"]:
                wanted += b"?" + request.scope["query_string"]
            return RedirectResponse(f"/login?next={quote(wanted, safe='')}", HTTPStatus.SEE_OTHER)
        done = "" if request.method in SAFE else " Nothing was done."
        hint = (
            "Open the page through the Identity-Aware Proxy."
            if self.house.settings.login is Login.IAP
            else "Sign in at /login."
        )
        return self._refuse(request, HTTPStatus.UNAUTHORIZED, f"There is no session, or it has ended.{done}", hint)

    def _refuse(self, request: Request, status: int, detail: str, hint: str) -> Response:
        return refuse(self.rendering, request, status, detail, hint=hint)


def is_open(path: str) -> bool:
    """True for what answers without a session."""
    return path in OPEN or path.startswith(STATIC)


def _by_itself(request: Request) -> bool:
    """True for what an open page fetches although nobody touched it: that keeps no session alive."""
    return path_of(request) == LIVE or request.headers.get("hx-trigger") == "content"
