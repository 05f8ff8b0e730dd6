"""Who the official clients of guard.acts are signed in as: in a sandbox never with default credentials."""

from __future__ import annotations

from typing import Any

from guard.adapters.worlds import RealWorld, SandboxWorld, World


def act_credentials(world: World) -> Any:
    """Credentials for the Vertex AI clients of one world."""
    match world:
        case RealWorld():
            return world.credentials
        case SandboxWorld(identity=str() as identity):
            from google.oauth2.credentials import Credentials

            return Credentials(token=f"sandbox:{identity}")
        case _:
            from google.auth.credentials import AnonymousCredentials

            return AnonymousCredentials()


def storage_client(world: World) -> Any:
    """The official Cloud Storage client of one world."""
    from google.cloud import storage

    credentials = act_credentials(world)
    if isinstance(world, SandboxWorld):
        return storage.Client(project="sandbox", credentials=credentials, client_options={"api_endpoint": world.url})
    return storage.Client(credentials=credentials)
