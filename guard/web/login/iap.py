"""Google's Identity-Aware Proxy: the signed header of each request, checked against IAP's own keys for our audience.

The plain header X-Goog-Authenticated-User-Email is never read: whoever reaches the server past the proxy can write it.
Source: cloud.google.com/iap/docs/signed-headers-howto, read 2026-11-25.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from guard.core.access import Identity, Login
from guard.ports.errors import NotSignedIn, Unavailable

HEADER = "x-goog-iap-jwt-assertion"
ISSUER = "https://cloud.google.com/iap"
SKEW_S = 30
"""What the page of the source allows between the clocks."""
KEYS_LAST_S = 3600.0
KEYS_AGAIN_S = 60.0
"""A key that is not known makes us read them anew, but not more often than this: anybody can name a key."""
TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    data: bytes
    headers: Mapping[str, str]


@dataclass(slots=True)
class Assertions:
    """Checks the header. `audience` is this very backend's; one that was signed for another backend does not hold."""

    audience: str
    keys_url: str
    monotonic: Callable[[], float]
    _keys: _Answer | None = None
    _read_at: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def identity(self, headers: Mapping[str, str]) -> Identity | None:
        """Who the proxy says it is; None without its header.

        Raises NotSignedIn where the header does not hold, Unavailable where IAP's keys cannot be read.
        """
        assertion = headers.get(HEADER)
        if not assertion:
            return None
        claims = self._verified(assertion)
        email = str(claims.get("email", ""))
        if claims.get("iss") != ISSUER or not email or "gcip" in claims:
            # With external identities ("gcip") the address is whatever their provider says, verified or not.
            raise NotSignedIn("The proxy's word names no Google account.", hint="Sign in with one.")
        return Identity(login=Login.IAP, name=email, email=email)

    def _verified(self, assertion: str) -> Mapping[str, Any]:
        from google.auth import exceptions, jwt
        from google.oauth2.id_token import verify_token

        try:
            self._know(_key_id(jwt.decode_header(assertion)))
            found: Mapping[str, Any] = verify_token(
                assertion,
                lambda *_, **__: self._keys,
                audience=self.audience,
                certs_url=self.keys_url,
                clock_skew_in_seconds=SKEW_S,
            )
        except (ValueError, exceptions.GoogleAuthError) as error:
            raise NotSignedIn(
                f"The proxy's word does not hold: {str(error)[:200]}",
                hint="Open the page through the Identity-Aware Proxy; web.audience in guard.yaml has to be this backend's.",
            ) from error
        return found

    def _know(self, kid: str) -> None:
        """Have IAP's keys at hand, read anew when they are old or this one is not among them."""
        import httpx

        with self._lock:
            age = self.monotonic() - self._read_at
            known = self._keys is not None and kid.encode() in self._keys.data
            if self._keys is not None and age < (KEYS_LAST_S if known else KEYS_AGAIN_S):
                return
            try:
                answer = httpx.get(self.keys_url, timeout=TIMEOUT_S, follow_redirects=False)
                answer.raise_for_status()
            except httpx.HTTPError as error:
                if known:
                    return  # the hour-old keys are good until they can be read again
                raise Unavailable(
                    f"The proxy's keys cannot be read at {self.keys_url} ({type(error).__name__})."
                ) from error
            self._keys = _Answer(200, answer.content, {})
            self._read_at = self.monotonic()


def _key_id(header: Mapping[str, Any]) -> str:
    """The key that a word is signed with; raises ValueError for another algorithm than IAP's."""
    if header.get("alg") != "ES256":
        raise ValueError("it is signed with another algorithm than ES256")
    return str(header.get("kid"))
