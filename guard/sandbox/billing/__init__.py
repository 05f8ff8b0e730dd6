"""Cloud Billing of the sandbox: the price catalogue, `services.skus.list`, and the detailed usage cost export."""

import base64
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from guard.sandbox.billing import contract, export
from guard.sandbox.billing.catalogue import document
from guard.sandbox.billing.tariff import SERVICES, Sku, Tariff
from guard.sandbox.durations import parse_instant
from guard.sandbox.errors import ApiError, invalid
from guard.sandbox.frame import Target
from guard.sandbox.world import World

__all__ = ["Tariff", "classify", "routes"]

_PREFIX: Final = "/v1/services/"
_PAGE: Final = 5000
"""The API's default and largest page."""


def classify(verb: str, path: str) -> Target | None:
    """The list prices, and the account's own."""
    if verb == "GET" and path.startswith("/v1beta/billingAccounts/") and path.endswith("/prices"):
        return Target(
            service="cloudbilling", method="billingAccounts.skus.prices.list", resource=path.removeprefix("/v1beta/")
        )
    if verb != "GET" or not path.startswith(_PREFIX) or not path.endswith("/skus"):
        return None
    return Target(service="cloudbilling", method="services.skus.list", resource=path.removeprefix("/v1/"))


def routes(world: World) -> list[BaseRoute]:
    """GET /v1/services/{id}/skus, and the export as a handle of the sandbox's own: GET /sandbox/billing/export."""

    async def skus(request: Request) -> Response:
        try:
            with world.lock:
                return JSONResponse(_answer(world, request))
        except ApiError as error:
            return error.as_response()

    async def own_prices(request: Request) -> Response:
        try:
            with world.lock:
                return JSONResponse(contract.answer(world, request))
        except ApiError as error:
            return error.as_response()

    async def exported(request: Request) -> Response:
        try:
            with world.lock:
                return PlainTextResponse(_export(world, request))
        except ApiError as error:
            return error.as_response()
        except (ValueError, InvalidOperation) as error:
            return invalid(str(error)).as_response()

    return [
        Route("/v1/services/{service}/skus", skus, methods=["GET"]),
        Route("/v1beta/billingAccounts/{account}/skus/-/prices", own_prices, methods=["GET"]),
        Route("/sandbox/billing/export", exported, methods=["GET"]),
    ]


def _export(world: World, request: Request) -> str:
    """`format` (jsonl, csv), `since`, `until` (instants), `late` (UTC days with commas), `credit` (a share)."""
    query = request.query_params
    since, until = (
        parse_instant(query[key].replace(" ", "+"), world.start) if key in query else default
        for key, default in (("since", world.start), ("until", world.now()))
    )
    late = frozenset(day for day in query.get("late", "").split(",") if day)
    found = export.rows(world, since, until, late=late, credit=Decimal(query.get("credit", "0.1")))
    return export.written(found, query.get("format", "jsonl"))


def _answer(world: World, request: Request) -> dict[str, Any]:
    service, query = request.path_params["service"], request.query_params
    if service not in SERVICES:
        raise ApiError("NOT_FOUND", f"Service services/{service} not found.")
    if query.get("currencyCode", "USD") != "USD":
        raise invalid("currencyCode: the sandbox's prices are in USD only.")
    size = query.get("pageSize", "0")
    if not size.isdecimal():
        raise invalid(f"pageSize must be a whole number of at least 0; got {size!r}.")
    tariff: Tariff = world.settings["prices"].tariff
    found = [sku for sku in tariff.skus if sku.service == service]
    return _page(world, found, min(int(size) or _PAGE, _PAGE), query.get("pageToken", ""), service)


def _page(world: World, found: list[Sku], size: int, token: str, service: str) -> dict[str, Any]:
    try:
        offset = int(base64.urlsafe_b64decode(token)) if token else 0
    except ValueError as error:
        raise invalid("page_token is invalid.") from error
    about = {"service": "cloudbilling", "method": "services.skus.list", "resource": f"services/{service}"}
    take = world.faults.take
    if fault := take("listing_shrinks", **about):
        found = found[: int(len(found) * float(fault.params.get("keep", 0.5)))]
    end = offset + size
    shown = found[offset:end]
    if offset and take("page_repeated", **about):
        shown = found[:size]
    following = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(found) else ""
    return {"skus": [document(sku, world.now()) for sku in shown], "nextPageToken": following}
