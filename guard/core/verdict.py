"""What was judged of one thing: keep, idle, or not known; each with a reason and evidence by value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from guard.core.model import Kind
from guard.core.quick import quick
from guard.core.reasons import KeepReason, RemoveReason
from guard.core.units import Rate

Evidence: TypeAlias = Mapping[str, Any]
"""What was seen, by value: JSON scalars, lists and mappings only, readable years later without the cloud."""


class Stage(StrEnum):
    """The steps of removal, each a separate opt-in, and the acts that undo or stop."""

    SCALE_TO_ZERO = "scale_to_zero"  # suggested only
    UNDEPLOY = "undeploy"
    DELETE_ENDPOINT = "delete_endpoint"
    DELETE_MODEL = "delete_model"
    WARN_JOB = "warn_job"
    CANCEL_JOB = "cancel_job"
    DELETE_FILE = "delete_file"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long silence must last, and the sum that led to it.

    `length` None means never. `because` is one sentence for people; `sum` the figures it rests on (JSON scalars).
    `notice` runs inside the wait: people are told `notice` before the end.
    """

    length: timedelta | None
    because: str
    notice: timedelta = timedelta(0)
    worst_case: str = ""
    sum: Evidence = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The thing that a verdict is about; enough to name it, to find its policy and to lock an act to it.

    `generation` changes when the thing is another one under the same name (createTime + deployed model id, or the set of
    versions). `rate` is None where the price is unknown or nothing bills by the hour (`billed` tells which).
    """

    name: str
    kind: Kind
    project_id: str
    location: str
    display_name: str
    labels: Mapping[str, str]
    generation: str
    digest: str
    created_at: datetime | None
    billed: bool
    rate: Rate | None
    rate_note: str = ""  # source and date of the price, or why it is unknown
    machine: str = ""
    owner: str | None = None
    owner_source: str = ""
    members: tuple[str, ...] = ()  # pool: its sharers; endpoint: its deployed models
    aliases: tuple[str, ...] = ()  # further names that a policy may match: the endpoint's display name
    group: str | None = None  # a pool's sharer: the pool, which bills for it


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """It stays, and is known to be right to stay."""

    subject: Subject
    reason: KeepReason
    policy: str | None
    evidence: Evidence
    wait: Wait | None = None
    silent_for: timedelta | None = None
    last_used_at: datetime | None = None
    would_go_at: datetime | None = None  # if the silence goes on


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """It stays because something is not known."""

    subject: Subject
    reason: KeepReason
    policy: str | None
    evidence: Evidence
    wait: Wait | None = None
    silent_for: timedelta | None = None
    last_used_at: datetime | None = None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """It may go: the stage that its policy opts in to, and from when. `due_at` is when its wait ends (may lie ahead by
    the notice: people are told first).
    """

    subject: Subject
    reason: RemoveReason
    stage: Stage
    policy: str
    evidence: Evidence
    wait: Wait
    silent_for: timedelta
    last_used_at: datetime | None
    due_at: datetime
    parts: tuple[Subject, ...] = ()  # what the acts are on, where that is not the subject itself: a pool's sharers


Verdict: TypeAlias = Keep | Idle | Undecided
