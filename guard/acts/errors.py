"""Vendor errors of changing calls, translated in one place. What is not known to have been refused counts as unknown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from guard.ports.errors import (
    Busy,
    Gone,
    GuardError,
    NoCapacity,
    NotSignedIn,
    PermissionMissing,
    RateLimited,
    Refused,
    TimedOut,
    Unavailable,
)

BUSY_STATUSES = frozenset({"FAILED_PRECONDITION", "ABORTED", "ALREADY_EXISTS"})
NO_CAPACITY_CODE = 8  # google.rpc.Code.RESOURCE_EXHAUSTED, in an operation's error


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Raise ours for the vendor's; `what` names the call for people."""
    import requests  # vendor packages are loaded at the first act
    from google.api_core import exceptions as google
    from google.auth import exceptions as auth

    try:
        yield
    except google.GoogleAPICallError as error:
        raise from_google(what, error) from error
    except google.RetryError as error:
        raise TimedOut(f"{what}: no answer in time; what became of it is unknown.") from error
    except (auth.DefaultCredentialsError, auth.RefreshError) as error:
        raise NotSignedIn(f"{what}: no usable credentials ({error}).", hint="Run `tuneguard doctor`.") from error
    except (requests.exceptions.Timeout, TimeoutError) as error:
        raise TimedOut(f"{what}: no answer in time; what became of it is unknown.") from error
    except (requests.exceptions.RequestException, auth.TransportError, OSError) as error:
        raise Unavailable(
            f"{what}: the connection was cut ({type(error).__name__}); what became of it is unknown."
        ) from error


def from_google(what: str, error: Exception) -> GuardError:
    """Translate one google.api_core error by its HTTP code and status word."""
    code = int(getattr(error, "code", 0) or 0)
    status = _status(error)
    words = str(getattr(error, "message", error)).splitlines()[0] if str(error) else type(error).__name__
    told = f"{what}: the platform answered {code} {status}: {words}".rstrip()
    match code:
        case 401:
            return NotSignedIn(told, hint="Run `tuneguard doctor`.")
        case 403:
            return PermissionMissing(told, hint="Run `tuneguard doctor` for the role that is missing.")
        case 404:
            return Gone(told)
        case 409 | 412:
            return Busy(told)
        case 429:
            return RateLimited(told)
        case 400:
            return Busy(told) if status in BUSY_STATUSES else Refused(told)
        case 408 | 504:
            return TimedOut(f"{told}; what became of it is unknown.")
        case _ if code >= 500:
            return Unavailable(f"{told}; what became of it is unknown.")
        case _:
            return Refused(told)


def from_operation(what: str, code: int | None, words: str) -> Refused:
    """Translate the error inside a finished operation (google.rpc.Code)."""
    kind = NoCapacity if code == NO_CAPACITY_CODE else Refused
    return kind(f"{what}: the operation failed with code {code}: {words}")


def _status(error: Exception) -> str:
    """The status word. REST answers hide it in the response's body (FAILED_PRECONDITION arrives as a plain 400)."""
    grpc_status = getattr(error, "grpc_status_code", None)
    if grpc_status is not None:
        return str(grpc_status.name)
    response = getattr(error, "response", None)
    try:
        body = response.json() if response is not None else {}
    except ValueError:
        body = {}
    inner = body.get("error", {}) if isinstance(body, dict) else {}
    return str(inner.get("status", "")) if isinstance(inner, dict) else ""
