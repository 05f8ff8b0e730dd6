"""/metrics, /livez and /readyz on a port of their own, loopback unless told otherwise."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from guard.daemon.jobs import Pulse
from guard.telemetry.metrics import Metrics

LIVE_WITHIN = 5
"""Intervals without a finished tick after which the process is called dead."""


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        """Say nothing: every scrape would be a line."""


def health_app(
    metrics: Metrics, pulse: Pulse, every: timedelta, ready: Callable[[], str | None]
) -> Callable[..., list[bytes]]:
    """Make the WSGI application. `ready` returns None, or what keeps the daemon from being ready."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        match environ.get("PATH_INFO"):
            case "/metrics":
                start_response("200 OK", [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")])
                return [metrics.render()]
            case "/livez":
                silent = pulse.clock.monotonic() - pulse.last_tick
                alive = silent <= LIVE_WITHIN * every.total_seconds()
                return _answer(start_response, alive, {"silent_s": round(silent, 1)})
            case "/readyz":
                problem = ready() or pulse.problem
                return _answer(start_response, not problem, {"problem": problem})
            case _:
                start_response("404 Not Found", [("Content-Type", "text/plain")])
                return [b"try /metrics, /livez or /readyz\n"]

    return app


def serve(app: Callable[..., list[bytes]], host: str, port: int) -> WSGIServer:
    """Serve in a thread; raises OSError where the port is taken. `server_port` tells the port, `shutdown()` ends it."""
    server = make_server(host, port, app, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server


def _answer(start_response: Callable[..., Any], good: bool, body: dict[str, Any]) -> list[bytes]:
    start_response("200 OK" if good else "503 Service Unavailable", [("Content-Type", "application/json")])
    return [json.dumps({"ok": good, **body}).encode() + b"\n"]
