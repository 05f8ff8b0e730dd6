"""An OpenID provider in small: description, authorization code with PKCE, tokens signed by RS256, keys.

`/authorize` asks who you are and believes it; with `email` in its address it answers at once, which is what tests do.
"""

import base64
import hashlib
import html
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from guard.sandbox.clock import machine_seconds
from guard.sandbox.login.keys import keys_of
from guard.sandbox.world import World

PATH: Final = "/sandbox/login"
LASTS_S: Final = 300
_CODES: Final = "login_codes"
_FORM: Final = """<!doctype html><html lang="en"><title>Sandbox sign-in</title><h1>Sandbox sign-in</h1>
<p>Nobody checks who you are here. Who shall it be?</p><form>{hidden}
<p><label>E-mail address <input name="email" value="ada@example.com"></label>
<p><label>Groups, with commas <input name="groups" value="platform"></label>
<p><button>Sign in</button></form></html>"""


@dataclass(frozen=True, slots=True)
class _Code:
    asked: Mapping[str, str]


def routes(world: World) -> list[BaseRoute]:
    """The provider's four addresses."""

    async def describe(request: Request) -> Response:
        issuer = _issuer(request)
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def authorize(request: Request) -> Response:
        asked = dict(request.query_params)
        missing = [name for name in ("client_id", "redirect_uri", "state", "code_challenge") if not asked.get(name)]
        if missing or asked.get("code_challenge_method") != "S256" or asked.get("response_type") != "code":
            return HTMLResponse(f"invalid_request: {missing or 'code with S256 is expected'}", status_code=400)
        if "email" not in asked:
            hidden = "".join(
                f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
                for name, value in asked.items()
            )
            return HTMLResponse(_FORM.format(hidden=hidden))
        back = asked["redirect_uri"]
        if asked["email"] == "nobody":
            return RedirectResponse(f"{back}?{urlencode({'error': 'access_denied', 'state': asked['state']})}", 302)
        code = secrets.token_urlsafe(24)
        with world.lock:
            world.settings.setdefault(_CODES, {})[code] = _Code(asked)
        return RedirectResponse(f"{back}?{urlencode({'code': code, 'state': asked['state']})}", 302)

    async def token(request: Request) -> Response:
        form = {key: value for key, value in (await request.form()).items() if isinstance(value, str)}
        with world.lock:
            code: _Code | None = world.settings.setdefault(_CODES, {}).pop(form.get("code", ""), None)
            if code is None or not _fits(code.asked, form, _client_id(request, form)):
                return JSONResponse({"error": "invalid_grant"}, status_code=400)
            claims = _claims(_issuer(request), code.asked)
            signed = keys_of(world).rsa_signed(claims)
        if code.asked.get("lie") == "signature":
            signed = f"{signed[:-8]}AAAAAAAA"
        return JSONResponse({"access_token": "none", "token_type": "Bearer", "expires_in": LASTS_S, "id_token": signed})

    async def jwks(_request: Request) -> Response:
        with world.lock:
            return JSONResponse(keys_of(world).jwks)

    return [
        Route(f"{PATH}/.well-known/openid-configuration", describe, methods=["GET"]),
        Route(f"{PATH}/authorize", authorize, methods=["GET"]),
        Route(f"{PATH}/token", token, methods=["POST"]),
        Route(f"{PATH}/jwks", jwks, methods=["GET"]),
    ]


def _issuer(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers['host']}{PATH}"


def _client_id(request: Request, form: Mapping[str, str]) -> str:
    """Who asks, by the header of a client with a secret, or by the form of one without."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id", "")
    return unquote(base64.b64decode(given).decode().partition(":")[0])


def _fits(asked: Mapping[str, str], form: Mapping[str, str], client_id: str) -> bool:
    """True where the code is redeemed by whoever asked for it, with the verifier of its challenge (RFC 7636)."""
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return (
        form.get("grant_type") == "authorization_code"
        and challenge == asked["code_challenge"]
        and form.get("redirect_uri") == asked["redirect_uri"]
        and client_id == asked["client_id"]
    )


def _claims(issuer: str, asked: Mapping[str, str]) -> dict[str, Any]:
    now = machine_seconds()
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": asked["client_id"],
        "sub": hashlib.sha256(asked["email"].encode()).hexdigest()[:20],
        "email": asked["email"],
        "email_verified": asked.get("verified", "true") == "true",
        "groups": [group.strip() for group in asked.get("groups", "").split(",") if group.strip()],
        "nonce": asked.get("nonce", ""),
        "iat": now,
        "exp": now + LASTS_S,
    }
    lies: dict[str, Any] = {
        "aud": "another-client",
        "iss": "https://elsewhere.example.com",
        "nonce": "another-login",
        "exp": now - LASTS_S,
    }
    lie = asked.get("lie", "")
    return claims | ({lie: lies[lie]} if lie in lies else {})
