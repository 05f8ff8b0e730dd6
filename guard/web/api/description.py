"""The API's own description: OpenAPI 3.1, made from the routes."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.openapi.utils import get_openapi

from guard.web.api.answering import PREFIX, Problem, answer

router = APIRouter(prefix=PREFIX)

ABOUT = """Everything that the page and the command line show and take, as JSON. Send `Authorization: Bearer TOKEN`
(`tuneguard token create` makes one). A viewer's token reads, an owner's speaks on its own things, an operator's on all.

Money is `{amount, currency}` with the amount as exact text; instants are ISO 8601 in UTC; durations are hours. Nothing is changed
by GET. A word that gets no answer may have been heard: look before you say it again."""


@router.get("/openapi.json", include_in_schema=False)
def openapi() -> Response:
    """This API as an OpenAPI document."""
    return answer(described())


@cache
def described() -> dict[str, Any]:
    """Describe the routes of the API; pages are none of them."""
    from guard.web.api import router as routes  # it includes this module's own

    app = FastAPI()
    app.include_router(routes)
    document = get_openapi(title="Tuneguard", version="1", description=ABOUT, routes=app.routes)
    schemas = document["components"]["schemas"]
    schemas["Problem"] = Problem.model_json_schema()
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}]
    return document
