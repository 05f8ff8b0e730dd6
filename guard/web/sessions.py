"""Sessions: the cookie holds a random secret, the ledger its digest and who it is; nothing else is trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from guard.core.access import Identity, Person, person_of
from guard.ports.door import Session
from guard.web import secret
from guard.web.addresses import Addresses
from guard.web.house import House

TOUCH_EVERY = timedelta(minutes=1)
"""`seen_at` is as exact as this: a write for every request would make page and daemon wait for each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session that holds, with the secret that its cookie brought. `person` None: no role names them."""

    session: Session
    secret: str
    person: Person | None

    @property
    def csrf(self) -> str:
        return secret.csrf_token(self.secret)


def find(house: House, cookie: str | None, *, touch: bool = True) -> SignedIn | None:
    """The session of a cookie; None where there is none, or it is over. The role is the one that guard.yaml gives today.

    `touch` False: the browser asks by itself, so it says nothing of whether somebody sits there.
    """
    if not cookie:
        return None
    now = house.now()
    session = house.book.session(secret.digest(cookie))
    if session is None or session.identity.login is not house.settings.login:
        return None
    if now >= session.ends_at or now - session.seen_at >= house.settings.session_idle:
        house.book.end_session(session.digest)
        return None
    if touch and now - session.seen_at >= TOUCH_EVERY:
        house.book.touch_session(session.digest, now)
    return _signed_in(house, session, cookie)


def begin(house: House, identity: Identity, *, before: str | None = None) -> SignedIn:
    """Make a session with a secret of its own; the one that the browser had before (its cookie) ends."""
    if before:
        house.book.end_session(secret.digest(before))
    cookie, now = secret.fresh(), house.now()
    session = Session(
        digest=secret.digest(cookie),
        identity=identity,
        made_at=now,
        seen_at=now,
        ends_at=now + house.settings.session_length,
    )
    house.book.open_session(session)
    return _signed_in(house, session, cookie)


def via(session: Session) -> str:
    """How the audit names a session: by the first digits of its digest, which open nothing."""
    return f"session {session.digest[:8]}"


def set_cookie(response: Response, addresses: Addresses, name: str, value: str, lasts: timedelta) -> None:
    """Set one of the door's cookies: for this host alone, out of reach of scripts, not sent along from other sites' forms."""
    response.set_cookie(
        name,
        value,
        max_age=int(lasts.total_seconds()),
        path="/",
        secure=addresses.secure,
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, addresses: Addresses, name: str) -> None:
    """Make the browser forget one of the door's cookies."""
    response.delete_cookie(name, path="/", secure=addresses.secure, httponly=True, samesite="lax")


def _signed_in(house: House, session: Session, cookie: str) -> SignedIn:
    found = person_of(session.identity, house.settings.access, via=via(session))
    return SignedIn(session=session, secret=cookie, person=found)
