"""Takes the models off a stack's endpoint shells: an endpoint that serves cannot be deleted, and Pulumi does not undeploy.

People deploy to shells by hand or by script, so Pulumi knows nothing of these models. The models stay in the registry.
"""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import requests

POLL_S: Final = 2.0
WAIT_S: Final = 1_200.0
"""As long as the real provider waits for an endpoint's operations (20 minutes)."""


class UndeployError(RuntimeError):
    """The platform refused or did not finish; what was undeployed before stays so, and typing the command again goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A deployed model: `endpoint` is the full resource name."""

    endpoint: str
    id: str
    model: str


def deployed(session: requests.Session, endpoints: Iterable[str]) -> list[Deployed]:
    """What is deployed on the endpoints; one that is gone has nothing."""
    found: list[Deployed] = []
    for endpoint in endpoints:
        answer = session.get(f"{_base(endpoint)}/v1beta1/{endpoint}", timeout=60)
        if answer.status_code == 404:
            continue
        document = _document(answer, f"reading {endpoint}")
        found += [
            Deployed(endpoint=endpoint, id=str(one["id"]), model=str(one.get("model", "")))
            for one in document.get("deployedModels", ())
        ]
    return found


def undeploy(session: requests.Session, one: Deployed) -> None:
    """Undeploy and wait for it.

    Raises:
        UndeployError: With the platform's words.
    """
    base = _base(one.endpoint)
    doing = f"undeploying {one.id} from {one.endpoint}"
    # With other models still there, the call has to say where the traffic goes. All of them are going, so any of them will do.
    body: dict[str, Any] = {"deployedModelId": one.id}
    if rest := _rest(session, one):
        body["trafficSplit"] = rest
    answer = session.post(f"{base}/v1beta1/{one.endpoint}:undeployModel", json=body, timeout=60)
    operation = _document(answer, doing)
    deadline = time.monotonic() + WAIT_S
    while not operation.get("done"):
        if time.monotonic() > deadline:
            raise UndeployError(f"{doing}: {operation['name']} did not end within {WAIT_S:.0f} s; look again later")
        time.sleep(POLL_S if "TUNEGUARD_SANDBOX" not in os.environ else 0.02)
        operation = _document(session.get(f"{base}/v1beta1/{operation['name']}", timeout=60), doing)
    if error := operation.get("error"):
        raise UndeployError(f"{doing}: {error.get('message', error)}")


def open_session() -> requests.Session:
    """Application default credentials, or none towards a sandbox.

    Raises:
        UndeployError: There are no credentials.
    """
    if "TUNEGUARD_SANDBOX" in os.environ:
        plain = requests.Session()
        plain.trust_env = False
        return plain
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError
    from google.auth.transport.requests import AuthorizedSession

    try:
        credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    except DefaultCredentialsError as error:
        raise UndeployError("no Google credentials. Type: gcloud auth application-default login") from error
    return AuthorizedSession(credentials)  # type: ignore[no-any-return]  # google-auth's session has no types


def _rest(session: requests.Session, going: Deployed) -> dict[str, int]:
    """All traffic to one of the models that stay for the moment."""
    others = [one.id for one in deployed(session, [going.endpoint]) if one.id != going.id]
    return {others[0]: 100} if others else {}


def _base(endpoint: str) -> str:
    region = endpoint.split("/")[3]
    return os.environ.get("TUNEGUARD_SANDBOX") or f"https://{region}-aiplatform.googleapis.com"


def _document(answer: Any, doing: str) -> dict[str, Any]:
    if answer.status_code >= 400:
        try:
            message = answer.json()["error"]["message"]
        except (ValueError, KeyError, TypeError):
            message = answer.text
        raise UndeployError(f"{doing}: the platform refused with {answer.status_code}: {message}")
    document: dict[str, Any] = answer.json()
    return document
