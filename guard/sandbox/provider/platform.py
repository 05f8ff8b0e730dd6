"""The sandbox over HTTP: the resource store, Vertex AI and Cloud Storage, as a person who owns the project."""

import time
from typing import Any, Final

import httpx

DEPLOYER: Final = "deployer@example.com"
WAIT_S: Final = 20.0
POLL_S: Final = 0.05


class PlatformError(Exception):
    """The platform's refusal; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Platform:
    """Calls that raise PlatformError with the platform's own words."""

    def __init__(self, url: str) -> None:
        # The sandbox is on this machine: a proxy from the environment must not come between.
        self._client = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer sandbox:{DEPLOYER}"}, timeout=30, trust_env=False
        )

    def call(self, verb: str, path: str, *, query: dict[str, str] | None = None, body: Any = None) -> Any:
        """One call; the parsed answer."""
        try:
            answer = self._client.request(verb, path, params=query, json=body)
        except httpx.HTTPError as error:
            raise PlatformError(0, f"{verb} {path}: no answer from the sandbox: {error}") from error
        if answer.status_code >= 400:
            raise PlatformError(answer.status_code, _message(answer))
        return answer.json() if answer.content else {}

    def find(self, path: str, *, query: dict[str, str] | None = None) -> Any:
        """A read; None where it is not found."""
        try:
            return self.call("GET", path, query=query)
        except PlatformError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def wait(self, version: str, operation: dict[str, Any]) -> None:
        """Until the operation is done; raises with its error.

        A world whose clock stands still would never get there, so its operations must take no time (scenario: `operations`).
        """
        deadline = time.monotonic() + WAIT_S
        while not operation.get("done"):
            if time.monotonic() > deadline:
                raise PlatformError(504, f"{operation['name']} did not end within {WAIT_S:g} s")
            time.sleep(POLL_S)
            operation = self.call("GET", f"/{version}/{operation['name']}")
        if error := operation.get("error"):
            raise PlatformError(409, str(error.get("message", error)))

    def project_number(self, project: str) -> str:
        """The number of a project id; the id itself where the platform does not know it."""
        found = self.find(f"/v3/projects/{project}") if project else None
        return str(found["name"]).rpartition("/")[2] if found else project

    def project_id(self, number: str) -> str:
        """The id of a project number; the number itself where the platform does not know it."""
        found = self.find(f"/v3/projects/{number}") if number else None
        return str(found["projectId"]) if found else number

    def require_api(self, project: str, api: str) -> None:
        """Refuse as the platform does where an API is not enabled: Vertex AI's own sandbox does not ask."""
        enabled = self.call("GET", "/resources/v1/items", query={"type": "gcp:projects/service:Service"})["items"]
        if not any((one["properties"]["project"], one["properties"]["service"]) == (project, api) for one in enabled):
            raise PlatformError(
                403, f"{api} has not been used in project {project} before or it is disabled (SERVICE_DISABLED)"
            )


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text or f"HTTP {answer.status_code}"
