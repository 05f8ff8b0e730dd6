"""The OpenID provider: where it sends people, and who its signed answer says they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from guard.core.access import DoorSettings, Identity, Login
from guard.ports.errors import Forbidden, Malformed, Unavailable

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384")
"""Signatures by a public key only: an answer signed with `none`, or with the client's own secret, proves nothing."""
LEEWAY_S = 60
"""Between the provider's clock and ours."""
TIMEOUT_S = 10.0


class Provider:
    """One issuer, as guard.yaml names it. Reads its description when it is first needed, its keys again when one is new.

    Raises Unavailable where it does not answer, Malformed where its description is not one, Forbidden for an answer that does
    not hold.
    """

    def __init__(self, settings: DoorSettings, redirect_uri: str) -> None:
        self._settings = settings
        self._redirect_uri = redirect_uri
        self._lock = Lock()
        self._metadata: Mapping[str, Any] | None = None
        self._keys: Mapping[str, Any] | None = None

    def authorization_url(self, *, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in."""
        metadata = self._described()
        with self._client() as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        return str(url)

    def identity(self, *, code: str, verifier: str, nonce: str, now: datetime) -> Identity:
        """Change the code for the provider's signed word, check it, and say who it is about."""
        from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]  # the library ships no types
        from httpx import HTTPError

        metadata = self._described()
        try:
            with self._client() as client:
                token = client.fetch_token(metadata["token_endpoint"], code=code, code_verifier=verifier)
        except OAuthError as error:
            raise Forbidden(f"The provider refused the sign-in: {error.error}.", hint="Sign in again.") from error
        except (HTTPError, ValueError) as error:
            raise self._unreachable(error) from error
        claims = self._checked(str(token.get("id_token", "")), nonce, now)
        verified = claims.get("email_verified") in {True, "true"}
        email = str(claims.get("email", "")) if verified else ""
        groups = claims.get(self._settings.groups_claim, [])
        return Identity(
            login=Login.OIDC,
            # A name or an unverified address is what somebody typed themselves: it must not stand in the audit.
            name=email or str(claims["sub"]),
            email=email,
            groups=frozenset(map(str, groups)) if isinstance(groups, list) else frozenset(),
        )

    def _checked(self, id_token: str, nonce: str, now: datetime) -> Mapping[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        settings = self._settings
        rules = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            try:
                claims = jwt.decode(
                    id_token, KeySet.import_key_set(self._key_set()), algorithms=list(ALGORITHMS)
                ).claims
            except (JoseError, ValueError):
                # The provider may have changed its keys since they were read.
                claims = jwt.decode(
                    id_token, KeySet.import_key_set(self._key_set(again=True)), algorithms=list(ALGORITHMS)
                ).claims
            rules.validate(claims)
        except (JoseError, ValueError) as error:
            raise Forbidden(
                f"The provider's answer does not hold ({type(error).__name__}).", hint="Sign in again."
            ) from error
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != settings.client_id:
            raise Forbidden("The provider's answer is for another application.", hint="Sign in again.")
        return dict(claims)

    def _described(self) -> Mapping[str, Any]:
        with self._lock:
            if self._metadata is None:
                found = self._get(f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration")
                missing = [
                    name
                    for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
                    if not isinstance(found.get(name), str)
                ]
                if missing or found["issuer"] != self._settings.issuer:
                    what = f"lacks {missing[0]}" if missing else f"says it is {found['issuer']!r}"
                    raise Malformed(
                        f"The provider's description {what}; web.issuer is {self._settings.issuer!r}.",
                        hint="Write the issuer exactly as the provider does, with or without a slash at its end.",
                    )
                self._metadata = found
            return self._metadata

    def _key_set(self, *, again: bool = False) -> Any:
        metadata = self._described()
        with self._lock:
            if self._keys is None or again:
                self._keys = self._get(str(metadata["jwks_uri"]))
            return self._keys

    def _get(self, url: str) -> Mapping[str, Any]:
        import httpx

        try:
            response = httpx.get(url, timeout=TIMEOUT_S, follow_redirects=False)
            response.raise_for_status()
            found = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise self._unreachable(error) from error
        if not isinstance(found, dict):
            raise Malformed(f"{url} is not the JSON document that was expected.")
        return found

    def _client(self) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]  # the library ships no types

        return OAuth2Client(
            client_id=self._settings.client_id,
            client_secret=self._settings.client_secret or None,
            token_endpoint_auth_method="client_secret_basic" if self._settings.client_secret else "none",
            scope=" ".join(self._settings.scopes),
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
        )

    def _unreachable(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"The sign-in provider {self._settings.issuer} does not answer ({type(error).__name__}).",
            hint="Try again; if it lasts, check web.issuer in guard.yaml.",
        )
