"""The official clients, pointed at the real services or, with TUNEGUARD_SANDBOX set, at the sandbox and nowhere else.

Reads may retry; calls that start something are made by clients whose retries are off, since a retried call can start it twice.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finetune.errors import ProviderError, UserError

if TYPE_CHECKING:
    import anthropic
    import openai
    from google import genai
    from google.cloud import storage

TIMEOUT_S = 60.0
SANDBOX_PRINCIPAL = "tuner@example.com"


def sandbox() -> str | None:
    """The sandbox's address, or None for the real services."""
    base = os.environ.get("TUNEGUARD_SANDBOX")
    if base and not base.startswith(("http://127.0.0.1", "http://localhost", "http://[::1]")):
        raise UserError(
            f'TUNEGUARD_SANDBOX: found "{base}", expected a loopback address such as http://127.0.0.1:8080.'
        )
    return base.rstrip("/") if base else None


def openai_client() -> openai.OpenAI:
    """OpenAI's client.

    Raises:
        UserError: No key is set.
    """
    import openai

    base = sandbox()
    if base:
        return openai.OpenAI(
            base_url=f"{base}/openai/v1", api_key="sandbox", admin_api_key="sandbox", timeout=TIMEOUT_S
        )
    if not os.environ.get("OPENAI_API_KEY"):
        raise UserError(
            "OPENAI_API_KEY is not set. Set it, or try everything with no account: TUNEGUARD_SANDBOX=URL of a sandbox."
        )
    return openai.OpenAI(timeout=TIMEOUT_S)


def anthropic_client() -> anthropic.Anthropic:
    """Anthropic's client.

    Raises:
        UserError: No key is set.
    """
    import anthropic

    base = sandbox()
    if base:
        return anthropic.Anthropic(base_url=f"{base}/anthropic", api_key="sandbox", timeout=TIMEOUT_S)
    if not os.environ.get("ANTHROPIC_API_KEY") and not os.environ.get("ANTHROPIC_AUTH_TOKEN"):
        raise UserError(
            "ANTHROPIC_API_KEY is not set. Set it, or try everything with no account: TUNEGUARD_SANDBOX=URL of a sandbox."
        )
    return anthropic.Anthropic(timeout=TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class Place:
    """A Google Cloud project and location."""

    project: str
    location: str

    @classmethod
    def of(cls, project: str | None, location: str | None) -> Place:
        """From options, else from GOOGLE_CLOUD_PROJECT and GOOGLE_CLOUD_LOCATION.

        Raises:
            UserError: No project is named.
        """
        project = project or os.environ.get("GOOGLE_CLOUD_PROJECT")
        if not project:
            raise UserError("No project is named. Give --project, or set GOOGLE_CLOUD_PROJECT.")
        return cls(project, location or os.environ.get("GOOGLE_CLOUD_LOCATION") or "us-central1")


def genai_client(place: Place) -> genai.Client:
    """google-genai's client for Vertex AI. Project and location are arguments: with a base URL it ignores the environment's."""
    from google import genai

    # It warns that tuning is experimental, though nothing else is left (facts of 2026-11-24), and of states newer than itself.
    warnings.filterwarnings("ignore", module=r"google\.genai.*")
    warnings.filterwarnings("ignore", category=genai._common.ExperimentalWarning)  # noqa: SLF001  # it is public nowhere

    base = sandbox()
    if base:
        from google.oauth2.credentials import Credentials

        token = Credentials(token=f"sandbox:{SANDBOX_PRINCIPAL}")
        options = genai.types.HttpOptions(base_url=base)
        return genai.Client(
            vertexai=True, project=place.project, location=place.location, credentials=token, http_options=options
        )
    return genai.Client(vertexai=True, project=place.project, location=place.location)


def storage_client(place: Place) -> storage.Client:
    """Cloud Storage's client."""
    from google.cloud import storage

    base = sandbox()
    if base:
        from google.auth.credentials import AnonymousCredentials

        anonymous = AnonymousCredentials()
        return storage.Client(project=place.project, credentials=anonymous, client_options={"api_endpoint": base})
    return storage.Client(project=place.project)


class VertexRest:
    """Vertex AI as plain JSON over google-auth's session: endpoints, models, operations.

    The generated client needs five seconds to import; a script that makes six calls does not repay them.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._hosts: dict[str, str] = {}
        base = sandbox()
        self.root = base or _root(place.location)
        if base:
            import requests

            self._session: Any = requests.Session()
            self._session.headers["Authorization"] = f"Bearer sandbox:{SANDBOX_PRINCIPAL}"
        else:
            import google.auth
            from google.auth.transport.requests import AuthorizedSession

            credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
            self._session = AuthorizedSession(credentials)

    @property
    def parent(self) -> str:
        """projects/P/locations/L."""
        return f"projects/{self.place.project}/locations/{self.place.location}"

    def call(self, verb: str, name: str, body: dict[str, Any] | None = None, **query: str) -> dict[str, Any]:
        """One call, no retry.

        Raises:
            VertexError: The service refused it.
        """
        return self._judged(
            self._session.request(verb, f"{self.root}/v1beta1/{name}", json=body, params=query, timeout=TIMEOUT_S)
        )

    @staticmethod
    def _judged(reply: Any) -> dict[str, Any]:
        try:
            data = reply.json() if reply.content else {}
        except ValueError as broken:  # a proxy's page, say
            raise VertexError(reply.status_code, "", reply.text[:200]) from broken
        if reply.status_code >= 400:
            error = data.get("error", {}) if isinstance(data, dict) else {}
            raise VertexError(reply.status_code, error.get("status", ""), error.get("message", reply.text[:200]))
        return dict(data)

    def predict(self, endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask a deployed model; a dedicated endpoint answers only under its own name, which is looked up once."""
        if endpoint not in self._hosts:
            dns = None if sandbox() else self.call("GET", endpoint).get("dedicatedEndpointDns")
            self._hosts[endpoint] = f"https://{dns}" if dns else self.root
        reply = self._session.post(f"{self._hosts[endpoint]}/v1/{endpoint}:predict", json=body, timeout=TIMEOUT_S)
        return self._judged(reply)

    def listed(self, name: str, key: str, **query: str) -> list[dict[str, Any]]:
        """All pages of a listing."""
        out: list[dict[str, Any]] = []
        token = ""
        while True:
            more = {"pageToken": token} if token else {}
            page = self.call("GET", name, None, **{"pageSize": "100", **more, **query})
            out += page.get(key, [])
            token = page.get("nextPageToken", "")
            if not token:
                return out


class VertexError(Exception):
    """Vertex AI's refusal: HTTP code, status word, message."""

    def __init__(self, code: int, status: str, message: str) -> None:
        super().__init__(f"{code} {status}: {message}")
        self.code = code
        self.status = status


def _root(location: str) -> str:
    if location == "global":
        return "https://aiplatform.googleapis.com"
    if location in {"us", "eu"}:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"


@contextmanager
def talking_to(provider: str, what: str) -> Iterator[None]:
    """Turn the clients' exceptions into one message: what was being done, what came back, what to do."""
    import httpx
    import requests

    lost: tuple[type[Exception], ...] = (httpx.TransportError, requests.ConnectionError, requests.Timeout)
    try:
        yield
    except lost as error:
        raise ProviderError(_lost(provider, what, error)) from error
    except VertexError as error:
        raise ProviderError(f"{provider} refused while {what}: {error}. {_advice(error.code)}") from error
    except Exception as error:
        text = _vendor_error(provider, what, error)
        if text is None:
            raise
        raise ProviderError(text) from error


def _lost(provider: str, what: str, error: Exception) -> str:
    return (
        f"The connection to {provider} was lost while {what} ({type(error).__name__}). What was begun is in the run's record: "
        "run the same command again to go on; nothing is started twice."
    )


def _vendor_error(provider: str, what: str, error: Exception) -> str | None:
    """The message for an exception of one of the vendors' packages; None for any other, which is a bug of ours."""
    package = type(error).__module__.split(".")[0]
    if package in _TRANSPORTS:  # a stream that breaks off comes through unwrapped
        return _lost(provider, what, error)
    if package not in {"openai", "anthropic", "google"}:
        return None
    if type(error).__name__ in CONNECTION_ERRORS:
        return _lost(provider, what, error)
    code = getattr(error, "status_code", None) or getattr(error, "code", None)
    words = (_told(error) or str(getattr(error, "message", None) or error)).rstrip(".")
    return f"{provider} refused while {what}: {words}. {_advice(code if isinstance(code, int) else 0)}"


def _told(error: Exception) -> str | None:
    """What the service itself said, out of the reply that Cloud Storage's client prints whole."""
    try:
        told = error.response.json()["error"]["message"]  # type: ignore[attr-defined]  # where there is none, None is the answer
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return str(told)


_TRANSPORTS = frozenset({"httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3"})
CONNECTION_ERRORS = frozenset(
    {"APIConnectionError", "APITimeoutError", "RetryError", "ServiceUnavailable", "TransportError"}
)


def _advice(code: int) -> str:
    return {
        401: "Check the key.",
        403: "The account lacks a permission for this.",
        404: "It is not there (any more); teardown.py shows what is left of the run.",
        429: "Too many requests or not enough credit: wait, then run the same command again.",
    }.get(code, "Run the same command again to go on; nothing is started twice.")
