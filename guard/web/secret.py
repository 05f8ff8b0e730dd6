"""Secrets of the door: made of 256 random bits, kept as digests, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def fresh() -> str:
    """A new secret: 43 characters that a URL and a cookie can hold."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a secret. A plain hash is enough: 256 random bits are beyond guessing, unlike a password."""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_token(session_secret: str) -> str:
    """What a form must bring to be believed: made from the session's secret, so no other site and no other session has it."""
    return hmac.digest(session_secret.encode(), b"tuneguard form", "sha256").hex()


def same(one: str, other: str) -> bool:
    """True for equal texts, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())
