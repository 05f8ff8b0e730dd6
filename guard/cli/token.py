"""`tuneguard token`: tokens with which machines use the API."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.common import COMMON, Common, ago, emit_json, say, table, when
from guard.cli.common import who as speaker
from guard.core.access import Role
from guard.ports.door import ApiToken
from guard.ports.errors import ConfigInvalid, NotFoundByName

app = App(name="token", help="Tokens with which machines use the API: create, list, revoke.")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


@app.command
def create(
    name: Annotated[str, Parameter(help="What uses it, such as ci; the audit names it.")],
    /,
    *,
    role: Annotated[Role, Parameter(help="What it may do.")] = Role.VIEWER,
    owner: Annotated[
        tuple[str, ...],
        Parameter(negative="", show_default=False, help="With role owner: whose things are its own; may be repeated."),
    ] = (),
    expires: Annotated[str, Parameter(help="How long it works: 90d, 12h, or never.")] = "90d",
    by: Annotated[str | None, Parameter(name="--who", help="Who makes it; default: your user name.")] = None,
    common: Common = COMMON,
) -> None:
    """Make a token and print it, this once: the ledger keeps a digest only."""
    from guard.web import secret
    from guard.web.auditing import Auditing
    from guard.wiring.web import book_of

    if not _NAME.fullmatch(name):
        raise ConfigInvalid(
            f"found the name {name!r}. Expected small letters, digits, dots, dashes; at most 63.",
            hint="Such as ci or nightly-report.",
        )
    if (role is Role.OWNER) != bool(owner):
        raise ConfigInvalid(
            f"found role {role.value} {'with' if owner else 'without'} --owner. Expected --owner with role owner, and only there.",
            hint="--role owner --owner NAME, as the thing's owner label has it.",
        )
    lasts = _lasts(expires)
    with book_of(common.path) as (book, now, _):
        maker = speaker(by)
        value = f"tgt_{secret.fresh()}"
        token = ApiToken(
            name=name,
            digest=secret.digest(value),
            role=role,
            owns=frozenset(owner),
            made_by=maker,
            made_at=now,
            expires_at=now + lasts if lasts else None,
        )
        if not book.add_token(token):
            raise ConfigInvalid(
                f"found the name {name!r}, which a token had before: the audit could not tell the two apart.",
                hint="Give another name; `tuneguard token list` shows those there are.",
            )
        Auditing(book=book, now=lambda: now).happened(
            who=maker, via="command line", what="token.create", detail=f"{name}: {role.value}"
        )
    if common.as_json:
        emit_json({**_document(token), "token": value})
        return
    say("Token {name}, {role}, works {until}. It is shown this once:", name=name, role=role.value, until=_until(token))
    say("{value}", value=value)


@app.command(name="list")
def list_(*, common: Common = COMMON) -> None:
    """Show every token that was ever made, without its secret."""
    from guard.wiring.web import book_of

    with book_of(common.path) as (book, now, _):
        tokens = book.tokens()
    if common.as_json:
        emit_json({"tokens": [{**_document(token), "works": token.works(now)} for token in tokens]})
        return
    if not tokens:
        say("There is no token. `tuneguard token create NAME` makes one.")
        return
    rows = [
        (
            token.name,
            " ".join([token.role.value, *sorted(token.owns)]),
            token.made_by,
            ago(token.used_at, now),
            _state(token, now),
        )
        for token in tokens
    ]
    table(["token", "role", "made by", "last used", "works"], rows)


@app.command
def revoke(
    name: Annotated[str, Parameter(help="The token's name.")],
    /,
    *,
    by: Annotated[str | None, Parameter(name="--who", help="Who revokes it; default: your user name.")] = None,
    common: Common = COMMON,
) -> None:
    """End a token at once."""
    from guard.web.auditing import Auditing
    from guard.wiring.web import book_of

    with book_of(common.path) as (book, now, _):
        who = speaker(by)
        if not book.revoke_token(name, who, now):
            raise NotFoundByName(
                f"There is no token {name!r}, or it was revoked already.", hint="`tuneguard token list` shows them."
            )
        Auditing(book=book, now=lambda: now).happened(who=who, via="command line", what="token.revoke", detail=name)
    if common.as_json:
        emit_json({"name": name, "revoked_by": who, "revoked_at": now})
    else:
        say("Token {name} is revoked: it opens nothing any more.", name=name)


def _lasts(text: str) -> timedelta | None:
    from guard.config import values

    if text == "never":
        return None
    try:
        return values.duration(text)
    except ValueError as error:
        raise ConfigInvalid(f'--expires: {error}, or "never".') from None


def _document(token: ApiToken) -> dict[str, object]:
    return {
        "name": token.name,
        "role": token.role.value,
        "owns": sorted(token.owns),
        "made_by": token.made_by,
        "made_at": token.made_at,
        "expires_at": token.expires_at,
        "used_at": token.used_at,
        "revoked_at": token.revoked_at,
        "revoked_by": token.revoked_by,
    }


def _until(token: ApiToken) -> str:
    return f"until {when(token.expires_at)}" if token.expires_at else "until it is revoked"


def _state(token: ApiToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return f"revoked by {token.revoked_by}"
    return _until(token) if token.works(now) else "expired"
