"""The sandbox as a process or in a thread: HTTP by uvicorn, Monitoring by gRPC, on the loopback only."""

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, Self

import uvicorn

from guard.sandbox.app import build
from guard.sandbox.world import World

LOOPBACK: Final = "127.0.0.1"
_GRPC_WORKERS: Final = 8
_START_TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificate and key, PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A sandbox that answers. `http` is a URL, `grpc` a host:port target."""

    world: World
    http: str
    grpc: str
    stop: Callable[[], None]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """uvicorn that says when it is up, and stops at once: there is nobody to be polite to on a loopback."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()

    async def main_loop(self) -> None:
        await self._told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        del sockets
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for task in list(self.server_state.tasks):
            task.cancel()

    def stop(self) -> None:
        """From another thread: end the main loop."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._told.set)


def start_in_thread(world: World, *, port: int = 0, grpc_port: int = 0, tls: Tls | None = None) -> Running:
    """Serve `world` from threads of this process; returns once it answers. Port 0 takes a free one.

    Raises OSError where a port is taken, TimeoutError where the server does not come up.
    """
    server = _Server(_config(world, tls))
    listener = _listen(port)
    grpc_server, grpc_bound = _grpc(world, grpc_port, tls)
    world.settings["grpc"] = f"{LOOPBACK}:{grpc_bound}"
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="sandbox-http", daemon=True)
    thread.start()
    if not server.ready.wait(_START_TIMEOUT_S):
        raise TimeoutError(f"the sandbox did not start within {_START_TIMEOUT_S:.0f} s")

    def stop() -> None:
        server.stop()
        grpc_server.stop(grace=None)
        thread.join(timeout=_START_TIMEOUT_S)
        listener.close()

    scheme = "https" if tls else "http"
    return Running(
        world=world,
        http=f"{scheme}://{LOOPBACK}:{listener.getsockname()[1]}",
        grpc=f"{LOOPBACK}:{grpc_bound}",
        stop=stop,
    )


def serve(world: World, *, port: int = 0, grpc_port: int = 0, tls: Tls | None = None) -> None:
    """Serve until SIGINT or SIGTERM; prints one JSON line when ready: {"http", "grpc", "pid"}."""
    done = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        done.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    with start_in_thread(world, port=port, grpc_port=grpc_port, tls=tls) as running:
        line = {"http": running.http, "grpc": running.grpc, "pid": os.getpid(), "world": world.id}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        done.wait()


def _config(world: World, tls: Tls | None) -> uvicorn.Config:
    config = uvicorn.Config(
        build(world),
        log_level="error",
        access_log=False,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    try:
        config.load()
    except OSError as error:
        where = f"{tls.certificate} and {tls.key}" if tls else "the server"
        raise OSError(f"{where}: not a certificate and its key in PEM files that can be read: {error}") from error
    return config


def _listen(port: int) -> socket.socket:
    # the protocol is named because asyncio turns Nagle's delay off only where it reads IPPROTO_TCP (40 ms a call otherwise)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise OSError(
            error.errno, f"port {port} on {LOOPBACK} cannot be used: {error.strerror}; try --port 0"
        ) from error
    return listener


def _grpc(world: World, port: int, tls: Tls | None) -> tuple[Any, int]:
    import grpc

    from guard.sandbox.monitoring.server import add_to

    server = grpc.server(ThreadPoolExecutor(_GRPC_WORKERS, thread_name_prefix="sandbox-grpc"))
    add_to(server, world)
    address = f"{LOOPBACK}:{port}"
    if tls is None:
        bound = server.add_insecure_port(address)
    else:
        pair = (tls.key.read_bytes(), tls.certificate.read_bytes())
        bound = server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
    server.start()
    return server, bound
