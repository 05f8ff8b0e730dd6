"""One world, one served page and one Chromium for all walks; each walk has browsers (contexts) of its own."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e.harness import a_harness
from tests.web.browser.walking import Walk
from tests.web.place import CONFIG, SCENARIO, Place, Served, door_of, on_ledger

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",  # needed as root, where CI runs
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A real browser; skipped where there is none (Debian: apt-get install chromium)."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium); CI has one")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[tuple[Place, Served]]:
    """The page on a free port, signed in to by one-time link, before a guard that asks for approval."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("walks")
    with a_harness(folder, scenario=SCENARIO, config=CONFIG) as harness:
        harness.steps(3)
        harness.cycle()
        with on_ledger(harness, replace(door_of(harness), port=port)) as place:
            server = Served(place.app, port)
            server.start()
            yield place, server
            server.stop()


@pytest.fixture
def walk(served: tuple[Place, Served], chromium: Any) -> Iterator[Walk]:
    """A walk; at its end no page may have written to the console."""
    one = Walk(*served, chromium)
    yield one
    one.close()
    assert one.console == []
