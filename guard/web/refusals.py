"""Errors as answers: a page for people, `application/problem+json` for programs; what was found and what to do, no traceback."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from guard.ports.errors import (
    Forbidden,
    GuardError,
    NotFoundByName,
    NotSignedIn,
    NotUnderstood,
    RateLimited,
    Refused,
    RetryLater,
)
from guard.web.addresses import path_of
from guard.web.rendering import Rendering

STATUS: tuple[tuple[type[GuardError], int], ...] = (
    (NotFoundByName, HTTPStatus.NOT_FOUND),
    (NotUnderstood, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotSignedIn, HTTPStatus.UNAUTHORIZED),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (RateLimited, HTTPStatus.TOO_MANY_REQUESTS),
    (Refused, HTTPStatus.CONFLICT),
    (RetryLater, HTTPStatus.SERVICE_UNAVAILABLE),
    (GuardError, HTTPStatus.SERVICE_UNAVAILABLE),
)
"""The first that fits."""


def status_of(error: GuardError) -> int:
    """The HTTP status of an error of ours."""
    return next(int(status) for kind, status in STATUS if isinstance(error, kind))


def refuse(
    rendering: Rendering, request: Request, status: int, detail: str, *, hint: str = "", code: str = ""
) -> Response:
    """Answer that something is not done, in the form that the asker reads; `code` is the name of an error of ours."""
    if wants_json(request):
        body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
        return JSONResponse(
            body | {key: value for key, value in (("hint", hint), ("code", code)) if value},
            status_code=status,
            media_type="application/problem+json",
            headers={"Cache-Control": "no-store"},
        )
    context = {
        "status": status,
        "title": _TITLES.get(status, HTTPStatus(status).phrase),
        "detail": detail,
        "hint": hint,
    }
    return rendering.render(request, "door/refused.html", context, status=status, framed=False)


def wants_json(request: Request) -> bool:
    """True for the API and for whoever asks for JSON and not for a page."""
    accept = request.headers.get("accept", "")
    return path_of(request).startswith("/api/") or ("json" in accept and "html" not in accept)


_TITLES: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "That cannot be read",
    HTTPStatus.UNAUTHORIZED: "You are not signed in",
    HTTPStatus.FORBIDDEN: "That was refused",
    HTTPStatus.NOT_FOUND: "There is nothing here",
    HTTPStatus.CONFLICT: "That was not done",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That is too much at once",
    HTTPStatus.TOO_MANY_REQUESTS: "That was too often",
    HTTPStatus.SERVICE_UNAVAILABLE: "That cannot be told right now",
}
