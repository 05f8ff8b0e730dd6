"""One sandbox world: clock, projects, documents, deployments, traffic, faults, and the log of every call."""

import heapq
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from guard.sandbox.clock import VirtualClock, rfc3339
from guard.sandbox.deployments import Deployment, PoolRun
from guard.sandbox.errors import ApiError
from guard.sandbox.faults import Faults
from guard.sandbox.store import Document, Store

if TYPE_CHECKING:
    from guard.sandbox.operations import Operation

EndpointKey = tuple[str, str, str]
"""(project number, location, endpoint id)."""


class Traffic(Protocol):
    """What the frame asks of an endpoint's traffic; `guard.sandbox.traffic` holds the rest."""

    def record(self, at: datetime, n: int, code: int) -> None:
        """Count `n` real calls answered with the HTTP status `code`."""

    def counts(self, start: datetime, end: datetime, bucket: timedelta) -> Any:
        """Requests in each `bucket` of the window [start, end): a numpy array."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A cloud project: `id` and `number` name the same thing; answers carry the number."""

    id: str
    number: str
    display_name: str = ""
    parent: str = "organizations/1"
    labels: dict[str, str] = field(default_factory=dict)
    locations: tuple[str, ...] = ()
    forbidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as the server saw it; `at` is virtual time, `status` the HTTP (or gRPC) status, 0 where none went out."""

    index: int
    at: datetime
    service: str
    method: str
    resource: str
    principal: str
    status: int
    changes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """Who made something, by a call that succeeded or by the scenario's word: what the audit log is written from.

    `method` is the audit log's: `google.cloud.aiplatform.v1.EndpointService.CreateEndpoint`.
    """

    at: datetime
    method: str
    resource: str
    principal: str


Authorizer = Callable[[str, str, str], bool]
"""(principal, permission, resource name) -> allowed. All authorizers of a world must agree."""
Responder = Callable[[Document], Document]
"""generateContent request body -> response body."""


class World:
    """The state that all services of a sandbox share. Hold `lock` while reading or changing several parts of it.

    Things that finish later (operations, deployments, scenario changes) are put on the agenda with `at`; `settle` does
    what has fallen due. Services call `settle` before they read, so that nothing needs a thread of its own.
    """

    def __init__(self, *, start: datetime, speed: float = 0.0, seed: int = 0, world_id: str | None = None) -> None:
        self.id = world_id or uuid.uuid4().hex
        self.start = start
        self.seed = seed
        self.lock = threading.RLock()
        self.clock = VirtualClock(start, speed=speed)
        self.faults = Faults(self.clock, seed=seed)
        self.store = Store()
        self.operations: dict[str, Operation] = {}
        self.open_operations: dict[str, list[Operation]] = {}
        self.projects: dict[str, Project] = {}
        self.deployments: list[Deployment] = []
        self.live: dict[tuple[str, str], Deployment] = {}
        self.pool_runs: list[PoolRun] = []
        self.traffic: dict[EndpointKey, Traffic] = {}
        self.creations: list[Creation] = []
        self.calls: list[Call] = []
        self.responders: dict[str, Responder] = {}
        self.authorizers: list[Authorizer] = []
        self.settings: dict[str, Any] = {}
        self.missed: list[str] = []
        self._ids = count(1)
        self._agenda: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._agenda_order = count()

    # -- time

    def now(self) -> datetime:
        """Virtual time, aware UTC."""
        return self.clock.now()

    def at(self, when: datetime, do: Callable[[datetime], None]) -> None:
        """Have `do(when)` happen once the clock has reached `when`."""
        heapq.heappush(self._agenda, (when, next(self._agenda_order), do))

    def settle(self) -> None:
        """Do everything on the agenda that has fallen due, in order of time, each as of its own instant."""
        if not self._agenda or self._agenda[0][0] > self.clock.now():
            return
        with self.lock:
            while self._agenda and self._agenda[0][0] <= self.clock.now():
                when, _, do = heapq.heappop(self._agenda)
                do(when)

    def careful(self, do: Callable[[datetime], None]) -> Callable[[datetime], None]:
        """`do`, but what cannot be done (a thing that is gone by then) is noted in `missed` and stops nothing."""

        def attempt(when: datetime) -> None:
            try:
                do(when)
            except (ApiError, ValueError) as error:
                self.missed.append(f"{rfc3339(when)}: {error}")

        return attempt

    def advance(self, step: timedelta) -> datetime:
        """Step the clock and settle."""
        self.clock.advance(step)
        self.settle()
        return self.clock.now()

    # -- names

    def add_project(self, project: Project) -> None:
        """Make a project known by id and by number."""
        self.projects[project.id] = project
        self.projects[project.number] = project

    def project(self, id_or_number: str) -> Project | None:
        """The project of this id or number."""
        return self.projects.get(id_or_number)

    def all_projects(self) -> list[Project]:
        """Each project once."""
        return [project for key, project in self.projects.items() if key == project.number]

    def new_id(self) -> str:
        """A fresh 19-digit id, the same in every run of a scenario."""
        return str(4_000_000_000_000_000_000 + (next(self._ids) * 7_919_000_000_007 + self.seed) % 10**18)

    # -- people and calls

    def authorize(self, principal: str, permission: str, name: str) -> bool:
        """Whether `principal` may use `permission` on `name`: it is not lost, and every authorizer agrees."""
        if self.faults:
            parts = name.split("/")
            location = parts[parts.index("locations") + 1] if "locations" in parts[:-1] else ""
            project = self.project(parts[1]) if parts[0] == "projects" and len(parts) > 1 else None
            lost = self.faults.take(
                "permission_lost",
                service=permission.partition(".")[0],
                permission=permission,
                project=project.id if project else "",
                location=location,
                resource=name,
                principal=principal,
            )
            if lost is not None:
                return False
        return all(allows(principal, permission, name) for allows in self.authorizers)

    def log_call(self, *, service: str, method: str, resource: str, principal: str, status: int, changes: bool) -> None:
        """Write down one call; `changes` says whether calls of this method change anything."""
        with self.lock:
            self.calls.append(
                Call(
                    index=len(self.calls),
                    at=self.clock.now(),
                    service=service,
                    method=method,
                    resource=resource,
                    principal=principal,
                    status=status,
                    changes=changes,
                )
            )

    def record_request(self, key: EndpointKey, n: int, code: int, *, at: datetime | None = None) -> None:
        """Count real calls to an endpoint as traffic, now or as of `at`."""
        traffic = self.traffic.get(key)
        if traffic is None:
            from guard.sandbox.traffic import parse

            traffic = parse("none", start=self.start, seed=self.seed)
            self.traffic[key] = traffic
        traffic.record(at or self.clock.now(), n, code)
