"""What it all came to: each removal with its saving by the sandbox's meter beside the guard's own figure, and what stayed.

The meter's saving of one removal is what the thing cost in the last hour before it went, by the meter's own prices, times
the hours until it came back or the story ended. The guard's figures are those of its ledger: claimed (price x hours) and
measured (hours without replicas in the metrics x price).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from guard.cli.demonstration.cloud import Cloud, dollars_of
from guard.core.budget import Crossing
from guard.core.names import last_part
from guard.core.notice_text import notice_id
from guard.core.plan import NoticeKind
from guard.core.removal import Act, ActState
from guard.core.tunes import days_left
from guard.core.units import HOUR
from guard.core.verdict import Idle, Keep, Stage, Undecided, Verdict
from guard.ports.ledger import Ledger, Saving

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One verified removal. Amounts in USD; None where nothing bills by the hour or the figure is not known."""

    act: Act
    told_at: datetime | None
    went_at: datetime
    back_at: datetime | None
    metered: Decimal | None
    claimed: Decimal | None
    measured: Decimal | None
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """The whole account of a story that ran from `start` to `end`. Amounts in USD."""

    start: datetime
    end: datetime
    removals: tuple[Removal, ...]
    cost: Decimal  # by the meter
    unpriced_by_meter: tuple[str, ...]
    kept: tuple[Keep, ...]
    unknown: tuple[Undecided, ...]
    announced: tuple[Idle, ...]
    unknown_cost: Mapping[str, Decimal]  # canonical name -> what it cost by the meter
    budgets: tuple[tuple[Crossing, datetime | None], ...] = ()  # each with when people were told
    retiring: tuple[tuple[str, str, date], ...] = ()  # tunes with base and its last day, soonest first

    @property
    def metered(self) -> Decimal:
        """What the removals saved by the meter."""
        return sum((one.metered for one in self.removals if one.metered is not None), NOTHING)

    @property
    def claimed(self) -> Decimal:
        """What they saved by the guard's own count."""
        return sum((one.claimed for one in self.removals if one.claimed is not None), NOTHING)

    @property
    def measured(self) -> Decimal:
        """What of it monitoring has shown already."""
        return sum((one.measured for one in self.removals if one.measured is not None), NOTHING)

    @property
    def restored(self) -> int:
        """How many came back."""
        return sum(1 for one in self.removals if one.back_at is not None)


def close(cloud: Cloud, ledger: Ledger, verdicts: Sequence[Verdict], start: datetime, end: datetime) -> Closing:
    """Read meter and ledger at the end of the story."""
    bill = cloud.meter(start, end)
    savings = {saving.act_id: saving for saving in ledger.savings()}
    removals = [
        _removal(cloud, ledger, act, savings.get(act.id), bill["lines"], end)
        for act in ledger.acts()
        if act.state is ActState.VERIFIED and act.key.stage is not Stage.RESTORE
    ]
    unknown = tuple(verdict for verdict in verdicts if isinstance(verdict, Undecided))
    return Closing(
        start=start,
        end=end,
        removals=tuple(_once_a_pool(sorted(removals, key=lambda one: (-(one.metered or NOTHING), one.went_at)))),
        cost=Decimal(bill["total_usd"]),
        unpriced_by_meter=tuple(bill["unpriced"]),
        kept=tuple(verdict for verdict in verdicts if isinstance(verdict, Keep)),
        unknown=unknown,
        announced=tuple(verdict for verdict in verdicts if isinstance(verdict, Idle)),
        unknown_cost={one.subject.name: _cost_of(one.subject.name, bill["lines"]) for one in unknown},
        budgets=tuple((one, _told_at(ledger, one)) for one in ledger.crossings()),
        retiring=tuple(sorted(_retiring(verdicts), key=lambda one: (one[2], one[0]))),
    )


def _told_at(ledger: Ledger, crossing: Crossing) -> datetime | None:
    """When the notice of a crossing was delivered."""
    subject = f"budgets/{crossing.budget}"
    wanted = notice_id(NoticeKind.BUDGET_CROSSED, subject, crossing.id)
    return next((one.delivered_at for one in ledger.notices(subject=subject) if one.notice.id == wanted), None)


def _retiring(verdicts: Iterable[Verdict]) -> Iterable[tuple[str, str, date]]:
    """Tunes whose base model has a last day: what ended well and left an endpoint."""
    for verdict in verdicts:
        evidence = verdict.evidence
        if evidence.get("endpoints") and evidence.get("last_day"):
            base = last_part(str(evidence["base_model"]))
            yield verdict.subject.display_name, base, date.fromisoformat(str(evidence["last_day"]))


def _removal(
    cloud: Cloud, ledger: Ledger, act: Act, saving: Saving | None, lines: Iterable[Mapping[str, Any]], end: datetime
) -> Removal:
    went, back, metered = act.settled_at or act.updated_at, None, None
    if act.key.stage is Stage.UNDEPLOY:
        ours = _lines_of(str(act.evidence.get("pool") or act.key.subject), lines)
        gone = next((line for line in ours if line["ended_at"] is not None), None)
        if gone is not None:
            went = datetime.fromisoformat(gone["ended_at"])
            back = _back_at(str(gone["name"]), str(act.evidence.get("model")), went, lines, ledger, act)
            last_hour = _lines_of(
                str(act.evidence.get("pool") or act.key.subject), cloud.meter(went - HOUR, went)["lines"]
            )
            hours = Decimal(str(((back or end) - went) / HOUR))
            metered = sum((dollars_of(line) for line in last_hour), NOTHING) * hours
    recipe = ledger.recipe(act.recipe_id) if act.recipe_id else None
    return Removal(
        act=act,
        told_at=act.noticed_at,
        went_at=went,
        back_at=back,
        metered=metered,
        claimed=saving.claimed.amount if saving is not None and saving.claimed is not None else None,
        measured=saving.measured.amount if saving is not None and saving.measured is not None else None,
        lacks=recipe.lacks if recipe is not None else (),
    )


def _once_a_pool(removals: Iterable[Removal]) -> Iterable[Removal]:
    """A pool's machines went once: their saving stands with the sharer that the guard counts it with."""
    for one in removals:
        if one.act.evidence.get("pool") and one.claimed is None:
            yield Removal(
                act=one.act,
                told_at=one.told_at,
                went_at=one.went_at,
                back_at=one.back_at,
                metered=None,
                claimed=None,
                measured=None,
                lacks=one.lacks,
            )
        else:
            yield one


def _lines_of(subject: str, lines: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The meter's lines of a deployed model or a pool."""
    if "/deployedModels/" not in subject:
        return [line for line in lines if line["name"] == subject]
    endpoint, _, deployed = subject.partition("/deployedModels/")
    return [line for line in lines if line["name"] == endpoint and line.get("deployed_model_id") == deployed]


def _back_at(
    name: str, model: str, went: datetime, lines: Iterable[Mapping[str, Any]], ledger: Ledger, act: Act
) -> datetime | None:
    """When a restore of ours brought it back, by the meter: the first line of its endpoint that began afterwards."""
    restored = any(
        one.key.stage is Stage.RESTORE and one.state is ActState.VERIFIED
        for one in ledger.acts(subject=act.key.subject)
    )
    if not restored or not model:
        return None
    begun = [datetime.fromisoformat(line["started_at"]) for line in lines if line["name"] == name]
    return min((at for at in begun if at > went - timedelta(seconds=1)), default=None)


def _cost_of(subject: str, lines: Iterable[Mapping[str, Any]]) -> Decimal:
    return sum((dollars_of(line) for line in _lines_of(subject, lines)), NOTHING)


def document(closing: Closing) -> dict[str, Any]:
    """The account as JSON: amounts as exact text in USD, None where a figure is not known."""
    return {
        "started_at": closing.start.isoformat(),
        "ended_at": closing.end.isoformat(),
        "currency": "USD",
        "cost_by_meter": _usd(closing.cost),
        "saved": {
            "by_meter": _usd(closing.metered),
            "by_guard_claimed": _usd(closing.claimed),
            "by_guard_measured": _usd(closing.measured),
        },
        "removals": [_removal_document(one) for one in closing.removals],
        "kept": [_verdict(one) for one in closing.kept],
        "unknown": [
            {**_verdict(one), "cost_by_meter": _usd(closing.unknown_cost[one.subject.name])} for one in closing.unknown
        ],
        "announced": [_verdict(one) for one in closing.announced],
        "budgets": [
            {
                "budget": one.budget,
                "threshold": one.threshold,
                "crossed_at": one.at.isoformat(),
                "value": _usd(one.value.amount),
                "limit": _usd(one.limit.amount),
                "told_at": told.isoformat() if told else None,
            }
            for one, told in closing.budgets
        ],
        "retirements": [
            {"tune": tune, "base": base, "last_day": day.isoformat(), "days_left": days_left(day, closing.end)}
            for tune, base, day in closing.retiring
        ],
    }


def _removal_document(one: Removal) -> dict[str, Any]:
    act = one.act
    return {
        "name": act.display_name,
        "subject": act.key.subject,
        "stage": act.key.stage.value,
        "reason": act.reason.value,
        "policy": act.policy,
        "told_at": one.told_at.isoformat() if one.told_at else None,
        "intended_at": act.intended_at.isoformat() if act.intended_at else None,
        "went_at": one.went_at.isoformat(),
        "back_at": one.back_at.isoformat() if one.back_at else None,
        "recipe": act.recipe_id,
        "does_not_come_back": list(one.lacks),
        "saved": {
            "by_meter": _usd(one.metered),
            "by_guard_claimed": _usd(one.claimed),
            "by_guard_measured": _usd(one.measured),
        },
        "evidence": dict(act.evidence),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    subject = verdict.subject
    return {
        "name": subject.aliases[0] if subject.aliases else subject.display_name or last_part(subject.name),
        "subject": subject.name,
        "kind": subject.kind.value,
        "reason": verdict.reason.value,
    }


def _usd(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.4f}"
