"""What waits on the subscriptions of a world."""

import base64
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from guard.sandbox.clock import rfc3339
from guard.sandbox.resources.items import items_of
from guard.sandbox.world import World

ACK_DEADLINE = timedelta(seconds=60)
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"


@dataclass(slots=True)
class Message:
    """One message; `held_until`: somebody pulled it and may still acknowledge it."""

    id: str
    data: bytes
    attributes: Mapping[str, str]
    published_at: datetime
    held_until: datetime | None = None
    twice: bool = False  # delivered once more although it was acknowledged: at least once is what is promised


@dataclass(slots=True)
class Queue:
    """One subscription."""

    waiting: dict[str, Message] = field(default_factory=dict)
    published_until: dict[str, datetime] = field(default_factory=dict)  # budget id -> its latest notice
    made: int = 0

    def publish(self, data: bytes, attributes: Mapping[str, str], at: datetime) -> None:
        """Add a message. Each third is delivered twice."""
        self.made += 1
        message = Message(f"{9_000_000 + self.made}", data, attributes, at, twice=self.made % 3 == 0)
        self.waiting[message.id] = message

    def pull(self, most: int, now: datetime) -> list[dict[str, Any]]:
        """Hand out what nobody holds, oldest first."""
        free = [one for one in self.waiting.values() if one.held_until is None or one.held_until <= now]
        answer = []
        for message in free[:most]:
            message.held_until = now + ACK_DEADLINE
            answer.append(
                {
                    "ackId": f"ack-{message.id}",
                    "message": {
                        "data": base64.b64encode(message.data).decode(),
                        "attributes": dict(message.attributes),
                        "messageId": message.id,
                        "publishTime": rfc3339(message.published_at),
                    },
                }
            )
        return answer

    def acknowledge(self, ids: Iterable[str]) -> None:
        """Forget what was acknowledged, but for what comes once more."""
        for ack in ids:
            message = self.waiting.get(ack.removeprefix("ack-"))
            if message is not None and message.twice:
                message.twice, message.held_until = False, None
            elif message is not None:
                del self.waiting[message.id]


class Queues:
    """The subscriptions of a world: those of the scenario's budgets, and those that Pulumi made."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._queues: dict[str, Queue] = {}

    def add(self, name: str) -> None:
        """Make a subscription known; names carry the project's id."""
        self._queues.setdefault(self._canonical(name), Queue())

    def get(self, name: str) -> Queue | None:
        """The queue of a subscription, or None where there is no such subscription."""
        asked = self._canonical(name)
        if asked not in self._queues and items_of(self._world).get(SUBSCRIPTION, asked) is not None:
            self._queues[asked] = Queue()
        return self._queues.get(asked)

    def _canonical(self, name: str) -> str:
        parts = name.split("/")
        project = self._world.project(parts[1]) if len(parts) > 1 else None
        return "/".join([parts[0], project.id, *parts[2:]]) if project else name


_QUEUES: "weakref.WeakKeyDictionary[World, Queues]" = weakref.WeakKeyDictionary()


def queues_of(world: World) -> Queues:
    """The subscriptions of a world, made at first use."""
    return _QUEUES.setdefault(world, Queues(world))
