"""Templates and static files: one environment, autoescaped; static files by their hash, so that a browser may keep them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"
A_YEAR = "public, max-age=31536000, immutable"

ContextOf = Callable[[Request], Mapping[str, Any]]


class Rendering:
    """Renders templates; pages add filters, and a context that every page gets (`add`)."""

    def __init__(self) -> None:
        self.environment = Environment(loader=PackageLoader("guard.web"), autoescape=True, trim_blocks=True)
        self.environment.globals["static"] = static_url
        self.environment.filters["coded"] = coded
        self._contexts: list[ContextOf] = []

    def add(self, filters: Mapping[str, Callable[..., Any]], context: ContextOf | None) -> None:
        self.environment.filters.update(filters)
        if context is not None:
            self._contexts.append(context)

    def compile(self) -> None:
        """Compile every template now, in place of at its first use."""
        for name in self.environment.list_templates(extensions=["html"]):
            self.environment.get_template(name)

    def render(
        self, request: Request, template: str, context: Mapping[str, Any], *, status: int = 200, framed: bool = True
    ) -> Response:
        """Render one template. `framed` False leaves out what pages share: for the door's own, which ask no ledger."""
        token = str(getattr(request.state, "csrf", ""))
        everything: dict[str, Any] = {
            "person": getattr(request.state, "person", None),
            "csrf_token": token,
            "csrf_field": lambda: Markup('<input type="hidden" name="csrf" value="{}">').format(token),
        }
        for shared in self._contexts if framed else ():
            everything |= shared(request)
        text = self.environment.get_template(template).render(everything | dict(context))
        return HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store"})


def render(request: Request, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200) -> Response:
    """Render a page's template; the person, the form token and what pages share are in its context."""
    rendering: Rendering = request.app.state.rendering
    return rendering.render(request, template, context or {}, status=status)


def coded(text: str) -> Markup:
    """A sentence of ours with what stands between backticks as code; everything in it is escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else escape(part) for index, part in enumerate(parts)
    )


def static_url(name: str) -> str:
    """The address of a static file with its hash. Raises FileNotFoundError for one that is not there."""
    return f"/static/{name}?v={_hash(name)}"


@cache
def _hash(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:16]


class HashedFiles(StaticFiles):
    """Static files that a browser keeps for a year when it asks by their hash, and asks for anew otherwise."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        asked = scope.get("query_string", b"").decode("latin-1")
        response.headers["Cache-Control"] = A_YEAR if _is_hash(path, asked) else "no-cache"
        return response


def _is_hash(path: str, query: str) -> bool:
    try:
        return query == f"v={_hash(path)}"
    except OSError:
        return False
