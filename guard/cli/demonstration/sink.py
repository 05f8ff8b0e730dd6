"""Where the demo's notices go: a webhook on this machine that remembers who was told what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Any, Self

Notice = Mapping[str, Any]


class Sink:
    """Takes webhooks on the loopback from `with` to its end; `fresh()` gives what came since it was last asked."""

    def __init__(self) -> None:
        arrived: SimpleQueue[Notice] = SimpleQueue()
        self._arrived = arrived

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
                for notice in body["notices"]:
                    arrived.put({**notice, "to": body["to"]})
                self.send_response(204)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's signature
                """Say nothing: the screen is the story's."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fresh(self) -> list[Notice]:
        """Notices that have come since the last call."""
        found: list[Notice] = []
        while True:
            try:
                found.append(self._arrived.get_nowait())
            except Empty:
                return found
