"""What would happen at the next look and in the seven days from then on, what is blocked and why, how much of the caps is used.

The same in every mode, like the plan that it rests on: `mode` of a line says whether it would, waits for a yes, or does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from guard.core.caps import CapUse, cap_use
from guard.core.limits import act_window_open, next_open, removal_unit
from guard.core.model import Kind
from guard.core.reasons import MEANING, WAY_OUT, BlockReason
from guard.core.removal import Act
from guard.core.rules import ActWindow, Policy
from guard.core.settings import Settings
from guard.core.verdict import Stage
from guard.core.week import Candidate, Held, Outlook, outlook
from guard.core.wording import DOING, KINDS
from guard.desk.finding import names_of
from guard.desk.lines import words
from guard.desk.plain import decimal_money, iso
from guard.desk.status import pause_document
from guard.desk.week_picture import spend_ahead
from guard.ports.ledger import Ledger

Document = Mapping[str, Any]
AHEAD = timedelta(days=7)
ACTS_READ = 1000
"""Latest acts that are looked through for those of the last 24 hours."""
PASSING = frozenset(
    {
        BlockReason.OUTSIDE_ACT_WINDOW.value,
        BlockReason.THROTTLED.value,
        BlockReason.NOTICE_RUNNING.value,
        BlockReason.NOTICE_NOT_DELIVERED.value,
    }
)
"""What blocks now and passes by itself; everything else waits for a person."""
STAGES = {
    Kind.DEPLOYED_MODEL.value: Stage.UNDEPLOY,
    Kind.POOL.value: Stage.UNDEPLOY,
    Kind.ENDPOINT.value: Stage.DELETE_ENDPOINT,
    Kind.MODEL.value: Stage.DELETE_MODEL,
}
"""What may be done with a thing that is still kept, once its wait is over."""
HELD = {Held.WINDOW: "waits for its policy's hours", Held.LIMIT: "waits for its turn: the dearest go first"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coming:
    """A line of the plan that may go within the week."""

    document: Document
    ready_at: datetime
    sure: str  # `due`, `announced`, or `silent`: if it stays so
    unit: str
    rate: Document | None


def week(ledger: Ledger, settings: Settings, now: datetime) -> dict[str, Any]:
    """The outlook as of the latest look; `taken_at` is None, and the lists empty, where nobody has looked yet.

    `next` holds what goes at the next look, `days` the seven days from then on, each with its lines; `later` what does not come
    within them; `blocked` what waits for a person, with the way out; `picture` the spend an hour with the plan and without.
    """
    latest = ledger.latest_cycle()
    plan: Document = (latest.plan if latest is not None else None) or {}
    acts = ledger.acts(limit=ACTS_READ)
    use = cap_use(acts, settings.default.limits, now)
    first = now if latest is None else max(now, latest.taken_at + settings.every)
    coming = _coming(plan, acts, settings, first + AHEAD)
    found = outlook(
        [_candidate(one, settings) for one in coming.values()],
        [
            (removal_unit(act), act.project_id, act.intended_at)
            for act in acts
            if act.intended_at is not None and act.key.stage is not Stage.RESTORE
        ],
        settings.default.limits,
        first,
        first + AHEAD,
        settings.every,
    )
    names = names_of([*(one.document for one in coming.values()), *plan.get("blocked", ())])
    line = _Lines(coming, names, settings)
    soon = [one for one in found if one.goes_at is not None and one.goes_at < first + settings.every]
    return {
        "now": iso(now),
        "taken_at": iso(latest.taken_at) if latest else None,
        "cycle_id": latest.id if latest else None,
        "mode": latest.mode if latest else "",
        "next_look_at": iso(first) if latest else None,
        "pause": pause_document(ledger.paused()),
        "next": [line.coming(one) for one in soon],
        "days": _days(found, first, line),
        "later": [line.coming(one) for one in found if one.goes_at is None],
        "blocked": [line.blocked(one) for one in plan.get("blocked", ()) if _waits_for_a_person(one)],
        "under_way": [line.under_way(act) for act in acts if act.state.is_in_flight],
        "kept": len(plan.get("kept", ())),
        "unknown": len(plan.get("unknown", ())),
        "caps": _caps(use),
        "windows": _windows(settings, first),
        "breaker": plan.get("breaker"),
        "doubts": [one for one in plan.get("doubts", ()) if not one["acknowledged"]],
        "picture": spend_ahead(
            ledger.verdicts().values(), [(one, coming[one.candidate.subject].rate) for one in found], first
        ),
    }


def _coming(plan: Document, acts: Sequence[Act], settings: Settings, until: datetime) -> dict[str, _Coming]:
    """Everything in the plan that may go before `until`; acts that have begun or ended are not coming any more, and what its
    policy only watches never comes.
    """
    begun = {act.id for act in acts if act.state.is_in_flight or not act.state.is_open}
    found: dict[str, _Coming] = {}
    for name, sure in (("actions", "due"), ("notices", "announced"), ("blocked", "announced")):
        for one in plan.get(name, ()):
            ready_at = datetime.fromisoformat(one["due_at"])
            if one.get("act_id") in begun or ready_at >= until or (name == "blocked" and _waits_for_a_person(one)):
                continue
            unit = str(one.get("group") or one.get("act_id") or one["subject"])
            rate = one.get("group_rate") or one.get("rate")
            found[str(one["subject"])] = _Coming(document=one, ready_at=ready_at, sure=sure, unit=unit, rate=rate)
    for one in plan.get("kept", ()):
        would = one.get("would_go_at")
        stage = _stage(one, settings) if would and datetime.fromisoformat(would) < until else None
        if stage is not None and one["subject"] not in found:
            at = datetime.fromisoformat(would)
            subject = str(one["subject"])
            document = {**one, "stage": stage.value}
            found[subject] = _Coming(document=document, ready_at=at, sure="silent", unit=subject, rate=one.get("rate"))
    return found


def _stage(document: Document, settings: Settings) -> Stage | None:
    """What its policy would do with it; None where it opts in to nothing."""
    stage = STAGES.get(str(document["kind"]))
    policy = _policy(document, settings)
    return stage if stage is not None and policy is not None and policy.stage(stage) is not None else None


def _policy(document: Document, settings: Settings) -> Policy | None:
    policies = settings.rules_of(str(document["project"])).policies
    return next((one for one in policies if one.name == document.get("policy")), None)


def _waits_for_a_person(document: Document) -> bool:
    return not set(document.get("blocks", ())) <= PASSING


def _candidate(one: _Coming, settings: Settings) -> Candidate:
    project = str(one.document["project"])
    policy = _policy(one.document, settings)
    return Candidate(
        subject=str(one.document["subject"]),
        unit=one.unit,
        project=project,
        ready_at=one.ready_at,
        amount=Decimal(str(one.rate["amount"])) if one.rate else None,
        window=policy.act_during if policy is not None else None,
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    """Writes lines of the outlook."""

    of: Mapping[str, _Coming]
    names: Mapping[str, str]
    settings: Settings

    def coming(self, one: Outlook) -> dict[str, Any]:
        there = self.of[one.candidate.subject]
        return {
            **self._about(there.document),
            "rate": there.rate,
            "ready_at": iso(there.ready_at),
            "goes_at": iso(one.goes_at),
            "sure": there.sure,
            "held": HELD[one.held] if one.held is not None else "",
        }

    def blocked(self, document: Document) -> dict[str, Any]:
        return {
            **self._about(document),
            "rate": document.get("group_rate") or document.get("rate"),
            "due_at": document["due_at"],
            "blocks": [
                {"block": block, "text": words(block), "meaning": MEANING[reason], "way_out": WAY_OUT[reason]}
                for block in document.get("blocks", ())
                for reason in (BlockReason(block),)
            ],
        }

    def under_way(self, act: Act) -> dict[str, Any]:
        return {
            "subject": act.key.subject,
            "name": act.display_name,
            "project": act.project_id,
            "location": act.location,
            "doing": DOING[act.key.stage.value],
            "state": act.state.value,
            "since": iso(act.updated_at),
        }

    def _about(self, document: Document) -> dict[str, Any]:
        project, stage = str(document["project"]), document.get("stage")
        return {
            "subject": document["subject"],
            "name": self.names[str(document["subject"])],
            "kind_text": KINDS.get(str(document["kind"]), str(document["kind"])),
            "project": project,
            "location": document["location"],
            "owner": document.get("owner"),
            "policy": document.get("policy"),
            "mode": self.settings.rules_of(project).mode.value,
            "doing": DOING.get(str(stage), "removing it"),
            "reason": document["reason"],
            "reason_text": words(document["reason"]),
            "meaning": document.get("meaning") or "",
        }


def _days(found: Sequence[Outlook], first: datetime, line: _Lines) -> list[dict[str, Any]]:
    """Seven times 24 hours from the next look on, each with what would go in it and what that would save."""
    days = []
    for number in range(AHEAD.days):
        start = first + timedelta(days=number)
        end = start + timedelta(days=1)
        here = [one for one in found if one.goes_at is not None and start <= one.goes_at < end]
        items = [line.coming(one) for one in here]
        days.append({"from": iso(start), "until": iso(end), "items": items, "count": len(here), "frees": _frees(items)})
    return days


def _frees(items: Iterable[Document]) -> list[dict[str, str]]:
    """Money an hour that stops, by currency."""
    sums: dict[str, Decimal] = {}
    for one in items:
        if one["rate"]:
            currency = str(one["rate"]["currency"])
            sums[currency] = sums.get(currency, Decimal(0)) + Decimal(str(one["rate"]["amount"]))
    return [decimal_money(total, currency) for currency, total in sorted(sums.items())]


def _caps(use: CapUse) -> dict[str, Any]:
    return {
        "used": use.used,
        "cap": use.cap,
        "left": use.left,
        "by_project": [{"project": name, "used": count} for name, count in use.by_project.items()],
        "project_cap": use.project_cap,
        "frees_at": iso(use.frees_at),
    }


def _windows(settings: Settings, at: datetime) -> list[dict[str, Any]]:
    """The hours of acting of each policy that has some."""
    windows: dict[ActWindow, list[str]] = {}
    for policy in settings.default.policies:
        if policy.act_during is not None:
            windows.setdefault(policy.act_during, []).append(policy.name)
    return [
        {
            "policies": names,
            "text": window.text,
            "open": act_window_open(window, at),
            "opens_at": iso(next_open(window, at)),
        }
        for window, names in windows.items()
    ]
