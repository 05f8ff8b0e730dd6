"""No vendor exception crosses an adapter."""

import inspect
import types

import google.api_core.exceptions
import google.auth.exceptions
import pytest
import requests.exceptions

from guard.adapters.errors import _BY_NAME, from_status, translate, translated
from guard.ports.errors import (
    Busy,
    Gone,
    GuardError,
    Malformed,
    NotSignedIn,
    PermissionMissing,
    RateLimited,
    Refused,
    RetryLater,
    TimedOut,
    Unavailable,
)

# Bases whose children must each have been thought about; what has no row of its own nor a parent below these is new.
ROOTS = {
    "requests.exceptions.RequestException",
    "google.api_core.exceptions.GoogleAPIError",
    "builtins.OSError",
}
# Errors of features that reads do not use; they may fall through to their module's base.
LEFT_TO_THE_BASE = {
    "requests.exceptions.RequestException",
    "google.api_core.exceptions.GoogleAPIError",
    "google.api_core.exceptions.TransferStalledError",
    "google.api_core.exceptions.UnseekableStreamError",
    "google.api_core.exceptions.UploadCancelledError",
}


def errors_of(module: types.ModuleType) -> list[type[BaseException]]:
    return [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and not issubclass(kind, Warning) and kind.__module__ == module.__name__
    ]


def qualified(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


ALL = [
    kind
    for module in (requests.exceptions, google.auth.exceptions, google.api_core.exceptions)
    for kind in errors_of(module)
]


@pytest.mark.parametrize("kind", ALL, ids=qualified)
def test_every_error_that_the_vendors_know_has_one_of_ours(kind: type[BaseException]) -> None:
    error = kind.__new__(kind)
    error.args = ("something",)
    if issubclass(kind, google.api_core.exceptions.GoogleAPICallError):
        error = kind("something")  # its code and message are attributes
        if kind.code is None:
            return  # a base without a code, never raised
    elif issubclass(kind, google.api_core.exceptions.RetryError):
        error = kind("something", cause=None)
    ours = translate(error, "endpoints.list in projects/1")

    assert isinstance(ours, GuardError)
    assert type(ours) is not GuardError
    assert "endpoints.list in projects/1" in ours.message


@pytest.mark.parametrize("kind", ALL, ids=qualified)
def test_none_falls_through_to_a_root_unnoticed(kind: type[BaseException]) -> None:
    if issubclass(kind, google.api_core.exceptions.GoogleAPICallError):
        return  # translated by code
    first = next(qualified(base) for base in kind.__mro__ if qualified(base) in _BY_NAME)

    assert first not in ROOTS or qualified(kind) in LEFT_TO_THE_BASE


def test_every_row_of_the_mapping_names_an_error_that_exists() -> None:
    import builtins
    import json.decoder

    modules = {
        m.__name__: m for m in (requests.exceptions, google.auth.exceptions, google.api_core.exceptions, builtins)
    }
    modules["json.decoder"] = json.decoder

    for name in _BY_NAME:
        module, _, kind = name.rpartition(".")
        assert hasattr(modules[module], kind), name


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        (400, "INVALID_ARGUMENT", Refused),
        (400, "FAILED_PRECONDITION", Busy),
        (401, "UNAUTHENTICATED", NotSignedIn),
        (403, "PERMISSION_DENIED", PermissionMissing),
        (404, "NOT_FOUND", Gone),
        (408, "", TimedOut),
        (409, "ABORTED", Busy),
        (412, "", Busy),
        (418, "", Refused),
        (429, "RESOURCE_EXHAUSTED", RateLimited),
        (302, "", Malformed),
        (499, "CANCELLED", Unavailable),
        (500, "INTERNAL", Unavailable),
        (503, "UNAVAILABLE", Unavailable),
        (504, "DEADLINE_EXCEEDED", TimedOut),
    ],
)
def test_an_answer_is_translated_by_its_code(code: int, status: str, expected: type[GuardError]) -> None:
    assert type(from_status(code, status, "words", "x.list")) is expected


def test_only_what_may_pass_is_tried_again() -> None:
    assert all(issubclass(kind, RetryLater) for kind in (RateLimited, Unavailable, TimedOut))
    assert not any(issubclass(kind, RetryLater) for kind in (PermissionMissing, Gone, Malformed, NotSignedIn, Refused))


def test_a_bug_of_ours_stays_visible() -> None:
    with pytest.raises(ZeroDivisionError), translated("x.list"):
        raise ZeroDivisionError


def test_a_long_answer_is_told_in_one_line_without_credentials() -> None:
    told = from_status(500, "", "first line, see https://me:hunter2@host/ Bearer ya29.secret\nTraceback ...", "x.list")

    assert "Traceback" not in told.message
    assert "hunter2" not in told.message
    assert "ya29" not in told.message
