"""What happens in one cycle: actions, notices, blocked, kept, unknown. Pure values; planning.py makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from guard.core.names import Scope
from guard.core.quick import quick
from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActKey
from guard.core.rules import Mode
from guard.core.units import Money, Rate
from guard.core.verdict import Idle, Keep, Stage, Undecided


class NoticeKind(StrEnum):
    """What a notice tells."""

    FIRST_SEEN = "first_seen"
    REMOVAL_AHEAD = "removal_ahead"
    REMOVAL_VOID = "removal_void"
    REMOVED = "removed"
    REMOVAL_FAILED = "removal_failed"
    WRONG_REMOVAL = "wrong_removal"
    RESTORED = "restored"
    RESTORE_FAILED = "restore_failed"
    JOB_WARNING = "job_warning"
    SUGGESTION = "suggestion"
    INSTRUMENTS = "instruments"
    BREAKER = "breaker"
    UNDELIVERABLE = "undeliverable"
    ENROLLED = "enrolled"
    PRICE_WAITS = "price_waits"
    BUDGET_CROSSED = "budget_crossed"
    TUNES = "tunes"
    GOOGLE_BUDGET = "google_budget"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One fact for one owner. `id` is made from the fact, so a second send of the same fact can be folded."""

    id: str
    kind: NoticeKind
    to: str
    subject: str
    title: str
    body: str
    made_at: datetime
    act_id: str | None = None
    due_at: datetime | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An idle thing with its act: `announce` (tell first), `act` (now), or `blocked` by reasons."""

    verdict: Idle
    key: ActKey
    due_at: datetime
    blocks: tuple[BlockReason, ...] = ()
    act: Act | None = None  # the open act in the ledger, if there is one
    group: str | None = None  # the pool that goes with it: its saving counts once the pool's replicas read zero
    group_rate: Rate | None = None  # what the whole pool bills; `verdict.subject.rate` of a sharer is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A scope whose instruments are in doubt; nothing is removed there."""

    scope: Scope
    why: str
    evidence: Mapping[str, object]
    acknowledged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """The breaker tripped: how many were selected, how many are usual."""

    selected: int
    fleet: int
    usual: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The same in every mode, computed as if notices were delivered."""

    cycle_id: str
    taken_at: datetime
    mode: Mode
    actions: tuple[Planned, ...]  # due now, dearest first, within the limits
    upcoming: tuple[Planned, ...]  # announced or to be announced, due later
    blocked: tuple[Planned, ...]
    kept: tuple[Keep, ...]
    unknown: tuple[Undecided, ...]
    suggestions: tuple[tuple[str, Stage, str], ...] = ()
    void: tuple[tuple[Act, str], ...] = ()  # open acts whose reason is gone, and why
    doubts: tuple[Doubt, ...] = ()
    breaker: Breaker | None = None
    config_digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepOrder:
    """A person's word that something stays."""

    id: int
    subject: str  # canonical name
    who: str
    why: str
    made_at: datetime
    until: datetime | None
    ended_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """True while it keeps."""
        return self.ended_at is None and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A person's word on one attempt with one evidence, until it expires."""

    act_id: str
    evidence_digest: str
    who: str
    made_at: datetime
    expires_at: datetime
    accept_loss: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A person has looked at a doubt (`scope`), a tripped breaker, or a widening."""

    what: str  # "scope:projects/1/locations/x", "breaker", "widening:<config digest>"
    who: str
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the ledger remembers of one thing."""

    name: str
    kind: str
    generation: str
    first_seen_at: datetime
    last_seen_at: datetime
    digest: str
    iac_marked: bool = False  # any sign of an IaC tool, once seen, for good
    removable_since: datetime | None = None  # when it last became newly removable
    restored_at: datetime | None = None
    wait_factor: int = 1  # doubled by each restore
    labels: Mapping[str, str] = field(default_factory=dict)
    told_first_seen: bool = False
    empty_since: datetime | None = None  # endpoints: without deployed models since; models: deployed nowhere since
    was_live: bool = False  # monitoring showed replicas before


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerView:
    """What a plan needs to know of the past."""

    acts: tuple[Act, ...] = ()  # open ones, and settled ones of the last days that limits count
    keeps: tuple[KeepOrder, ...] = ()
    approvals: tuple[Approval, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    seen: Mapping[str, Seen] = field(default_factory=dict)
    live_recipes: tuple[str, ...] = ()  # resource names that a restorable recipe names
    usual_selected: int = 0  # how many things a usual cycle newly selects
    blocked_machines: frozenset[tuple[Scope, str]] = frozenset()  # restores that found no capacity
    totals: Mapping[str, Money] = field(default_factory=dict)
