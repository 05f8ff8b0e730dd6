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
    """The official Cloud Storage client of one world, on the world's session: its connections are as many as act at once, and
    in a sandbox they end at this machine.
    """
    from google.cloud import storage

    credentials = act_credentials(world)
    if isinstance(world, SandboxWorld):
        options = {"api_endpoint": world.url}
        return storage.Client(project="sandbox", credentials=credentials, _http=world.session, client_options=options)
    return storage.Client(credentials=credentials, _http=world.session)
