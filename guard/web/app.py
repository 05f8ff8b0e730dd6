"""The application: routes, errors as answers, and the door around all of it."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import RedirectResponse, Response

from guard.core.access import Login
from guard.ports.errors import GuardError
from guard.web import api, pages, probes
from guard.web.addresses import addresses_of, path_of
from guard.web.asking import require_form_token
from guard.web.door import Door
from guard.web.house import House
from guard.web.limits import Limits
from guard.web.login import entering, link, oidc
from guard.web.login.iap import Assertions
from guard.web.login.provider import Provider
from guard.web.refusals import refuse, status_of
from guard.web.rendering import HashedFiles, Rendering, static_url

LARGEST_BODY = 64 * 1024
"""Bytes. The largest form is a keep with its reason; nobody uploads anything."""


def create_app(house: House, *, port: int | None = None) -> FastAPI:
    """Make the application; `port` is where it listens, where that is not the one in the settings (0 took a free one)."""
    settings = house.settings
    addresses = addresses_of(settings, settings.port if port is None else port)
    rendering = Rendering()
    assertions = (
        Assertions(settings.audience, settings.keys_url, house.monotonic) if settings.login is Login.IAP else None
    )
    app = FastAPI(
        title="Tuneguard",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(require_form_token)],
        redirect_slashes=False,
        middleware=[
            Middleware(Door, house=house, addresses=addresses, rendering=rendering, assertions=assertions),
            Middleware(RequestBodyLimitMiddleware, max_body_size=LARGEST_BODY),
        ],
    )
    app.state.house = house
    app.state.addresses = addresses
    app.state.rendering = rendering
    app.state.limits = Limits()
    app.state.provider = Provider(settings, f"{addresses.url}/login/callback") if settings.login is Login.OIDC else None
    for module in (probes, entering, link, oidc):
        app.include_router(module.router)
    for page in pages.modules():
        if hasattr(page, "router"):
            app.include_router(page.router)
        rendering.add(getattr(page, "FILTERS", {}), getattr(page, "CONTEXT", None))
    app.include_router(api.router)
    app.mount("/static", HashedFiles(), name="static")
    app.add_api_route("/favicon.ico", _favicon, methods=["GET"])
    _answer_errors(app, rendering)
    return app


def _favicon() -> Response:
    return RedirectResponse(static_url("favicon.svg"), HTTPStatus.MOVED_PERMANENTLY)


def _answer_errors(app: FastAPI, rendering: Rendering) -> None:
    def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, GuardError)  # noqa: S101  # it is registered for these
        return refuse(rendering, request, status_of(error), error.message, hint=error.hint, code=type(error).__name__)

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101  # it is registered for these
        detail = {
            HTTPStatus.NOT_FOUND: f"There is no page {path_of(request)}.",
            HTTPStatus.METHOD_NOT_ALLOWED: f"{path_of(request)} does not take {request.method}.",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"More than {LARGEST_BODY // 1024} KiB were sent. Nothing was done.",
        }.get(HTTPStatus(error.status_code), str(error.detail))
        answer = refuse(rendering, request, error.status_code, detail)
        answer.headers.update(error.headers or {})
        return answer

    def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101  # it is registered for these
        wrong = [f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()]
        return refuse(rendering, request, HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(wrong) + ". Nothing was done.")

    app.add_exception_handler(GuardError, ours)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, malformed)
