"""One way out for all reads: counted, limited, timed, retried where that helps, and with errors of ours only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

import stamina

from guard.adapters.calls import Calls
from guard.adapters.errors import from_status, translated
from guard.adapters.http import WORKERS
from guard.adapters.worlds import World
from guard.ports.errors import Malformed, RetryLater

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long reads wait, machine time in seconds. All of it must fit well inside a cycle; the next cycle asks again."""

    timeout: float = 15.0
    attempts: int = 3
    total: float = 30.0
    first_pause: float = 0.2
    longest_pause: float = 5.0


@dataclass(frozen=True, slots=True)
class Read:
    """What a call reads, for errors, counts and quotas: `kind` as `endpoints.list`, `where` as `projects/1/locations/eu`."""

    service: str
    kind: str
    where: str

    @property
    def quota(self) -> str:
        """What the platform counts the call by: a project and location, a project, or the caller."""
        return "" if self.service == "projects" else "/".join(self.where.split("/")[:4])

    def __str__(self) -> str:
        return f"{self.kind} in {self.where}"


class Connection:
    """The transport of one world. Thread-safe; close it when done."""

    def __init__(self, world: World, *, patience: Patience | None = None, workers: int = WORKERS) -> None:
        self.world = world
        self.patience = patience or Patience()
        self.calls = Calls()
        self.workers = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="read")
        self._lock = Lock()
        self._metrics: Any = None

    def get(self, url: str, read: Read, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """GET a JSON object. Raises GuardError."""
        return self._patiently(read, lambda: json_object(self._send("GET", url, read, params=params), read))

    def ask(self, url: str, read: Read, question: Mapping[str, Any]) -> dict[str, Any]:
        """POST a question that changes nothing (`entries:list`) and return the JSON answer. Raises GuardError."""
        return self._patiently(read, lambda: json_object(self._send("POST", url, read, body=question), read))

    def pages(self, url: str, read: Read, params: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """GET all pages of a listing, one at a time. Raises GuardError; Malformed where a page token comes a second time."""
        return self.walk(url, read, lambda content: with_token(json_object(content, read)), params)

    def walk(
        self, url: str, read: Read, parse: Callable[[bytes], tuple[T, str]], params: Mapping[str, str] | None = None
    ) -> Iterator[T]:
        """GET all pages like `pages`, but leave the reading to the caller: `parse` makes of a page's bytes what is yielded
        and the token of the next page (`` after the last).
        """
        asked = dict(params or {})
        seen = set[str]()
        while True:
            page, token = self._patiently(read, lambda: parse(self._send("GET", url, read, params=asked)))
            yield page
            if not token:
                return
            if token in seen:
                raise Malformed(f"{read}: the same page token came twice; the listing cannot be trusted.")
            seen.add(token)
            asked["pageToken"] = token

    def call(self, read: Read, ask: Callable[[], T]) -> T:
        """Make a call of a vendor's client under the same rules; its errors become ours."""

        def once() -> T:
            with translated(str(read)):
                return ask()

        return self._patiently(read, once)

    def metric_service(self) -> Any:
        """The official monitoring client, made at its first use (its import takes a second)."""
        with self._lock:
            if self._metrics is None:
                from google.cloud.monitoring_v3 import MetricServiceClient

                self._metrics = MetricServiceClient(transport=self.world.channel())
            return self._metrics

    def close(self) -> None:
        """Close threads, sockets and channel."""
        self.workers.shutdown(wait=False, cancel_futures=True)
        self.world.session.close()
        if self._metrics is not None:
            self._metrics.transport.close()

    def _send(
        self,
        verb: str,
        url: str,
        read: Read,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the body of a good answer."""
        with translated(str(read)):
            # Redirects are not followed: no documented read answers with one, and one could lead to another world.
            response = self.world.session.request(
                verb, url, params=params, json=body, timeout=self.patience.timeout, allow_redirects=False
            )
        content: bytes = response.content
        if response.status_code != 200:
            answer = _json(content)
            error = answer.get("error") if isinstance(answer, dict) else None
            error = error if isinstance(error, dict) else {}
            raise from_status(
                response.status_code, str(error.get("status", "")), str(error.get("message", "")), str(read)
            )
        return content

    def _patiently(self, read: Read, once: Callable[[], T]) -> T:
        """Try again on what may pass; reads change nothing, so a second try is safe."""

        def counted() -> T:
            self.world.limiter(read.service, read.quota)
            try:
                answer = once()
            except Exception as error:
                self.calls.add(read.kind, type(error).__name__)
                raise
            self.calls.add(read.kind)
            return answer

        try:
            return counted()
        except RetryLater as error:
            failed = error
        # Set up only now: it takes longer than most answers on a loopback. Its first attempt is the one that just failed.
        patience = self.patience
        for attempt in stamina.retry_context(
            on=RetryLater,
            attempts=patience.attempts,
            timeout=patience.total,
            wait_initial=patience.first_pause,
            wait_max=patience.longest_pause,
            wait_jitter=patience.first_pause,
        ):
            with attempt:
                if attempt.num == 1:
                    raise failed
                return counted()
        raise AssertionError("stamina yields at least one attempt")  # pragma: no cover


def json_object(content: bytes, read: Read) -> dict[str, Any]:
    """Read a body as a JSON object, an empty one as an object without keys. Raises Malformed."""
    answer = _json(content)
    if not isinstance(answer, dict):
        raise Malformed(f"{read}: the answer is not a JSON object.")
    return answer


def with_token(page: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """A page and the token of the next one."""
    return page, page.get("nextPageToken") or ""


def _json(content: bytes) -> Any:
    try:
        return json.loads(content) if content else {}
    except ValueError:
        return None
