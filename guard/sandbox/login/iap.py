"""Identity-Aware Proxy of the sandbox: its public keys, and the header that it would send for a person.

Claims as in cloud.google.com/iap/docs/signed-headers-howto, read 2026-11-25.
"""

import json
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from guard.sandbox.clock import machine_seconds
from guard.sandbox.errors import ApiError
from guard.sandbox.login.keys import keys_of
from guard.sandbox.world import World

LASTS_S: Final = 600


def routes(world: World) -> list[BaseRoute]:
    """GET keys; POST sign with `email`, `audience` and, for what must be refused, `lie`."""

    async def keys(_request: Request) -> Response:
        with world.lock:
            return JSONResponse(keys_of(world).pems)

    async def sign(request: Request) -> Response:
        try:
            asked = json.loads(await request.body())
            email, audience = str(asked["email"]), str(asked["audience"])
        except (ValueError, KeyError, TypeError):
            return ApiError("INVALID_ARGUMENT", "expected JSON with email and audience").as_response()
        now = machine_seconds()
        claims = {
            "iss": "https://cloud.google.com/iap",
            "aud": audience,
            "sub": f"accounts.google.com:{email}",
            "email": email,
            "iat": now,
            "exp": now + LASTS_S,
        }
        match asked.get("lie"):
            case "exp":
                claims |= {"iat": now - 2 * LASTS_S, "exp": now - LASTS_S}
            case "iss":
                claims["iss"] = "https://elsewhere.example.com"
            case "alg":
                with world.lock:
                    return JSONResponse({"assertion": keys_of(world).rsa_signed(claims)})
            case _:
                pass
        with world.lock:
            return JSONResponse({"assertion": keys_of(world).ec_signed(claims)})

    return [
        Route("/sandbox/iap/keys", keys, methods=["GET"]),
        Route("/sandbox/iap/sign", sign, methods=["POST"]),
    ]
