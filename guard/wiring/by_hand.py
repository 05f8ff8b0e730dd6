"""What people's tools beside the daemon ask for: the calls that change something, and a keep on a thing just made.

A tool that removes what it made itself has no verdict, notice or recipe; what it shares with the daemon is the one room whose calls
change something: retries off, a short time-out, no answer means unknown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from guard.core.plan import KeepOrder
from guard.ports.errors import Gone, GuardError
from guard.ports.mutations import Mutations
from guard.wiring import clock_of_environment, connect, open_existing_ledger
from guard.wiring.identity import act_credentials

__all__ = ["Gone", "GuardError", "keep", "moment", "mutations", "object_deletion", "openai_mutations"]


def mutations(environment: Mapping[str, str] = os.environ) -> Mutations:
    """The changing calls of the world that the environment names. Raises GuardError, here and at each call."""
    from guard.acts.vertex import VertexMutations

    world = connect(environment).world
    return VertexMutations(api_endpoint=world.vertex, credentials=lambda: act_credentials(world))


def openai_mutations(*, base_url: str, key: str, environment: Mapping[str, str] = os.environ) -> Mutations:
    """The changing calls of a provider that speaks OpenAI's protocol.

    Raises:
        GuardError: A sandbox is set and `base_url` leads off this machine; later, at each call.
    """
    from guard.acts.openai import OpenAIMutations
    from guard.adapters.http import require_loopback

    if environment.get("TUNEGUARD_SANDBOX"):
        require_loopback(base_url)
    return OpenAIMutations(lambda: (base_url, key))


def object_deletion(environment: Mapping[str, str] = os.environ) -> Callable[[str, str, int], None]:
    """A call that deletes one object of a bucket: bucket, name, and the generation that was looked at.

    Raises GuardError, here and at each call: Gone where there is none, Busy where another was written since.
    """
    from guard.acts.storage import delete_object
    from guard.wiring.identity import storage_client

    client = storage_client(connect(environment).world)
    return lambda bucket, name, generation: delete_object(client, bucket, name, generation=generation)


def moment(text: str, now: datetime, zone: str) -> datetime:
    """The instant that people's words mean, as `tuneguard keep --until` reads them. Raises GuardError where it is not clear."""
    from guard.desk import moments

    return moments.moment(text, now, zone)


def keep(
    config: Path, *, subject: str, who: str, why: str, until: datetime, environment: Mapping[str, str] = os.environ
) -> KeepOrder:
    """Keep a thing that the guard may not have seen yet, by its canonical name; the same keep said twice is one.

    Raises:
        GuardError: There is no ledger, or it cannot be opened.
        ValueError: `until` is over already.
    """
    ledger = open_existing_ledger(config, environment)
    try:
        for order in ledger.keeps(subject):
            if order.until == until and order.who == who:
                return order
        return ledger.add_keep(subject, who, why, clock_of_environment(environment).now(), until)
    finally:
        ledger.close()
