"""The guard's memory: what it saw, decided, told and did. Each method is one transaction; implemented by guard.ledger.

Instants are domain time unless a name says machine. Raises LedgerBusy (retry), LedgerUnusable (needs a person).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from guard.core.billed import Billed
from guard.core.budget import Crossing
from guard.core.catalogue import PriceUpdate, Quote
from guard.core.plan import Acknowledgement, Approval, KeepOrder, LedgerView, Notice, Seen
from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActKey, ActState, Recipe
from guard.core.units import Money
from guard.core.usage import Usage
from guard.core.verdict import Evidence
from guard.ports.billing import BillBook
from guard.ports.glance import Glances
from guard.ports.google_budgets import GoogleNoticeBook


@dataclass(frozen=True, slots=True)
class Lease:
    """Leadership: `term` is the fencing token, raised at each change of holder; `expires_in` is what the database said
    was left (machine time) when it was taken or renewed.
    """

    holder: str
    term: int
    expires_in: timedelta


@dataclass(frozen=True, slots=True)
class Held:
    """Who leads, and how much of its lease the database says is left (machine time)."""

    holder: str
    left: timedelta


@dataclass(frozen=True, slots=True)
class LedgerInfo:
    """What kind of ledger this is. `world` is `real` or `sandbox:<world id>`."""

    id: str
    world: str
    created_at: datetime
    durable: bool
    adopted_by: str | None
    adopted_at: datetime | None
    url: str  # without a password
    incarnation: str = ""  # random, made anew at each adoption
    last_write: int = 0  # how many writing transactions there have been


@dataclass(frozen=True, slots=True)
class HighWater:
    """How far a ledger had got. A claim in the cloud that carries it tells a ledger restored from a backup from the true
    one: such a ledger lacks events that the claim knows, or has others in their place. Machine time has no part in it.
    """

    ledger_id: str
    incarnation: str
    term: int
    last_write: int
    events: int  # length of the hash chain over act events
    head: str  # hash of its last event


@dataclass(frozen=True, slots=True)
class Paused:
    """Somebody stopped everything."""

    who: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentCheck:
    """What the transaction of an intent compares with the ledger; any difference refuses the intent."""

    holder: str
    term: int
    config_digest: str
    needs_approval: bool
    evidence_digest: str
    attempts: int  # most attempts of this subject, generation and stage
    per_day: int  # throttle: most intents in the 24 h before now
    per_project_per_day: int | None
    now: datetime
    also_kept_by: tuple[str, ...] = ()  # names whose keep keeps the subject too: a pool's sharers


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRecord:
    """One cycle as remembered; `plan` is the JSON document of `tuneguard plan --output json`."""

    id: str
    taken_at: datetime
    mode: str
    config_digest: str
    term: int | None
    took: timedelta
    summary: Mapping[str, int]
    plan: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActEvent:
    """One arrow that an act took; append-only."""

    act_id: str
    at: datetime
    state: ActState
    detail: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """Claimed and measured saving of one verified removal."""

    act_id: str
    subject: str
    since: datetime
    until: datetime | None
    rate: Money | None  # an hour
    claimed: Money | None
    measured: Money | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """A notice waiting to be delivered, or its history."""

    notice: Notice
    attempts: int
    next_at: datetime
    delivered_at: datetime | None
    escalated: bool
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRead:
    """One reading of the price catalogue: when, whether it was read whole, and what it changed (JSON)."""

    at: datetime
    succeeded: bool
    detail: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)


class Ledger(Glances, BillBook, GoogleNoticeBook, Protocol):
    """See the module's docstring. `now` is always passed in."""

    # identity, adoption, leader ------------------------------------------------------------------
    def info(self) -> LedgerInfo: ...
    def adopt(self, who: str, why: str, now: datetime, *, above_term: int = 0) -> None:
        """Let this ledger act, on a person's word. `above_term` is the highest term that a claim in the cloud knows: the
        next leader's term will be higher.
        """
        ...

    def high_water(self) -> HighWater: ...
    def behind(self, claimed: HighWater) -> str | None:
        """Say in words how this ledger falls short of what a claim knows of it (restored from a backup); None if it does not."""
        ...

    def acquire_lease(self, holder: str, ttl: timedelta) -> Lease | None: ...
    def renew_lease(self, lease: Lease, ttl: timedelta) -> Lease | None: ...
    def release_lease(self, lease: Lease) -> None: ...
    def leader(self) -> Held | None: ...
    def current_term(self) -> int: ...
    def last_holder_expired_for(self) -> timedelta | None:
        """How long ago the latest lease ran out (machine time); None while one is held."""
        ...

    # people's words -------------------------------------------------------------------------------
    def pause(self, who: str, why: str, now: datetime) -> None: ...
    def resume(self, who: str, why: str, now: datetime) -> None: ...
    def paused(self) -> Paused | None: ...
    def add_keep(self, subject: str, who: str, why: str, now: datetime, until: datetime | None) -> KeepOrder: ...
    def end_keeps(self, subject: str, who: str, now: datetime) -> int: ...
    def keeps(self, subject: str | None = None) -> Sequence[KeepOrder]: ...
    def approve(self, approval: Approval) -> None: ...
    def acknowledge(self, acknowledgement: Acknowledgement) -> None: ...

    # what was seen --------------------------------------------------------------------------------
    def save_seen(self, seen: Sequence[Seen]) -> None: ...
    def seen(self) -> Mapping[str, Seen]: ...
    def save_usage(self, usage: Mapping[str, Usage], *, from_hour: int) -> None:
        """Merge hours from `from_hour` on into the record of each subject; nothing stored ever falls."""
        ...

    def load_usage(self, *, from_hour: int, subjects: Sequence[str] | None = None) -> Mapping[str, Usage]: ...
    def usage_covered_until(self) -> Mapping[str, datetime]:
        """Project number -> end of what has been read for it."""
        ...

    def set_usage_covered_until(self, until: Mapping[str, datetime]) -> None: ...
    def save_replicas(self, means: Mapping[str, Mapping[int, float]]) -> None:
        """Keep mean replicas by subject and hour number; a later reading of an hour replaces an earlier one."""
        ...

    def replicas(self, *, from_hour: int, subjects: Sequence[str] | None = None) -> Mapping[str, Mapping[int, Decimal]]:
        """Mean replicas by subject and hour number, from an hour on; an hour that was not measured is left out."""
        ...

    def save_creators(self, creators: Mapping[str, str]) -> None: ...
    def creators(self) -> Mapping[str, str]: ...

    def save_learning(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep what was learned of silences, one bounded document a thing (and one named `fleet`), and nothing else of it."""
        ...

    def learning(self) -> Mapping[str, Mapping[str, Any]]: ...

    # cycles and decisions -------------------------------------------------------------------------
    def save_cycle(self, record: CycleRecord) -> None: ...
    def latest_cycle(self) -> CycleRecord | None: ...
    def cycles(self, limit: int) -> Sequence[CycleRecord]: ...
    def save_verdicts(self, cycle_id: str, now: datetime, verdicts: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep the latest document of each subject, and one row for each change of verdict or reason."""
        ...

    def verdict(self, subject: str) -> Mapping[str, Any] | None: ...
    def verdicts(self) -> Mapping[str, Mapping[str, Any]]: ...
    def verdict_changes(self, subject: str, limit: int) -> Sequence[Mapping[str, Any]]: ...
    def config_seen(self, digest: str, now: datetime) -> bool:
        """Remember the digest of the configuration in force; True if it is another one than before."""
        ...

    # acts -----------------------------------------------------------------------------------------
    def view(self, now: datetime) -> LedgerView: ...
    def propose(self, act: Act) -> bool:
        """Store a new act; False if one with its key is there already."""
        ...

    def move(self, act_id: str, old: ActState, new: ActState, now: datetime, **changes: Any) -> bool:
        """Take one arrow (compare-and-set, with an event); False if the act is not in `old` any more.

        `changes` are fields of Act, and `evidence` for the event.
        """
        ...

    def postpone(self, act_id: str, due_at: datetime, now: datetime, why: str) -> bool:
        """Move an announced due time later; False (and nothing changed) if it would move earlier."""
        ...

    def intend(self, act_id: str, check: IntentCheck, recipe: Recipe | None, evidence: Evidence) -> Act | BlockReason:
        """In one transaction: check adoption, durability, term, claim, pause, keeps, approval, limits, configuration; store
        recipe and evidence; move `due` -> `intended`. Returns the act, or the reason why not (then nothing changed).

        A restore is neither kept back by a keep nor counted by the throttle.
        """
        ...

    def acts(
        self,
        *,
        subject: str | None = None,
        open_only: bool = False,
        cycle_id: str | None = None,
        limit: int | None = None,
    ) -> Sequence[Act]: ...
    def latest_restores(self) -> Sequence[Act]:
        """The latest attempt of each restore that has not succeeded and was not given up, by recipe."""
        ...

    def act(self, act_id: str) -> Act | None: ...
    def act_by_key(self, key: ActKey) -> Act | None: ...
    def act_events(self, act_id: str) -> Sequence[ActEvent]: ...
    def recipe(self, recipe_id: str) -> Recipe | None: ...
    def recipes(self, *, subject: str | None = None) -> Sequence[Recipe]: ...

    # telling --------------------------------------------------------------------------------------
    def enqueue(self, notices: Sequence[Notice], now: datetime) -> int:
        """Put notices into the outbox; one whose id is there already is left out. Returns how many were new."""
        ...

    def outbox(self, now: datetime, limit: int = 200) -> Sequence[OutboxItem]: ...
    def notices(
        self, *, subject: str | None = None, act_id: str | None = None, limit: int = 50
    ) -> Sequence[OutboxItem]: ...
    def notice_result(
        self,
        notice_id: str,
        now: datetime,
        *,
        delivered: bool,
        detail: str,
        retry_at: datetime | None,
        escalate_to: str | None,
    ) -> None: ...

    # money and upkeep -----------------------------------------------------------------------------
    def save_savings(self, savings: Sequence[Saving]) -> None: ...
    def savings(self) -> Sequence[Saving]: ...
    def save_prices_used(self, rows: Sequence[Mapping[str, str]], now: datetime) -> None: ...
    def quotes(self) -> Sequence[Quote]:
        """Every price that a catalogue said: in force, waiting for a person, past."""
        ...

    def quotes_stamp(self) -> str:
        """A text that changes whenever the prices in force do."""
        ...

    def save_price_update(self, update_: PriceUpdate, read: PriceRead) -> None:
        """Store what a reading changed, all of it or nothing."""
        ...

    def save_price_read(self, read: PriceRead) -> None:
        """Remember a reading that changed nothing, or failed."""
        ...

    def price_reads(self, limit: int) -> Sequence[PriceRead]: ...
    def accept_price(self, quote_id: int, who: str) -> Sequence[Quote]:
        """Put a waiting price, and with it every one of the same SKU, in force from its own time on, on a person's word;
        none if none waits under this number.
        """
        ...

    def save_billed(self, things: Sequence[Billed]) -> None: ...
    def billed(self) -> Sequence[Billed]:
        """Everything that bills or billed by the hour, also what is gone."""
        ...

    def save_crossings(self, crossings: Sequence[Crossing]) -> None: ...
    def crossings(self, *, open_only: bool = False) -> Sequence[Crossing]:
        """Budget crossings, oldest first."""
        ...

    def save_provider_look(self, provider: str, document: Mapping[str, Any]) -> None: ...
    def provider_look(self, provider: str) -> Mapping[str, Any] | None:
        """The latest look at a provider whose tunes bill by tokens."""
        ...

    def provider_looks(self) -> Sequence[Mapping[str, Any]]: ...
    def record_claim(self, project: str, generation: int | None, now: datetime) -> None:
        """Remember this ledger's claim on a project (None: no claim)."""
        ...

    def claims(self) -> Mapping[str, int]: ...
    def thin(self, now: datetime, keep_detail: timedelta) -> int:
        """Drop old detail; acts, recipes and their evidence stay. Returns how many rows went."""
        ...

    def close(self) -> None: ...
