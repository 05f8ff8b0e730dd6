r"""One act, from proposed to verified: its key, its states and the arrows between them. Pure.

    proposed -> noticed -> due -> intended -> started -> verified
        \          \        \        \          \-> unknown -> verified | failed | proposed afresh
         \-> cancelled (used again, kept, policy changed)    \-> refused (changed since plan, platform said no)

A restore is an act of the same kind (stage RESTORE): it starts at `due`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from guard.core.reasons import BlockReason, RemoveReason
from guard.core.units import Rate
from guard.core.verdict import Evidence, Stage


class ActState(StrEnum):
    """Where an act stands."""

    PROPOSED = "proposed"
    NOTICED = "noticed"
    DUE = "due"
    INTENDED = "intended"
    STARTED = "started"
    UNKNOWN = "unknown"
    VERIFIED = "verified"
    FAILED = "failed"
    REFUSED = "refused"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """True while it may still lead to a call or has one in flight."""
        return self not in {ActState.VERIFIED, ActState.FAILED, ActState.REFUSED, ActState.CANCELLED}

    @property
    def is_in_flight(self) -> bool:
        """True from the committed intent until its outcome is known."""
        return self in {ActState.INTENDED, ActState.STARTED, ActState.UNKNOWN}


ARROWS: Mapping[ActState, frozenset[ActState]] = {
    ActState.PROPOSED: frozenset({ActState.NOTICED, ActState.DUE, ActState.CANCELLED, ActState.REFUSED}),
    ActState.NOTICED: frozenset({ActState.DUE, ActState.CANCELLED, ActState.REFUSED}),
    ActState.DUE: frozenset({ActState.INTENDED, ActState.CANCELLED, ActState.REFUSED}),
    ActState.INTENDED: frozenset({ActState.STARTED, ActState.UNKNOWN, ActState.REFUSED, ActState.FAILED}),
    # started -> started: the next step of a restore, with its own operation
    ActState.STARTED: frozenset({ActState.STARTED, ActState.VERIFIED, ActState.UNKNOWN, ActState.FAILED}),
    ActState.UNKNOWN: frozenset({ActState.VERIFIED, ActState.FAILED, ActState.STARTED}),
    ActState.VERIFIED: frozenset(),
    ActState.FAILED: frozenset(),
    ActState.REFUSED: frozenset(),
    ActState.CANCELLED: frozenset(),
}


@dataclass(frozen=True, slots=True, order=True)
class ActKey:
    """Unique in the ledger: an act can be begun once."""

    subject: str
    generation: str
    stage: Stage
    attempt: int

    def __str__(self) -> str:
        return f"{self.stage.value} {self.subject} #{self.attempt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act as the ledger keeps it. Instants are domain time, UTC."""

    id: str
    key: ActKey
    state: ActState
    reason: RemoveReason
    policy: str
    project: str  # number
    project_id: str
    location: str
    display_name: str
    digest: str
    proposed_at: datetime
    due_at: datetime
    updated_at: datetime
    evidence: Evidence
    rate: Rate | None
    owner: str
    owner_source: str
    config_digest: str
    noticed_at: datetime | None = None
    intended_at: datetime | None = None
    settled_at: datetime | None = None
    operation: str | None = None
    recipe_id: str | None = None
    cycle_id: str | None = None
    term: int | None = None
    detail: str = ""
    block: BlockReason | None = None
    asked_by: str | None = None
    machine: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a removal leaves behind to bring it back: the raw v1beta1 documents of the second look.

    `documents` maps a role (`endpoint`, `deployed_model`, `model_version`, `pool`, `model`) to the raw JSON document.
    `lacks` lists in words what a restore cannot bring back (the deployed model id, a server-made endpoint id, ...).
    """

    id: str
    act_id: str
    subject: str
    stage: Stage
    made_at: datetime
    documents: Mapping[str, object]
    lacks: tuple[str, ...] = ()
    restorable: bool = True
    copied_to: str | None = None  # gs:// address of the copy
    env_names: tuple[str, ...] = field(default=())


def act_id(key: ActKey) -> str:
    """Return a repeatable id for a key, so that replaying a cycle adds nothing."""
    text = "|".join((key.subject, key.generation, key.stage.value, str(key.attempt)))
    return f"a-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def evidence_digest(evidence: Evidence) -> str:
    """Return a short digest of an evidence by value; an approval binds to it."""
    return hashlib.sha256(json.dumps(evidence, sort_keys=True, default=str).encode()).hexdigest()[:20]
