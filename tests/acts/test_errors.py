"""Vendor errors of changing calls become ours; what is not known to have been refused counts as unknown."""

from __future__ import annotations

import pytest
import requests
from google.api_core import exceptions as google
from google.auth import exceptions as auth

from guard.acts.errors import from_operation, translated
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

CASES: list[tuple[Exception, type[GuardError]]] = [
    (google.Unauthenticated("no"), NotSignedIn),
    (google.PermissionDenied("no"), PermissionMissing),
    (google.NotFound("gone"), Gone),
    (google.AlreadyExists("there"), Busy),
    (google.PreconditionFailed("generation"), Busy),
    (google.TooManyRequests("slowly"), RateLimited),
    (google.ResourceExhausted("slowly"), RateLimited),
    (google.BadRequest("wrong"), Refused),
    (google.FailedPrecondition("another operation is running"), Busy),
    (google.GatewayTimeout("late"), TimedOut),
    (google.DeadlineExceeded("late"), TimedOut),
    (google.InternalServerError("oops"), Unavailable),
    (google.ServiceUnavailable("down"), Unavailable),
    (google.RetryError("late", None), TimedOut),
    (auth.DefaultCredentialsError("none"), NotSignedIn),
    (auth.RefreshError("expired"), NotSignedIn),
    (auth.TransportError("cut"), Unavailable),
    (requests.exceptions.ReadTimeout("late"), TimedOut),
    (requests.exceptions.ConnectionError("cut"), Unavailable),
    (TimeoutError("late"), TimedOut),
    (ConnectionResetError("cut"), Unavailable),
]
UNKNOWN = (TimedOut, Unavailable)


@pytest.mark.parametrize(("raised", "ours"), CASES, ids=lambda case: getattr(case, "__name__", type(case).__name__))
def test_every_vendor_error_is_one_of_ours(raised: Exception, ours: type[GuardError]) -> None:
    with pytest.raises(GuardError) as caught, translated("undeploy it"):
        raise raised

    assert type(caught.value) is ours
    assert "undeploy it" in str(caught.value)


def test_what_may_have_happened_says_so() -> None:
    for raised, ours in CASES:
        if ours in UNKNOWN:
            with pytest.raises(ours, match="unknown"), translated("undeploy it"):
                raise raised


def test_every_error_of_the_vendors_call_library_is_mapped() -> None:
    """A new class below GoogleAPICallError is told by its code; none may fall through as something else than ours."""
    kinds = {
        kind for kind in vars(google).values() if isinstance(kind, type) and issubclass(kind, google.GoogleAPICallError)
    }
    assert len(kinds) > 20
    for kind in kinds - {google.RetryError}:
        with pytest.raises(GuardError), translated("call"):
            raise kind("said")


def test_a_bug_of_ours_is_no_answer_of_the_platforms() -> None:
    with pytest.raises(KeyError), translated("call"):
        raise KeyError("ours")


def test_an_operation_that_found_no_machines_says_so() -> None:
    assert type(from_operation("deploy", 8, "no machines")) is NoCapacity
    assert type(from_operation("deploy", 13, "oops")) is Refused
