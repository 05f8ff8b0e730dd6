"""What a cycle is made of, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from guard.core.model import Snapshot
from guard.core.plan import Plan
from guard.core.removal import Act
from guard.core.settings import Settings
from guard.core.verdict import Verdict
from guard.daemon.account import Accountant
from guard.daemon.acting import Acting, Did
from guard.daemon.announce import Announcer
from guard.daemon.bill import BillWatch
from guard.daemon.books import Books
from guard.daemon.budgets import BudgetWatch
from guard.daemon.enrolled import Enrolled
from guard.daemon.gauges import Gauges
from guard.daemon.google_budgets import GoogleBudgets
from guard.daemon.leader import Leadership
from guard.daemon.lessons import Lessons
from guard.daemon.measuring import Redeploys
from guard.daemon.metered import MeteredWatch
from guard.daemon.reports import ReportWatch
from guard.daemon.tunes import TuneWatch
from guard.daemon.usage_book import UsageBook
from guard.ports.clock import Clock
from guard.ports.inventory import Inventory
from guard.ports.ledger import Ledger
from guard.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What wiring hands to the cycle. `acting` None: this process can only look (no room for changes was opened)."""

    clock: Clock
    ledger: Ledger
    inventory: Inventory
    usage: UsageBook
    books: Books
    bills: BillWatch
    metered: MeteredWatch
    reports: ReportWatch
    budgets: BudgetWatch
    google: GoogleBudgets
    tunes: TuneWatch
    announcer: Announcer
    enrolled: Enrolled
    leadership: Leadership
    accountant: Accountant
    gauges: Gauges
    redeploys: Redeploys
    lessons: Lessons
    metrics: Metrics
    settings: Callable[[], Settings]
    stepped: bool = False  # domain time is a sandbox's
    acting: Acting | None = None
    checkpoints: Callable[[str], None] = field(default=lambda _point: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one cycle saw and did. `skipped`: another daemon leads."""

    cycle_id: str
    now: datetime
    skipped: bool = False
    snapshot: Snapshot | None = None
    verdicts: tuple[Verdict, ...] = ()
    plan: Plan | None = None
    did: tuple[Did, ...] = ()
    settled: tuple[Did, ...] = ()
    proposed: tuple[Act, ...] = ()
    unlisted: tuple[Mapping[str, object], ...] = ()  # documents of what could not be listed
    took: timedelta = timedelta(0)
