"""Calls to the API: questions are asked again where that may help, a word is sent once; refusals become errors of ours again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx
import stamina

from guard.adapters.http import is_loopback
from guard.ports import errors
from guard.ports.errors import (
    ConfigInvalid,
    Forbidden,
    GuardError,
    Malformed,
    NotFoundByName,
    NotSignedIn,
    NotUnderstood,
    RateLimited,
    Refused,
    RetryLater,
    TimedOut,
    Unavailable,
)

PREFIX = "/api/v1"
TIMEOUT_S = 30.0
"""A question about ten thousand things takes the other machine some seconds."""
ATTEMPTS = 3

BY_STATUS: Mapping[int, type[GuardError]] = {
    HTTPStatus.BAD_REQUEST: NotUnderstood,
    HTTPStatus.UNAUTHORIZED: NotSignedIn,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: NotFoundByName,
    HTTPStatus.CONFLICT: Refused,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: NotUnderstood,
    HTTPStatus.UNPROCESSABLE_ENTITY: NotUnderstood,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimited,
    HTTPStatus.MISDIRECTED_REQUEST: ConfigInvalid,
}
"""For a refusal that does not name its error."""
BY_NAME: Mapping[str, type[GuardError]] = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, GuardError)
}


class Wire:
    """One server and one token. The token is sent to that server only, redirects are not followed, and it is never shown.

    Raises ConfigInvalid for an address that is no https URL (plain http reaches this machine only), NotSignedIn without a token.
    """

    def __init__(self, url: str, token: str | None, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url = checked(url)
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            found = "is not set" if not token else "holds characters that no token has"
            raise NotSignedIn(
                f"TUNEGUARD_URL names {self._url}, and TUNEGUARD_TOKEN {found}.",
                hint="`tuneguard token create NAME` on that machine makes a token; put it into TUNEGUARD_TOKEN.",
            )
        self._client = httpx.Client(
            base_url=self._url + PREFIX,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=not is_loopback(urlsplit(self._url).hostname),
        )

    def ask(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A question: tried again after a moment where the network or the server may have been busy."""
        given = {key: value for key, value in (params or {}).items() if value is not None}
        for attempt in stamina.retry_context(on=RetryLater, attempts=ATTEMPTS, wait_initial=0.1, wait_max=2.0):
            with attempt:
                try:
                    response = self._client.get(path, params=given)
                except httpx.TimeoutException as error:
                    raise TimedOut(f"No answer from {self._url} in time.", hint="Try again later.") from error
                except httpx.HTTPError as error:
                    raise self._unreachable(error) from error
                return self._document(response)
        raise AssertionError("stamina yields at least one attempt")  # pragma: no cover

    def say(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A word: sent once. Raises TimedOut where no answer came: whether it was heard is then not known."""
        try:
            response = self._client.post(path, json=dict(body))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise self._unreachable(error, " Nothing was said.") from error
        except httpx.HTTPError as error:
            raise TimedOut(
                f"{self._url} gave no answer: whether the word was heard is not known.",
                hint="Look first (`tuneguard explain NAME`, `tuneguard status`), then say it again if it is not there.",
            ) from error
        return self._document(response)

    def close(self) -> None:
        self._client.close()

    def _document(self, response: httpx.Response) -> dict[str, Any]:
        if response.is_redirect:
            raise NotSignedIn(
                f"{self._url} sends callers elsewhere, perhaps to a login; its API was not reached.",
                hint="Let the API's path (/api/) through to the page itself, or name its own address in TUNEGUARD_URL.",
            )
        try:
            found = json.loads(response.content)
        except ValueError:
            found = None
        if response.is_success and isinstance(found, dict):
            found.pop("schema_version", None)
            return found
        if isinstance(found, dict) and isinstance(found.get("detail"), str):
            raise self._refusal(response.status_code, found)
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unavailable(f"{self._url} answers {response.status_code}.", hint="Try again later.")
        raise Malformed(
            f"{self._url} answers {response.status_code} and no JSON document.",
            hint="Is TUNEGUARD_URL the address of the page (`tuneguard web`)?",
        )

    def _refusal(self, status: int, problem: Mapping[str, Any]) -> GuardError:
        named = BY_NAME.get(str(problem.get("code", "")))
        kind = named or BY_STATUS.get(status) or (Unavailable if status >= 500 else Refused)
        return kind(problem["detail"], hint=str(problem.get("hint", "")))

    def _unreachable(self, error: httpx.HTTPError, more: str = "") -> Unavailable:
        return Unavailable(
            f"{self._url} cannot be reached ({type(error).__name__}).{more}",
            hint="TUNEGUARD_URL names it; is the page (`tuneguard web`) running there? Unset it to work on this machine.",
        )


def checked(url: str) -> str:
    """The address without a slash at its end; raises ConfigInvalid for one to which no token should be sent."""
    expected = "Expected https://HOST, or http:// on this machine only, without a user, a path's query or a fragment."
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigInvalid(f"TUNEGUARD_URL: found an address that cannot be read. {expected}") from None
    shown = f"{parts.scheme}://{host}"
    if not host or parts.scheme not in {"https", "http"} or parts.username or parts.query or parts.fragment:
        raise ConfigInvalid(f"TUNEGUARD_URL: found {shown!r}. {expected}")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigInvalid(f"TUNEGUARD_URL: found {shown!r}: a token would be readable on the way. {expected}")
    return url.strip().rstrip("/")
