"""Sign-in of the sandbox: an OpenID provider that takes anybody's word for who they are, and IAP's signature for whoever asks.

On the loopback only, like all of the sandbox. Its keys are its own and new at each start; its words carry the machine's time,
because whoever checks them does so by the machine's clock.
"""

from starlette.routing import BaseRoute

from guard.sandbox.login import iap, oidc
from guard.sandbox.world import World

__all__ = ["routes"]


def routes(world: World) -> list[BaseRoute]:
    """The provider below /sandbox/login, IAP's keys and signature below /sandbox/iap."""
    return [*oidc.routes(world), *iap.routes(world)]
