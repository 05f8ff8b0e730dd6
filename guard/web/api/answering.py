"""How every route answers: the desk's document as it is, and refusals as `application/problem+json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

PREFIX = "/api/v1"
SCHEMA_VERSION = 1


class Problem(BaseModel):
    """Why something was not done, after RFC 9457: what was found (`detail`) and what to do (`hint`)."""

    type: str = Field(description="about:blank: `title` and `status` say which kind it is.")
    title: str
    status: int
    detail: str = Field(description="What was found, in one or two sentences.")
    hint: str = Field("", description="What to do about it; may be left out.")
    code: str = Field("", description="The error's name in the guard, such as NotFoundByName; may be left out.")


class Document(BaseModel):
    """What every answer has. Further fields may be added in any version; none goes without a new version of the API."""

    model_config = ConfigDict(extra="allow")

    schema_version: int
    now: str = Field(description="Domain time of the asking, ISO 8601, UTC.", json_schema_extra={"format": "date-time"})


class Looked(Document):
    """An answer that rests on a look at the platform."""

    taken_at: str | None = Field(description="When the look was taken; null where nobody has looked yet.")


class Body(BaseModel):
    """A word's arguments; an unknown one is refused."""

    model_config = ConfigDict(extra="forbid")


class Asked(BaseModel):
    """A question's arguments; an unknown one is refused, so that a misspelt filter does not pass for none."""

    model_config = ConfigDict(extra="forbid")


def _problem(what: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": what, "content": {"application/problem+json": {"schema": schema}}}


READ_REFUSALS: dict[int | str, dict[str, Any]] = {
    HTTPStatus.BAD_REQUEST: _problem("The request cannot be read."),
    HTTPStatus.UNAUTHORIZED: _problem("No token, or one that is unknown, revoked or expired."),
    HTTPStatus.NOT_FOUND: _problem("The name means nothing, or several things (they are listed)."),
    HTTPStatus.UNPROCESSABLE_ENTITY: _problem("An argument is not understood."),
    HTTPStatus.SERVICE_UNAVAILABLE: _problem("It cannot be told now: the ledger or guard.yaml cannot be used."),
}
WORD_REFUSALS: dict[int | str, dict[str, Any]] = READ_REFUSALS | {
    HTTPStatus.FORBIDDEN: _problem("The token's role does not allow it."),
    HTTPStatus.CONFLICT: _problem("The word cannot be taken; nothing was done."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _problem("More was sent than a word needs."),
    HTTPStatus.TOO_MANY_REQUESTS: _problem("Too many words in a minute."),
}


def answer(document: Mapping[str, Any]) -> Response:
    """Send a document of the desk, unchanged: it is not checked against the model on the way, the tests do that."""
    body = json.dumps({"schema_version": SCHEMA_VERSION, **document}, separators=(",", ":"), ensure_ascii=False)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})
