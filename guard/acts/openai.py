"""The calls that change something at a provider that speaks OpenAI's protocol, through its official client: once, no retries.

Cancelling a job stops its cost. Deleting a tune or a file saves nothing and cannot be undone: that is said wherever it is shown,
and it is done only for an id that guard.yaml names, with who accepts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from guard.ports.errors import (
    Busy,
    Gone,
    GuardError,
    NotSignedIn,
    PermissionMissing,
    RateLimited,
    Refused,
    TimedOut,
    Unavailable,
)
from guard.ports.mutations import CALL_TIMEOUT, Begun

Access = Callable[[], "tuple[str, str] | GuardError"]
"""Base URL and key as they are now, or why there is none."""

_BY_CODE: Mapping[int, type[GuardError]] = {
    401: NotSignedIn,
    403: PermissionMissing,
    404: Gone,
    408: TimedOut,
    409: Busy,
    429: RateLimited,
    504: TimedOut,
}


class OpenAIMutations:
    """See guard.ports.mutations.Mutations; what such a provider does not have is refused. Raises only GuardError."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def cancel_job(self, job: str) -> Begun:
        with self._calling(f"cancel {job}") as client:
            client.fine_tuning.jobs.cancel(_id(job))
        return Begun(None)

    def delete_model(self, model: str) -> Begun:
        with self._calling(f"delete {model}") as client:
            client.models.delete(_id(model))
        return Begun(None)

    def delete_file(self, file: str) -> Begun:
        with self._calling(f"delete {file}") as client:
            client.files.delete(_id(file))
        return Begun(None)

    def undeploy(self, endpoint: str, deployed_model_id: str, *, traffic_split: Mapping[str, int] | None) -> Begun:
        del deployed_model_id, traffic_split
        raise _not_there(endpoint)

    def delete_endpoint(self, endpoint: str) -> Begun:
        raise _not_there(endpoint)

    def create_endpoint(self, parent: str, document: Mapping[str, Any], endpoint_id: str | None) -> Begun:
        del document, endpoint_id
        raise _not_there(parent)

    def deploy(self, endpoint: str, document: Mapping[str, Any], traffic_split: Mapping[str, int]) -> Begun:
        del document, traffic_split
        raise _not_there(endpoint)

    def label_endpoint(self, endpoint: str, labels: Mapping[str, str], etag: str) -> Begun:
        del labels, etag
        raise _not_there(endpoint)

    def check_document(self, kind: str, document: Mapping[str, Any]) -> str | None:
        del kind, document
        return None

    @contextmanager
    def _calling(self, what: str) -> Iterator[Any]:
        """A client for one call, closed after it: acts are rare. Errors are ours."""
        access = self._access()
        if isinstance(access, GuardError):
            raise access
        from openai import DefaultHttpxClient, OpenAI

        url, key = access
        # A proxy of the environment would carry a sandbox's calls off this machine.
        http = DefaultHttpxClient(trust_env=not url.startswith("http://127.0.0.1"))
        timeout = CALL_TIMEOUT.total_seconds()
        client = OpenAI(api_key=key, base_url=url, max_retries=0, timeout=timeout, http_client=http)
        with client, _translated(what):
            yield client


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Raise ours for the client's; what is not known to have been refused counts as unknown."""
    import openai

    try:
        yield
    except openai.APITimeoutError as error:
        raise TimedOut(f"{what}: no answer in time; what became of it is unknown.") from error
    except openai.APIStatusError as error:
        words = str(error.message).splitlines()[0] if str(error.message) else type(error).__name__
        told = f"{what}: the service answered {error.status_code}: {words}"
        if error.status_code in _BY_CODE:
            raise _BY_CODE[error.status_code](told) from error
        raise (Unavailable if error.status_code >= 500 else Refused)(told) from error
    except openai.APIError as error:
        raise Unavailable(
            f"{what}: the connection was cut ({type(error).__name__}); what became of it is unknown."
        ) from error


def _id(name: str) -> str:
    return name.split("/", 5)[5]


def _not_there(name: str) -> Refused:
    return Refused(f"{name}: such a provider has no endpoints; nothing was called.")
