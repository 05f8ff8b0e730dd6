"""GET and nothing else: a session that signs with one key, errors of ours, retries on what may pass."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import stamina

from guard.adapters.errors import from_status, translated
from guard.adapters.http import SharedTlsAdapter, sandbox_session, tls_context
from guard.ports.errors import Malformed, RetryLater

if TYPE_CHECKING:
    import requests

TIMEOUT_S = 15.0
PAGES = 200
"""Most pages of one listing; more are not believed."""


class OpenAIClient:
    """Reads one service. `sandboxed` refuses every address that is not on this machine."""

    def __init__(self, base_url: str, *, sandboxed: bool) -> None:
        self._base = base_url.rstrip("/")
        self._sandboxed = sandboxed
        self._session: requests.Session | None = None

    def get(self, path: str, key: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """GET one JSON object. Raises GuardError."""
        what = f"{self._base}{path}"

        def once() -> dict[str, Any]:
            with translated(what):
                response = self._open().get(
                    what,
                    params=params,
                    headers={"Authorization": f"Bearer {key}"},
                    timeout=TIMEOUT_S,
                    allow_redirects=False,
                )
            try:
                answer = json.loads(response.content) if response.content else {}
            except ValueError:
                answer = None
            if response.status_code != 200:
                error = answer.get("error") if isinstance(answer, dict) else None
                error = error if isinstance(error, dict) else {}
                raise from_status(
                    response.status_code, str(error.get("code") or ""), str(error.get("message", "")), what
                )
            if not isinstance(answer, dict):
                raise Malformed(f"{what}: the answer is not a JSON object.")
            return answer

        return _patiently(once)

    def listed(self, path: str, key: str, params: Mapping[str, Any] | None = None) -> Iterator[Mapping[str, Any]]:
        """Every item of a listing with `after` cursors. Raises GuardError; Malformed where a page comes twice."""
        after: str | None = None
        seen: set[str] = set()
        for _ in range(PAGES):
            page = self.get(path, key, {**(params or {}), "limit": 100, **({"after": after} if after else {})})
            items = _items(page, path)
            for item in items:
                if str(item.get("id")) in seen:
                    raise Malformed(f"{path}: {item.get('id')} came twice; the listing cannot be trusted.")
                seen.add(str(item.get("id")))
                yield item
            if not page.get("has_more"):
                return
            if not items:
                raise Malformed(f"{path}: an empty page that is not the last.")
            after = str(items[-1].get("id"))
        raise Malformed(f"{path}: more than {PAGES} pages.")

    def buckets(self, path: str, key: str, params: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Every bucket of a usage or costs question. Raises GuardError; Malformed where a page comes twice."""
        page: str | None = None
        seen: set[str] = set()
        while True:
            answer = self.get(path, key, {**params, **({"page": page} if page else {})})
            yield from _items(answer, path)
            if not answer.get("has_more"):
                return
            page = str(answer.get("next_page") or "")
            if not page or page in seen or len(seen) >= PAGES:
                raise Malformed(f"{path}: the pages do not end.")
            seen.add(page)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()

    def _open(self) -> requests.Session:
        if self._session is None:
            if self._sandboxed:
                self._session = sandbox_session(None, None)
            else:
                import requests

                self._session = requests.Session()
                self._session.mount("https://", SharedTlsAdapter(tls_context()))
        return self._session


def _items(page: Mapping[str, Any], path: str) -> list[Mapping[str, Any]]:
    items = page.get("data")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Malformed(f"{path}: data is no list of objects.")
    return items


def _patiently(once: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    for attempt in stamina.retry_context(on=RetryLater, attempts=3, timeout=30.0, wait_initial=0.2, wait_max=5.0):
        with attempt:
            return once()
    raise AssertionError("stamina yields at least one attempt")  # pragma: no cover
