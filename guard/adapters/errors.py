"""Vendor errors of reads, translated in one place; a test walks the vendors' modules and fails when they grow a new one.

A read changes nothing, so a time-out here means only "not known in this cycle".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from guard.ports.errors import (
    Busy,
    Gone,
    GuardError,
    Malformed,
    NotSignedIn,
    PermissionMissing,
    RateLimited,
    Refused,
    TimedOut,
    Unavailable,
)
from guard.telemetry.logging import mask

DOCTOR = 'Run "tuneguard doctor" for what is missing.'

_BY_NAME: dict[str, type[GuardError]] = {
    # requests: the connection, then the answer, then our own request
    "requests.exceptions.Timeout": TimedOut,
    "requests.exceptions.ConnectionError": Unavailable,
    "requests.exceptions.ChunkedEncodingError": Unavailable,
    "requests.exceptions.ContentDecodingError": Malformed,
    "requests.exceptions.StreamConsumedError": Unavailable,
    "requests.exceptions.RetryError": Unavailable,
    "requests.exceptions.HTTPError": Unavailable,
    "requests.exceptions.InvalidJSONError": Malformed,
    "requests.exceptions.TooManyRedirects": Malformed,
    "requests.exceptions.URLRequired": Refused,
    "requests.exceptions.MissingSchema": Refused,
    "requests.exceptions.InvalidSchema": Refused,
    "requests.exceptions.InvalidURL": Refused,
    "requests.exceptions.InvalidHeader": Refused,
    "requests.exceptions.UnrewindableBodyError": Unavailable,
    "requests.exceptions.RequestException": Unavailable,
    # google-auth: the token server, then the credentials themselves
    "google.auth.exceptions.TransportError": Unavailable,
    "google.auth.exceptions.TimeoutError": TimedOut,
    "google.auth.exceptions.ResponseError": Unavailable,
    "google.auth.exceptions.GoogleAuthError": NotSignedIn,
    # google-api-core: what carries an HTTP code is translated by it; these carry none
    "google.api_core.exceptions.RetryError": TimedOut,
    "google.api_core.exceptions.DuplicateCredentialArgs": NotSignedIn,
    "google.api_core.exceptions.GoogleAPIError": Unavailable,
    "google.api_core.exceptions.AsyncRestUnsupportedParameterError": Refused,
    "google.api_core.exceptions.ResumableTransferError": Unavailable,
    "google.api_core.exceptions.MissingStatusHeaderError": Malformed,
    # the standard library underneath
    "builtins.TimeoutError": TimedOut,
    "builtins.OSError": Unavailable,
    "json.decoder.JSONDecodeError": Malformed,
}


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Raise ours for the vendor's; `what` names the call for people (`endpoints.list in projects/1/locations/eu`)."""
    try:
        yield
    except GuardError:
        raise
    except Exception as error:
        ours = translate(error, what)
        if ours is None:
            raise
        raise ours from error


def translate(error: BaseException, what: str) -> GuardError | None:
    """Translate one vendor error; None for an error that is no vendor's (a bug of ours must stay visible)."""
    code = getattr(error, "code", None)
    if _is_api_call_error(error) and code is not None:
        status = getattr(getattr(error, "grpc_status_code", None), "name", "")
        return from_status(int(code), str(status), str(getattr(error, "message", error)), what)
    for kind in type(error).__mro__:
        if (ours := _BY_NAME.get(f"{kind.__module__}.{kind.__qualname__}")) is not None:
            return _told(ours, what, f"{type(error).__name__}: {_first_line(str(error))}")
    return None


def from_status(code: int, status: str, message: str, what: str) -> GuardError:
    """Translate an answer by its HTTP code and the platform's status word."""
    words = f"the platform answered {code} {status}".rstrip() + (f": {_first_line(message)}" if message else "")
    match code:
        case 400 | 409 | 412:
            busy = status in {"FAILED_PRECONDITION", "ABORTED", "ALREADY_EXISTS"} or code != 400
            return _told(Busy if busy else Refused, what, words)
        case 401:
            return _told(NotSignedIn, what, words)
        case 403:
            return _told(PermissionMissing, what, words)
        case 404:
            return _told(Gone, what, words)
        case 408 | 504:
            return _told(TimedOut, what, words)
        case 429:
            return _told(RateLimited, what, words)
        case _ if 300 <= code < 400:
            return _told(Malformed, what, f"{words}; a redirect was not expected and not followed")
        case _ if code >= 500 or code == 499:
            return _told(Unavailable, what, words)
        case _:
            return _told(Refused, what, words)


def _told(kind: type[GuardError], what: str, words: str) -> GuardError:
    hint = DOCTOR if kind in {NotSignedIn, PermissionMissing} else ""
    return kind(mask(f"{what}: {words}."), hint=hint)


def _first_line(text: str) -> str:
    line = text.strip().splitlines()[0] if text.strip() else ""
    return line[:300].rstrip(".")


def _is_api_call_error(error: BaseException) -> bool:
    return any(
        f"{kind.__module__}.{kind.__qualname__}" == "google.api_core.exceptions.GoogleAPICallError"
        for kind in type(error).__mro__
    )
