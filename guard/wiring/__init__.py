"""The one place that chooses adapters. Everybody else is handed what they need."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guard.core.settings import Settings
from guard.ports.clock import Clock
from guard.ports.ledger import Ledger

if TYPE_CHECKING:
    from guard.adapters.connection import Connection
    from guard.daemon.budgets import BudgetWatch
    from guard.daemon.cycle import Cycle
    from guard.daemon.enrolled import Enrolled
    from guard.daemon.leader import Leadership
    from guard.daemon.usage_book import UsageBook
    from guard.ledger import SqlLedger
    from guard.ports.mutations import Store
    from guard.telemetry.metrics import Metrics
    from guard.wiring.acting import Provider
    from guard.wiring.in_force import InForce

SANDBOX = "TUNEGUARD_SANDBOX"
IDENTITY = "TUNEGUARD_IDENTITY"


@dataclass(slots=True, kw_only=True)
class Guard:
    """Everything that runs, put together; `close()` ends it."""

    cycle: Cycle
    ledger: Ledger
    clock: Clock
    metrics: Metrics
    leadership: Leadership
    in_force: InForce
    connection: Connection
    enrolled: Enrolled
    usage: UsageBook
    budgets: BudgetWatch
    store: Callable[[], Store | None]

    def close(self) -> None:
        self.leadership.release()
        self.in_force.close()
        self.connection.close()
        self.ledger.close()


def connect(environment: Mapping[str, str] = os.environ) -> Connection:
    """Connect to the sandbox that TUNEGUARD_SANDBOX names, else to the real platform.

    Raises WorldMismatch, NotSignedIn, Unavailable.
    """
    from guard.adapters.connection import Connection
    from guard.adapters.worlds import real_world, sandbox_world

    url = environment.get(SANDBOX)
    if not url:
        return Connection(real_world())
    return Connection(
        sandbox_world(url, identity=environment.get(IDENTITY), ca_file=environment.get("TUNEGUARD_SANDBOX_CA"))
    )


def clock_of(connection: Connection) -> Clock:
    """The clock of a world: the sandbox's, or this machine's."""
    from guard.adapters.clock import SandboxClock, SystemClock
    from guard.adapters.worlds import SandboxWorld

    world = connection.world
    return SandboxClock(world.session, world.url) if isinstance(world, SandboxWorld) else SystemClock()


def clock_of_environment(environment: Mapping[str, str] = os.environ) -> Clock:
    """The clock of the world that the environment names; signs in nowhere."""
    from guard.adapters.clock import SystemClock

    if not environment.get(SANDBOX):
        return SystemClock()
    return clock_of(connect(environment))


def _check_world(world: str, environment: Mapping[str, str]) -> None:
    from guard.ports.errors import WorldMismatch

    if not environment.get(SANDBOX):
        if world != "real":
            raise WorldMismatch(
                "This ledger belongs to a sandbox, and TUNEGUARD_SANDBOX is not set. Nothing was recorded.",
                hint="Source the env file beside it (the demo's: `source .tuneguard/demo/env`), or set TUNEGUARD_SANDBOX.",
            )
        return
    connection = connect(environment)
    here = connection.world.name
    connection.close()
    if here != world:
        raise WorldMismatch(
            f"This ledger belongs to {'the real cloud' if world == 'real' else world}, and TUNEGUARD_SANDBOX names {here}. "
            "Nothing was recorded.",
            hint="Unset TUNEGUARD_SANDBOX, or name the sandbox's own ledger (TUNEGUARD_LEDGER).",
        )


def ledger_url(path: Path, environment: Mapping[str, str] = os.environ) -> str:
    """The ledger's URL: TUNEGUARD_LEDGER, else what guard.yaml says (a relative SQLite path is relative to guard.yaml)."""
    given = environment.get("TUNEGUARD_LEDGER")
    if given:
        return given
    from guard.config import load

    return _beside(load(path, environment).ledger, path)


def open_existing_ledger(path: Path, environment: Mapping[str, str] = os.environ, *, writes: bool = False) -> SqlLedger:
    """Open the ledger for a command that reads, or (`writes`) records a person's word.

    Reading works without the world that the ledger belongs to, months later too. A word carries an instant of that world, so
    there the two have to fit: raises WorldMismatch, and LedgerUnusable where there is no ledger.
    """
    from guard.ledger import open_ledger
    from guard.ledger.manage import check

    if writes:
        _check_world(check(ledger_url(path, environment)).world, environment)

    url = ledger_url(path, environment)
    return open_ledger(url, world=check(url).world, create=False)


def build(
    path: Path,
    environment: Mapping[str, str] = os.environ,
    *,
    may_act: bool,
    create_ledger: bool = True,
    checkpoints: Callable[[str], None] | None = None,
    clock: Clock | None = None,
    lease: timedelta | None = None,
) -> Guard:
    """Put a guard together.

    Args:
        path: guard.yaml.
        environment: Where TUNEGUARD_* are read from.
        may_act: False leaves the mutation gateway out altogether: such a guard cannot change anything.
        create_ledger: False refuses where there is no ledger yet.
        checkpoints: Called between the steps of an act (crash tests).
        clock: In place of the world's (tests that move machine time).
        lease: Length of the lease; the default is guard.daemon.leader.LEASE.

    Raises:
        GuardError: With what is wrong; nothing was started.
    """
    from guard.adapters.audit.log import CloudAuditLog
    from guard.adapters.billing.catalog import BillingCatalog
    from guard.adapters.billing.pubsub import BudgetSubscription
    from guard.adapters.billing.shipped import shipped_rows
    from guard.adapters.monitoring.metered import MonitoringMetered
    from guard.adapters.monitoring.traffic import MonitoringTraffic
    from guard.adapters.openai.tunes import training_prices
    from guard.adapters.vertex.inventory import VertexInventory
    from guard.daemon.account import Accountant
    from guard.daemon.announce import Announcer
    from guard.daemon.bill import BillWatch
    from guard.daemon.books import Books
    from guard.daemon.budgets import BudgetWatch
    from guard.daemon.cycle import Cycle, Parts
    from guard.daemon.enrolled import Enrolled
    from guard.daemon.gauges import Gauges
    from guard.daemon.google_budgets import GoogleBudgets
    from guard.daemon.leader import LEASE, Leadership
    from guard.daemon.lessons import Lessons
    from guard.daemon.measuring import Redeploys
    from guard.daemon.metered import MeteredWatch
    from guard.daemon.reports import ReportWatch
    from guard.daemon.tunes import TuneWatch
    from guard.daemon.usage_book import UsageBook
    from guard.ledger import open_ledger
    from guard.telemetry.metrics import Metrics
    from guard.wiring.bill import bill_source
    from guard.wiring.identity import act_credentials
    from guard.wiring.in_force import InForce
    from guard.wiring.reporting import report_writer
    from guard.wiring.tunes import provider_side, tune_source

    metrics = Metrics()
    sandboxed = bool(environment.get(SANDBOX))
    in_force = InForce(path, environment, loopback_only=sandboxed, metrics=metrics)
    connection = connect(environment)
    metrics.count_calls(connection.calls.by_kind)
    ledger = open_ledger(
        environment.get("TUNEGUARD_LEDGER") or _beside(in_force.config.ledger, path),
        world=connection.world.name,
        create=create_ledger,
        durable_hint=True if sandboxed else None,  # a sandbox's world ends with its process; so may its ledger
    )
    clock = clock or clock_of(connection)
    settings = in_force.settings()
    inventory = VertexInventory(connection, locations=settings.enrolment.locations)
    traffic = MonitoringTraffic(
        connection, clock.now, metric_lag=settings.default.metric_lag, has_pools=inventory.has_pools
    )
    leadership = Leadership(ledger, clock, metrics, length=lease or LEASE)
    enrolled = Enrolled(inventory, CloudAuditLog(connection), ledger)
    usage = UsageBook(ledger, traffic)
    store = _store_of(connection, in_force.settings)
    books = Books(ledger, BillingCatalog(connection, lambda: in_force.settings().billing_account), shipped_rows())
    announcer = Announcer(ledger, in_force, metrics)
    budgets = BudgetWatch(ledger, books, announcer, leadership)
    parts = Parts(
        clock=clock,
        ledger=ledger,
        inventory=inventory,
        usage=usage,
        tunes=TuneWatch(ledger, lambda rules: tune_source(rules, environment), training_prices()),
        books=books,
        metered=MeteredWatch(ledger, MonitoringMetered(connection)),
        bills=BillWatch(ledger, bill_source(path.parent, sandboxed=sandboxed)),
        reports=ReportWatch(ledger, report_writer(ledger, in_force.settings)),
        budgets=budgets,
        google=GoogleBudgets(
            ledger,
            BudgetSubscription(connection.world.service("pubsub"), lambda: act_credentials(connection.world)),
        ),
        announcer=announcer,
        enrolled=enrolled,
        leadership=leadership,
        accountant=Accountant(ledger),
        gauges=Gauges(ledger, metrics, things=in_force.config.metric_things),
        redeploys=Redeploys(inventory),
        lessons=Lessons(ledger),
        metrics=metrics,
        settings=in_force.settings,
        stepped=sandboxed,
        acting=_acting(
            connection, inventory, ledger, leadership, store, provider_side(in_force.settings, environment, clock.now)
        )
        if may_act
        else None,
        **({"checkpoints": checkpoints} if checkpoints else {}),
    )
    return Guard(
        cycle=Cycle(parts),
        ledger=ledger,
        clock=clock,
        metrics=metrics,
        leadership=leadership,
        in_force=in_force,
        connection=connection,
        enrolled=enrolled,
        usage=usage,
        budgets=budgets,
        store=store,
    )


def seize_claims(path: Path, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Take every enrolled project's claim over for this ledger; returns what could not be taken, in words."""
    from guard.acts import claims

    guard = build(path, environment, may_act=True, create_ledger=False)
    try:
        settings, now = guard.in_force.settings(), guard.clock.now()
        store = guard.store()
        if store is None:
            return ["no bucket is configured (bucket: in guard.yaml)"]
        problems = []
        numbers = [project.number for project in guard.enrolled.projects(settings, now)]
        for number in [*numbers, *([settings.tunes.name] if settings.tunes is not None else [])]:
            taken = claims.seize(store, project=number, ledger=guard.ledger, now=now)
            if isinstance(taken, claims.ClaimRefused):
                problems.append(taken.why)
            else:
                guard.ledger.record_claim(number, taken.generation, now)
        return problems
    finally:
        guard.close()


def _acting(
    connection: Connection,
    inventory: Any,
    ledger: Ledger,
    leadership: Leadership,
    store: Callable[[], Store | None],
    provider: Provider,
) -> Any:
    from guard.acts.vertex import VertexMutations
    from guard.wiring.acting import GatewayActing
    from guard.wiring.identity import act_credentials

    world = connection.world
    mutations = VertexMutations(api_endpoint=world.vertex, credentials=lambda: act_credentials(world))
    return GatewayActing(
        inventory=inventory,
        ledger=ledger,
        mutations=mutations,
        store=store,
        leadership=leadership,
        provider=provider,
    )


def _store_of(connection: Connection, settings: Callable[[], Settings]) -> Callable[[], Store | None]:
    """The bucket in force for claims and recipes; one client an address."""
    from guard.acts.storage import BucketStore
    from guard.wiring.identity import storage_client

    stores: dict[str, Store] = {}

    def store() -> Store | None:
        address = settings().bucket
        if address is None:
            return None
        if address not in stores:
            stores[address] = BucketStore(address, client=lambda: storage_client(connection.world))
        return stores[address]

    return store


def _beside(url: str, path: Path) -> str:
    """Read a relative SQLite path as relative to guard.yaml, so that commands work from any folder."""
    prefix = "sqlite:///"
    file = url.removeprefix(prefix)
    if not url.startswith(prefix) or not file or Path(file).is_absolute():
        return url
    return f"{prefix}{(path.parent / file).resolve()}"
