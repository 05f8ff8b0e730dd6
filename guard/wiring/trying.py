"""A policy tried on the past: the ledger's record, or Cloud Monitoring's, put before the backtest."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from guard.core.settings import Settings
from guard.core.units import Window, hour_number, hour_start
from guard.core.usage import Usage, merge
from guard.ports.inventory import Project
from guard.ports.ledger import Ledger
from guard.ports.traffic import Traffic

if TYPE_CHECKING:
    from guard.adapters.connection import Connection

AT_ONCE = timedelta(days=7)
"""How much of the past is asked for at a time: a week of a thousand deployments takes about 15 MB."""

LONGEST = 42
"""Cloud Monitoring keeps these metrics six weeks (docs.cloud.google.com/monitoring/quotas, read 2026-11-24)."""


def try_on_ledger(
    ledger: Ledger,
    settings: Settings,
    waits: Sequence[str] | None = None,
    *,
    most_cold_starts: float | None = None,
) -> dict[str, Any]:
    """Replay rules over the ledger's own history; returns the document of `guard.backtest.trial.trial`.

    `fleets` is empty where nothing in the ledger has usage, a price and a policy with `if_wrong`. Raises TraceInvalid (ValueError)
    for a word in `waits` that is no rule, LedgerUnusable.
    """
    machines = {thing.name: thing.machine for thing in ledger.billed()}
    return _try(
        "The ledger's history",
        ledger.load_usage(from_hour=0),
        ledger.verdicts(),
        settings,
        waits,
        machines,
        most_cold_starts,
    )


def try_on_monitoring(
    path: Path,
    waits: Sequence[str] | None = None,
    *,
    days: int = LONGEST,
    most_cold_starts: float | None = None,
    environment: Mapping[str, str] = os.environ,
) -> dict[str, Any]:
    """Replay rules over what Cloud Monitoring still knows of the projects in guard.yaml; needs no ledger and writes nothing.

    Returns the document of `guard.backtest.trial.trial` with `problems`: windows that could not be read completely. Their hours
    count as use: no saving is claimed where nobody looked. Raises GuardError where the projects cannot be listed, NotFoundByName
    where nothing that bills by the hour was used.
    """
    from guard.adapters.monitoring.traffic import MonitoringTraffic
    from guard.adapters.vertex.inventory import VertexInventory
    from guard.config import load
    from guard.core.billed import billed_now
    from guard.core.documents import verdict_document
    from guard.core.judge import judge
    from guard.core.plan import LedgerView
    from guard.daemon.measuring import Redeploys
    from guard.daemon.usage_book import present_in
    from guard.ports.errors import ConfigInvalid, NotFoundByName
    from guard.wiring import clock_of, connect

    if not 1 <= days <= LONGEST:
        raise ConfigInvalid(
            f"--days: found {days}; expected 1 to {LONGEST}.",
            hint="Cloud Monitoring keeps these metrics for six weeks.",
        )
    settings = load(path, environment).settings
    connection = connect(environment)
    try:
        now = clock_of(connection).now()
        inventory = VertexInventory(connection, locations=settings.enrolment.locations)
        with _passing_ledger(connection) as ledger:
            projects, prices = _projects_and_prices(connection, inventory, ledger, settings, now)
        snapshot = inventory.snapshot(projects, now)
        traffic = MonitoringTraffic(
            connection, lambda: now, metric_lag=settings.default.metric_lag, has_pools=inventory.has_pools
        )
        usages: dict[str, Usage] = {}
        problems: list[str] = []
        present = present_in(snapshot)
        for project in projects:
            found, wrong = _read(traffic, project, now, timedelta(days=days), present.get(project.number, ()))
            usages |= found
            problems += wrong
        redeploys = Redeploys(inventory)

        def judged() -> Any:
            return judge(
                snapshot,
                usages,
                settings.rules_of,
                prices,
                LedgerView(),
                now,
                measured_redeploy=redeploys.measured,
            )

        verdicts = judged()
        if redeploys.measure(verdicts):
            verdicts = judged()
        document = _try(
            f"Cloud Monitoring, {days} days",
            usages,
            {verdict.subject.name: verdict_document(verdict) for verdict in verdicts},
            settings,
            waits,
            {name: thing.machine for name, thing in billed_now(snapshot, verdicts, now).items()},
            most_cold_starts,
        )
    finally:
        connection.close()
    if not document["fleets"]:
        why = "; ".join(sorted({line["why"] for line in document["left_out"]})) or "nothing there bills by the hour"
        raise NotFoundByName(
            f"Cloud Monitoring shows nothing to replay in {len(projects)} projects: {why}.",
            hint="A policy needs if_wrong, a thing needs a price and at least one call in the time read.",
        )
    return {**document, "problems": problems}


def _read(
    traffic: Traffic, project: Project, now: datetime, back: timedelta, present: Iterable[str]
) -> tuple[dict[str, Usage], list[str]]:
    """Read one project part by part; a part that is not complete stays a hole, and the next one is read all the same.

    What is `present` and has no series was not called: that is data too, and a pool's other sharers count only with it.
    """
    known = set(present)
    from guard.daemon.usage_book import usage_of

    end = hour_start(hour_number(now))
    start = end - back + timedelta(hours=1)  # the oldest hour that is still whole
    usages: dict[str, Usage] = {}
    problems: list[str] = []
    while start < end:
        until = min(start + AT_ONCE, end)
        reading = traffic.read(project, Window(start, until))
        if not reading.complete:
            problems.append(f"{project.id}, {start:%Y-%m-%d} to {until:%Y-%m-%d}: {'; '.join(reading.problems)}")
        for name, record in usage_of(reading, {*known, *usages}).items():
            usages[name] = merge(usages[name], record) if name in usages else record
        start = until
    return usages, problems


def _projects_and_prices(
    connection: Connection, inventory: Any, ledger: Ledger, settings: Settings, now: datetime
) -> tuple[Sequence[Project], Any]:
    from guard.adapters.audit.log import CloudAuditLog
    from guard.adapters.billing.catalog import BillingCatalog
    from guard.adapters.billing.shipped import shipped_rows
    from guard.daemon.books import Books
    from guard.daemon.enrolled import Enrolled

    books = Books(ledger, BillingCatalog(connection), shipped_rows())
    books.refresh(now)
    return Enrolled(inventory, CloudAuditLog(connection), ledger).projects(settings, now), books.book()


@contextmanager
def _passing_ledger(connection: Connection) -> Iterator[Ledger]:
    """A ledger for the length of one command: the price list's rows have to be somewhere."""
    from guard.ledger import open_ledger

    with TemporaryDirectory(prefix="tuneguard-") as folder:
        ledger = open_ledger(f"sqlite:///{folder}/prices.db", world=connection.world.name)
        try:
            yield ledger
        finally:
            ledger.close()


def _try(
    source: str,
    usages: Mapping[str, Usage],
    documents: Mapping[str, Mapping[str, Any]],
    settings: Settings,
    waits: Sequence[str] | None,
    machines: Mapping[str, Any],
    most_cold_starts: float | None,
) -> dict[str, Any]:
    from guard.backtest.terms import classes_of, histories, terms_of
    from guard.backtest.trial import WAITS, trial

    terms, without = terms_of(documents, settings.rules_of, every=settings.every, machines=machines)
    return trial(
        histories(usages, documents, terms),
        terms,
        waits or WAITS,
        source=source,
        left_out=without,
        classes=classes_of((settings.default, *settings.groups.values())),
        most_cold_starts=most_cold_starts,
    )
