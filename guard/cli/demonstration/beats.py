"""The story's beats: each decision of a look as one line for people. Pure: results in, lines out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from guard.core.model import Kind
from guard.core.plan import Planned
from guard.core.reasons import MEANING, BlockReason, KeepReason, RemoveReason
from guard.core.removal import Act, ActState
from guard.core.units import Money, Rate
from guard.core.verdict import Idle, Keep, Stage, Undecided, Verdict
from guard.daemon.acting import Did
from guard.daemon.cycle import Result


class What(StrEnum):
    """The word that a line begins with."""

    LOOKED = "looked"
    NEW = "new"
    ANNOUNCED = "announced"
    UNDEPLOYED = "undeployed"
    DELETED = "deleted"
    CANCELLED = "cancelled"
    RESTORED = "restored"
    STAYS = "stays"
    WAITS = "waits"
    REFUSED = "refused"
    KEPT = "kept"
    UNKNOWN = "unknown"
    PEOPLE = "people"
    DOUBT = "in doubt"


@dataclass(frozen=True, slots=True)
class Beat:
    """One line: when (UTC), what, about whom, in words."""

    at: datetime
    what: What
    name: str
    text: str


SHORT: dict[RemoveReason, str] = {
    RemoveReason.IDLE: "silent",
    RemoveReason.POOL_IDLE: "pool silent",
    RemoveReason.ONLY_PROBES: "probes only",
    RemoveReason.ONLY_FAILING: "every call fails",
    RemoveReason.ROLLOUT_LEFTOVER: "0 % of the calls",
    RemoveReason.ENDPOINT_EMPTY: "no model on it",
    RemoveReason.MODEL_UNUSED: "deployed nowhere",
    RemoveReason.FILE_UNUSED: "read by no job",
    RemoveReason.TUNING_LEFTOVER: "left by a tuning job",
    RemoveReason.JOB_STALLED: "no progress",
    RemoveReason.JOB_OVER_TIME: "runs far too long",
    RemoveReason.JOB_OVER_ESTIMATE: "over its estimate",
    RemoveReason.JOB_OVER_BUDGET: "over a budget",
    RemoveReason.ASKED_BY_PERSON: "a person asked",
}
"""Reasons in as few words as a line has room for; the full sentences are MEANING's."""

HELD: dict[BlockReason, str] = {
    BlockReason.THROTTLED: "the day's limit is used up; the dearest go first",
    BlockReason.OUTSIDE_ACT_WINDOW: "its policy acts at certain hours only",
    BlockReason.LARGE_WIDENING: "so many at once wait until a person has looked",
    BlockReason.INSTRUMENTS_DOUBTFUL: "the instruments there are in doubt",
    BlockReason.BREAKER: "far more than usual: nothing goes until a person has looked",
}
"""Blocks in as few words as a line has room for; the full sentences are MEANING's."""

KEEPS: dict[KeepReason, str] = {
    KeepReason.KEPT_BY_LABEL: "its label says keep",
    KeepReason.LABEL_NOT_UNDERSTOOD: "its label is not understood: read as keep",
    KeepReason.DEPLOYING: "it is being deployed right now",
    KeepReason.MANAGED_BY_IAC: "its shell stays: an IaC tool manages it",
    KeepReason.SCALED_TO_ZERO: "it has scaled itself to zero",
    KeepReason.RESTORED_RECENTLY: "it was restored just now",
}
"""Keeps that are worth a line of their own when they begin; being in use is not."""

UNKNOWNS: dict[KeepReason, str] = {
    KeepReason.METRICS_MISSING: "there are no metrics of it",
    KeepReason.METRICS_STALE: "its metrics end too long ago",
    KeepReason.METRICS_PARTIAL: "its metrics are incomplete",
    KeepReason.NOT_LIVE: "its metrics are missing or late: silence is not proven",
    KeepReason.WITNESS_MISSING: "nothing but the call count says that it is silent",
    KeepReason.WITNESS_DISAGREES: "no calls are counted, and its machine is busy",
    KeepReason.PRICE_UNKNOWN: "what an hour of it costs is not known",
}

_DONE = {
    Stage.UNDEPLOY: What.UNDEPLOYED,
    Stage.DELETE_ENDPOINT: What.DELETED,
    Stage.DELETE_MODEL: What.DELETED,
    Stage.CANCEL_JOB: What.CANCELLED,
    Stage.DELETE_FILE: What.DELETED,
    Stage.RESTORE: What.RESTORED,
}


@dataclass(slots=True)
class Teller:
    """Turns results into beats; remembers what it has told, so that each thing is said once."""

    _told: set[tuple[str, str]] = field(default_factory=set)
    _before: dict[str, str] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)

    def tell(self, result: Result) -> list[Beat]:
        """The beats of one look, in the order in which they fell."""
        if result.plan is None:
            return []
        first = not self._known
        beats = [
            *self._settled(result),
            *([self._overview(result)] if first else self._news(result)),
            *self._verdicts(result, first=first),
            *(Beat(result.now, What.STAYS, act.display_name, _void(why)) for act, why in result.plan.void),
            *self._announced(result),
            *self._held(result),
        ]
        self._before = {verdict.subject.name: verdict.reason.value for verdict in result.verdicts}
        self._known |= self._before.keys()
        return beats

    def _settled(self, result: Result) -> Iterator[Beat]:
        for did in (*result.settled, *result.did):
            act = did.act
            if did.state is ActState.VERIFIED:
                yield Beat(result.now, _DONE[act.key.stage], act.display_name, _outcome(did))
            elif did.state in {ActState.REFUSED, ActState.FAILED}:
                why = MEANING[did.block] if did.block else did.detail
                yield Beat(result.now, What.REFUSED, act.display_name, why)

    def _overview(self, result: Result) -> Beat:
        billed = [verdict for verdict in result.verdicts if verdict.subject.billed]
        models = sum(1 for verdict in result.verdicts if verdict.subject.kind is Kind.MODEL)
        text = (
            f"{len(result.verdicts) - models} things, {models} registry models; {len(billed)} bill by the hour: "
            f"{rate_of(result.verdicts)}. Owners are told"
        )
        return Beat(result.now, What.LOOKED, "", text)

    def _news(self, result: Result) -> Iterator[Beat]:
        back = {did.act.display_name for did in result.did if did.act.key.stage is Stage.RESTORE}
        for verdict in result.verdicts:
            subject = verdict.subject
            if name_of(verdict) in back:
                continue
            if subject.billed and subject.kind is Kind.DEPLOYED_MODEL and subject.name not in self._known:
                cost = f"{subject.rate.per_hour} an hour" if subject.rate else "a price that is not known"
                yield Beat(result.now, What.NEW, name_of(verdict), f"{cost}; its owner is told")

    def _verdicts(self, result: Result, *, first: bool) -> Iterator[Beat]:
        """Keeps that are worth a line, and what is not known: said when it begins, and once."""
        per_token = 0
        for verdict in result.verdicts:
            if isinstance(verdict, Idle) or verdict.subject.kind is Kind.MODEL:
                continue
            reason = verdict.reason
            if reason is KeepReason.PER_TOKEN:
                per_token += first
            lasts = first or self._before.get(verdict.subject.name) == reason.value
            words = UNKNOWNS if isinstance(verdict, Undecided) else KEEPS
            if (reason not in words and isinstance(verdict, Keep)) or (
                verdict.subject.name,
                reason.value,
            ) in self._told:
                continue
            if isinstance(verdict, Undecided) and not lasts:
                continue  # gone by the next look, most often
            self._told.add((verdict.subject.name, reason.value))
            what = What.UNKNOWN if isinstance(verdict, Undecided) else What.KEPT
            yield Beat(result.now, what, name_of(verdict), words.get(verdict.reason, MEANING[reason]))
        if per_token:
            text = f"{per_token} tuned Gemini endpoints: they bill by tokens, an idle one costs nothing"
            yield Beat(result.now, What.KEPT, "", text)

    def _announced(self, result: Result) -> Iterator[Beat]:
        planned_by_id = {act.id: act for act in result.proposed}
        everything = (*result.plan.actions, *result.plan.upcoming, *result.plan.blocked) if result.plan else ()
        for planned in everything:
            act = next((one for one in planned_by_id.values() if one.key == planned.key), None)
            if act is not None:
                yield Beat(result.now, What.ANNOUNCED, act.display_name, _ahead(planned, act, result.now))

    def _held(self, result: Result) -> Iterator[Beat]:
        """Due, and yet it does not go: the throttle, the breaker, instruments in doubt. Each is said once an act."""
        assert result.plan is not None  # noqa: S101  # tell() has looked
        for planned in result.plan.blocked:
            for block in planned.blocks:
                key = (planned.key.subject, block)
                if key in self._told or block in {BlockReason.ALREADY_RUNNING, BlockReason.UNKNOWN_OUTCOME}:
                    continue
                self._told.add(key)
                name = planned.act.display_name if planned.act else name_of(planned.verdict)
                yield Beat(result.now, What.WAITS, name, HELD.get(block, MEANING[block]))
        for doubt in result.plan.doubts:
            if (str(doubt.scope), doubt.why) not in self._told:
                self._told.add((str(doubt.scope), doubt.why))
                yield Beat(result.now, What.DOUBT, doubt.scope.location, f"{doubt.why}; nothing is removed there")


def name_of(verdict: Verdict) -> str:
    """The name that people know: the endpoint's for a deployed model (with the model's, where it has one of its own)."""
    subject = verdict.subject
    return subject.aliases[0] if subject.aliases and subject.aliases[0] else subject.display_name


def rate_of(verdicts: Iterable[Verdict]) -> str:
    """What bills now, an hour and a month; `at least` where a price is not known."""
    billed = [verdict.subject for verdict in verdicts if verdict.subject.billed]
    known = [subject.rate for subject in billed if subject.rate is not None]
    total = sum((rate.per_hour.amount for rate in known), Decimal(0))
    rate = Rate(Money(total))
    least = "at least " if len(known) < len(billed) else ""
    return f"{least}{rate.per_hour} an hour, {rate.per_month} a month"


def reasons_counted(verdicts: Iterable[Verdict]) -> list[tuple[str, int]]:
    """How many things stay for which reason, most first."""
    return Counter(verdict.reason.value for verdict in verdicts).most_common()


def _void(why: str) -> str:
    if why.startswith("used again"):
        return "it was called again before its time: the notice is void"
    if why.startswith(KeepReason.KEPT_BY_PERSON.value):
        return "a person said keep: the notice is void"
    return f"the notice is void: {why}"


def _ahead(planned: Planned, act: Act, now: datetime) -> str:
    verdict = planned.verdict
    soon = planned.due_at - now < timedelta(hours=24)
    goes = f"goes {planned.due_at:%H:%M}" if soon else f"goes {planned.due_at:%a %H:%M}"
    wait = verdict.wait.length
    if act.rate is None or wait is None:
        return f"{SHORT[verdict.reason]}; {goes}"
    lasted = f"{SHORT[verdict.reason]} {_roughly(verdict.silent_for)} (waits {_roughly(wait)})"
    return f"{act.rate.per_hour}/h, {lasted}, {goes}"


def _roughly(length: timedelta) -> str:
    """One unit is what a line has room for: `37 h`, `8 d`."""
    hours = length / timedelta(hours=1)
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} d"


def _outcome(did: Did) -> str:
    act = did.act
    match act.key.stage:
        case Stage.RESTORE:
            return "it runs again; from now on it waits twice as long"
        case Stage.CANCEL_JOB:
            return f"{SHORT[act.reason]}; its submitter was told before"
        case Stage.DELETE_ENDPOINT:
            return "an empty shell less; restorable from its recipe"
        case _:
            rate = f"{act.rate.per_hour} an hour less" if act.rate else "gone"
            return f"{rate}; verified, restorable from its recipe"
