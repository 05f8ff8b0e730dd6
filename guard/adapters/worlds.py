"""The two worlds: the real cloud, signed in with default credentials, and a sandbox on this machine. They never meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import requests

from guard.adapters.errors import DOCTOR, translated
from guard.adapters.http import require_loopback, sandbox_session, signed_in_session
from guard.adapters.quota import Limiter, limited, unlimited
from guard.ports.errors import Malformed, NotSignedIn, Unavailable

MULTI_REGIONS = ("us", "eu")
"""Tuned Gemini 3.x serves only here; their hosts do not follow the regions' pattern."""
REAL = "real"


class World(Protocol):
    """Where calls go and as whom."""

    @property
    def name(self) -> str:
        """`real`, or `sandbox:<world id>`: a ledger belongs to one."""
        ...

    @property
    def session(self) -> requests.Session: ...

    @property
    def limiter(self) -> Limiter: ...

    @property
    def extra_locations(self) -> Sequence[str]:
        """Locations that the platform's own list may leave out."""
        ...

    def vertex(self, location: str) -> str:
        """Base URL of Vertex AI in a location."""
        ...

    def service(self, name: str) -> str:
        """Base URL of another service (`cloudresourcemanager`, `logging`)."""
        ...

    def channel(self) -> Any:
        """Arguments for the official monitoring client's transport (a gRPC channel, or credentials)."""
        ...

    def metadata(self) -> Sequence[tuple[str, str]]:
        """Say who calls, as gRPC metadata."""
        ...


@dataclass(frozen=True, slots=True)
class RealWorld:
    """Google Cloud, with one identity for REST and gRPC."""

    session: requests.Session
    credentials: Any
    limiter: Limiter
    name: str = REAL
    extra_locations: Sequence[str] = ("global", *MULTI_REGIONS)

    def vertex(self, location: str) -> str:
        if location == "global":
            return "https://aiplatform.googleapis.com"
        if location in MULTI_REGIONS:
            return f"https://aiplatform.{location}.rep.googleapis.com"
        return f"https://{location}-aiplatform.googleapis.com"

    def service(self, name: str) -> str:
        return f"https://{name}.googleapis.com"

    def channel(self) -> Any:
        from google.cloud.monitoring_v3.services.metric_service.transports import MetricServiceGrpcTransport

        return MetricServiceGrpcTransport(credentials=self.credentials)

    def metadata(self) -> Sequence[tuple[str, str]]:
        return ()


@dataclass(frozen=True, slots=True)
class SandboxWorld:
    """A sandbox on this machine: `url` for everything that speaks HTTP, `grpc` (host:port) for Monitoring."""

    session: requests.Session
    url: str
    grpc: str
    name: str
    identity: str | None = None
    ca_file: str | None = None
    limiter: Limiter = unlimited
    extra_locations: Sequence[str] = ()  # a scenario says which locations there are

    def vertex(self, location: str) -> str:  # noqa: ARG002  # one host speaks for all locations
        return self.url

    def service(self, name: str) -> str:  # noqa: ARG002  # the same host speaks for all services
        return self.url

    def channel(self) -> Any:
        import grpc
        from google.cloud.monitoring_v3.services.metric_service.transports import MetricServiceGrpcTransport

        require_loopback(self.grpc)
        # gRPC has its own idea of proxies, which would carry a call off this machine; and answers may pass 4 MiB.
        options = [("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", -1)]
        if self.ca_file is None:
            channel = grpc.insecure_channel(self.grpc, options=options)
        else:
            with open(self.ca_file, "rb") as file:  # noqa: PTH123  # read once, at start
                credentials = grpc.ssl_channel_credentials(file.read())
            channel = grpc.secure_channel(self.grpc, credentials, options=options)
        return MetricServiceGrpcTransport(channel=channel)

    def metadata(self) -> Sequence[tuple[str, str]]:
        return (("authorization", f"Bearer sandbox:{self.identity}"),) if self.identity else ()


def real_world(load_credentials: Callable[..., tuple[Any, str | None]] | None = None) -> RealWorld:
    """Sign in with Application Default Credentials; raises NotSignedIn where there are none."""
    if load_credentials is None:
        from google.auth import default

        load_credentials = default
    try:
        with translated("google credentials"):
            credentials, _ = load_credentials(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    except NotSignedIn as error:
        raise NotSignedIn(
            "No Google credentials were found.",
            hint="Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to a key file; "
            "`tuneguard demo` needs none.",
        ) from error
    return RealWorld(session=signed_in_session(credentials), credentials=credentials, limiter=limited())


def sandbox_world(url: str, *, identity: str | None = None, ca_file: str | None = None) -> SandboxWorld:
    """Find a running sandbox by its URL; raises WorldMismatch for one that is not on this machine, Unavailable, Malformed."""
    base = url.rstrip("/")
    require_loopback(base)
    session = sandbox_session(identity, ca_file)
    state = ask_sandbox(session, base, "/sandbox/state?documents=false")
    grpc_target, world_id = state.get("grpc"), state.get("world")
    if not isinstance(grpc_target, str) or not isinstance(world_id, str):
        raise Malformed(
            f"{base}/sandbox/state does not name its gRPC target and world id.",
            hint="Is this a tuneguard sandbox, of this version?",
        )
    require_loopback(grpc_target)
    return SandboxWorld(
        session=session, url=base, grpc=grpc_target, name=f"sandbox:{world_id}", identity=identity, ca_file=ca_file
    )


def ask_sandbox(session: requests.Session, base: str, path: str) -> Mapping[str, Any]:
    """Read one of a sandbox's own pages (`/sandbox/clock`).

    Raises Unavailable where no sandbox listens, Malformed where something else does.
    """
    try:
        with translated(f"sandbox at {base}"):
            response = session.get(f"{base}{path}", timeout=10, allow_redirects=False)
            state = response.json() if response.status_code == requests.codes.ok else None
    except Unavailable as error:
        raise Unavailable(
            f"No sandbox answers at {base}.",
            hint="Start one with `tuneguard sandbox --scenario FILE`, or unset TUNEGUARD_SANDBOX.",
        ) from error
    if not isinstance(state, dict):
        raise Malformed(f"What answers at {base} is not a tuneguard sandbox ({response.status_code}).", hint=DOCTOR)
    return state
