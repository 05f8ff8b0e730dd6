"""Who may do what: identity (who a login says somebody is) + rules of guard.yaml -> person (role and things of their own). Pure.

A viewer reads. An owner also gives words on things whose owner, as the guard found it, is one of the owner names that the rules
give them. An operator gives every word. Whom no rule names may not even read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do, least first."""

    VIEWER = "viewer"
    OWNER = "owner"
    OPERATOR = "operator"


class Login(StrEnum):
    """How people prove who they are."""

    LINK = "link"
    OIDC = "oidc"
    IAP = "iap"


EVERYBODY = "*"
"""Whoever has signed in. guard.yaml cannot say it; it stands where IAP's own list of people decides who comes in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a login says that somebody is. `email` is empty unless the provider says that it has verified it."""

    login: Login
    name: str
    email: str = ""
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """Entries by role, and owner names by entry. An entry is an e-mail address, `*@DOMAIN`, a group's name, or EVERYBODY."""

    roles: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who was let in. `via` says from where, for the audit: `session 1a2b3c4d` or `token ci`."""

    name: str
    role: Role
    owns: frozenset[str]
    via: str

    def may_speak_on(self, owner: str | None) -> bool:
        """True where their word on a thing of this owner counts."""
        return self.role is Role.OPERATOR or (self.role is Role.OWNER and owner is not None and owner in self.owns)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """How the page is reached and who comes in; `web:` of guard.yaml."""

    login: Login = Login.LINK
    host: str = "127.0.0.1"
    port: int = 9465
    public_url: str | None = None  # the address that people type; its scheme decides whether cookies are https-only
    session_length: timedelta = timedelta(hours=12)
    session_idle: timedelta = timedelta(hours=2)
    issuer: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    groups_claim: str = "groups"
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    audience: str = ""
    keys_url: str = "https://www.gstatic.com/iap/verify/public_key"
    access: AccessRules = field(default_factory=AccessRules)


def person_of(identity: Identity, rules: AccessRules, *, via: str) -> Person | None:
    """The person behind an identity with the highest role that names them, or None where none does.

    A one-time link was read off the machine that the guard runs on: whoever can do that may give every word there already.
    """
    if identity.login is Login.LINK:
        return Person(name=identity.name, role=Role.OPERATOR, owns=frozenset(), via=via)
    found = next((role for role in reversed(Role) if _names(rules.roles.get(role, ()), identity)), None)
    if found is None:
        return None
    owns = {name for entry, names in rules.owners.items() if _names((entry,), identity) for name in names}
    return Person(
        name=identity.name, role=found, owns=frozenset(owns | ({identity.email} if identity.email else set())), via=via
    )


def _names(entries: Collection[str], identity: Identity) -> bool:
    """True where one of the entries is about this identity. E-mail addresses are compared without regard to case."""
    email = identity.email.casefold()
    for entry in entries:
        if entry == EVERYBODY or entry in identity.groups:
            return True
        if "@" not in email:
            continue
        if entry.startswith("*@") and email.rpartition("@")[2] == entry[2:].casefold():
            return True
        if "@" in entry and entry.casefold() == email:
            return True
    return False
