"""The page as a process: a socket, uvicorn, and a word when it is up."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn
from fastapi import FastAPI

from guard.core.access import DoorSettings
from guard.ports.errors import ConfigInvalid, GuardError
from guard.web.app import create_app
from guard.web.house import House


def listen(settings: DoorSettings) -> socket.socket:
    """Take the port (0: a free one). Raises ConfigInvalid where it cannot be used."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host.strip("[]"), settings.port))
    except OSError as error:
        listener.close()
        raise ConfigInvalid(
            f"Port {settings.port} on {settings.host} cannot be used: {error.strerror or error}.",
            hint="Is another page running? `--port 0` takes a free one; web.port in guard.yaml names another.",
        ) from error
    return listener


def serve(house: House, listener: socket.socket, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is called with the page's address once it answers."""
    app = create_app(house, port=listener.getsockname()[1])
    _warm(app, house)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # addresses hold one-time keys
        lifespan="off",
        proxy_headers=False,  # nothing is decided by what a forwarded header says
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    _Server(config, lambda: ready(app.state.addresses.url)).run(sockets=[listener])


def _warm(app: FastAPI, house: House) -> None:
    """Do before the first view what every process does once, so that nobody waits for it: compile templates, read the fleet."""
    app.state.rendering.compile()
    with suppress(GuardError):  # whoever asks is told
        house.desk().fleet({})


class _Server(uvicorn.Server):
    """uvicorn that says when it is up, and for which being told to end is an end like any other: exit code 0."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End at SIGINT or SIGTERM, at once at the second; the library's own would raise the signal anew afterwards."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
