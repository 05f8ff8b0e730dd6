"""The demo's side of its cloud: start and end the process, step the clock, act as people do, read the meter."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from guard.ports.errors import Unavailable

_END_TIMEOUT_S = 5.0
_CALL_TIMEOUT_S = 30.0
BUCKET, BUCKET_PROJECT = "tuneguard-demo", "demo-product"
"""Holds claims and recipes; guard.yaml names it."""


class Cloud:
    """A sandbox in a process of its own. Use it in a `with` block: it ends there, whatever happens."""

    def __init__(self, scenario: Path, port: int) -> None:
        self._log = scenario.with_name("sandbox.log")
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own module, by the Python that runs us
                [sys.executable, "-m", "guard.cli.demonstration.cloud_process", str(scenario), str(port)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment has no business between two local processes
        self.url = ""

    def __enter__(self) -> Self:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            self._end()
            said = self._log.read_text(encoding="utf-8").strip().splitlines()
            raise Unavailable(f"The demo's sandbox did not start: {said[-1] if said else 'it said nothing'}")
        self.url = str(json.loads(line)["http"])
        self._post(f"/storage/v1/b?project={BUCKET_PROJECT}", {"name": BUCKET})
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._end()

    def now(self) -> datetime:
        """The world's instant, UTC."""
        return datetime.fromisoformat(self._get("/sandbox/clock")["now"])

    def advance(self, by: timedelta) -> None:
        """Step the world's clock."""
        self._post("/sandbox/clock", {"advance": f"{by // timedelta(seconds=1)}s"})

    def run_clock(self, speed: float) -> None:
        """Let the clock run by itself: virtual seconds a second."""
        self._post("/sandbox/clock", {"speed": speed})

    def change(self, change: Mapping[str, Any]) -> None:
        """Do what a person does (docs/reference/scenario.md, Change)."""
        self._post("/sandbox/change", change)

    def meter(self, since: datetime, until: datetime) -> Mapping[str, Any]:
        """The sandbox's bill for [since, until)."""
        bill: Mapping[str, Any] = self._get("/sandbox/meter", since=since.isoformat(), until=until.isoformat())
        return bill

    def _get(self, path: str, **query: str) -> Any:
        return self._ask("GET", path, params=query).json()

    def _post(self, path: str, body: Mapping[str, Any]) -> None:
        self._ask("POST", path, json=body)

    def _ask(self, method: str, path: str, **more: Any) -> requests.Response:
        try:
            answer = self._session.request(method, f"{self.url}{path}", timeout=_CALL_TIMEOUT_S, **more)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise Unavailable(f"The demo's sandbox at {self.url} failed: {error}.", hint=f"See {self._log}.") from error
        return answer

    def _end(self) -> None:
        self._session.close()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(timeout=_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def dollars_of(line: Mapping[str, Any]) -> Decimal:
    """What one line of the meter comes to, USD; 0 where the meter has no price (it lists those apart)."""
    return Decimal(line["usd"] or 0)
