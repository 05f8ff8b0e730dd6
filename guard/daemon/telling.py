"""Which facts of a cycle are told to whom: each becomes one notice with an id made from the fact. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from guard.core.catalogue import ChangeKind, PriceChange, Quote
from guard.core.documents import planned_document, rate_document, verdict_document
from guard.core.memory import RESTORED
from guard.core.model import Kind
from guard.core.notice_text import notice_id, notice_text
from guard.core.plan import LedgerView, Notice, NoticeKind, Plan, Planned
from guard.core.prices import PriceBook
from guard.core.reasons import MEANING
from guard.core.removal import Act, ActState, act_id
from guard.core.rules import Mode
from guard.core.settings import Settings, policy_digest
from guard.core.units import Known
from guard.core.verdict import Stage, Verdict
from guard.daemon.acting import Did
from guard.ports.inventory import Project

NOBODY = ""
"""An owner that was not found; the fallback is told instead."""


def new_act(planned: Planned, settings: Settings, now: datetime, cycle_id: str) -> Act:
    """The act of an idle thing that has none yet; its key makes its id, so that a replayed cycle adds nothing."""
    verdict, subject = planned.verdict, planned.verdict.subject
    rules = settings.rules_of(subject.project_id)
    policy = next(policy for policy in rules.policies if policy.name == verdict.policy)
    rate = planned.group_rate if planned.group else subject.rate
    return Act(
        id=act_id(planned.key),
        key=planned.key,
        state=ActState.PROPOSED,
        reason=verdict.reason,
        policy=verdict.policy,
        project=subject.name.split("/", 2)[1],
        project_id=subject.project_id,
        location=subject.location,
        display_name=subject.aliases[0] if subject.aliases else subject.display_name,
        digest=subject.digest,
        proposed_at=now,
        due_at=planned.due_at,
        updated_at=now,
        evidence=dict(verdict.evidence),
        rate=rate,
        owner=subject.owner or NOBODY,
        owner_source=subject.owner_source,
        config_digest=policy_digest(policy, rules.mode),
        cycle_id=cycle_id,
        machine=subject.machine,
    )


def removal_notices(plan: Plan, settings: Settings, now: datetime) -> Iterator[Notice]:
    """Everything that is announced or due is told before it goes; blocked things that are new are told too."""
    for planned in (*plan.actions, *plan.upcoming, *plan.blocked):
        act = planned.act
        if act is not None and act.state is not ActState.PROPOSED:
            continue
        about = planned_document(planned)
        rules = settings.rules_of(planned.verdict.subject.project_id)
        mode = rules.mode
        if mode is Mode.ENFORCE and rules.asks(planned.verdict.policy):
            mode = Mode.APPROVE
        key = act.key if act is not None else planned.key
        yield _notice(
            NoticeKind.REMOVAL_AHEAD,
            about,
            now,
            key.generation,
            key.stage.value,
            key.attempt,
            to=planned.verdict.subject.owner,
            act=act_id(key),
            due_at=planned.due_at,
            data={"notice_seconds": planned.verdict.wait.notice.total_seconds(), "mode": mode.value},
        )


def void_notices(void: Iterable[tuple[Act, str]], now: datetime) -> Iterator[Notice]:
    """Who was told that something goes is told that it stays."""
    for act, why in void:
        if act.state is ActState.PROPOSED:
            continue
        yield _of_act(NoticeKind.REMOVAL_VOID, act, why, now)


def first_seen_notices(verdicts: Sequence[Verdict], view: LedgerView, now: datetime) -> Iterator[Notice]:
    """A new thing that bills by the hour: its owner hears once what it costs, when it would go, how to keep it."""
    for verdict in verdicts:
        subject = verdict.subject
        seen = view.seen.get(subject.name)
        known = seen is not None and seen.generation in {subject.generation, RESTORED}
        if known or not subject.billed or subject.kind not in {Kind.DEPLOYED_MODEL, Kind.POOL}:
            continue
        yield _notice(
            NoticeKind.FIRST_SEEN, verdict_document(verdict), now, subject.generation, to=subject.owner, data={}
        )


def settled_notices(settled: Iterable[Did], now: datetime) -> Iterator[Notice]:
    """What ended: removed, failed, restored, restore failed. A refusal before the call is no news: it is judged afresh."""
    for one in settled:
        restore = one.act.key.stage is Stage.RESTORE
        if restore and one.act.key.attempt > 1 and one.state is not ActState.VERIFIED:
            continue  # it was told that it is tried again
        if one.state is ActState.VERIFIED:
            kind = NoticeKind.RESTORED if restore else NoticeKind.REMOVED
        elif one.state is ActState.FAILED or (
            one.state is ActState.REFUSED and (restore or one.act.intended_at is not None)
        ):
            kind = NoticeKind.RESTORE_FAILED if restore else NoticeKind.REMOVAL_FAILED
        else:
            continue
        yield _of_act(kind, one.act, one.detail, now)


def given_up_notices(given_up: Iterable[Act], now: datetime) -> Iterator[Notice]:
    """A restore whose horizon has ended without success."""
    for act in given_up:
        yield _of_act(NoticeKind.RESTORE_FAILED, act, act.detail, now)


def doubt_notices(plan: Plan, settings: Settings, now: datetime) -> Iterator[Notice]:
    """Doubtful instruments and a tripped breaker are told to the fallback, once a day while they last."""
    fallback = settings.default.owners.fallback
    for doubt in plan.doubts:
        if not doubt.acknowledged:
            about = {
                "subject": str(doubt.scope),
                "scope": str(doubt.scope),
                "why": doubt.why,
                "project": doubt.scope.project,
            }
            yield _notice(NoticeKind.INSTRUMENTS, about, now, doubt.why, now.date(), to=fallback, data={})
    if plan.breaker is not None:
        about = {"subject": "breaker", "why": plan.breaker.why, "project": ""}
        yield _notice(NoticeKind.BREAKER, about, now, now.date(), to=fallback, data={})


def job_notices(verdicts: Sequence[Verdict], now: datetime) -> Iterator[Notice]:
    """A tuning job that runs too long, costs too much or has stalled: its submitter hears once of each."""
    for verdict in verdicts:
        if verdict.subject.kind is Kind.TUNING_JOB and "warning" in verdict.evidence:
            kind_of_warning = str(verdict.evidence.get("warning_kind", verdict.reason.value))
            yield _notice(
                NoticeKind.JOB_WARNING,
                verdict_document(verdict),
                now,
                verdict.subject.generation,
                kind_of_warning,
                to=verdict.subject.owner,
                data={},
            )


def suggestion_notices(plan: Plan, verdicts: Sequence[Verdict], now: datetime) -> Iterator[Notice]:
    """Scale-to-zero, where the platform could do it: told once a deployment."""
    by_name = {verdict.subject.name: verdict for verdict in verdicts}
    for name, stage, text in plan.suggestions:
        verdict = by_name.get(name)
        if stage is Stage.SCALE_TO_ZERO and verdict is not None:
            about = {**verdict_document(verdict), "detail": text}
            yield _notice(
                NoticeKind.SUGGESTION, about, now, verdict.subject.generation, to=verdict.subject.owner, data={}
            )


def enrolled_notices(projects: Sequence[Project], settings: Settings, now: datetime) -> Iterator[Notice]:
    """A project that came into a folder by itself."""
    for project in projects:
        about = {
            "subject": f"projects/{project.number}",
            "project": project.id,
            "detail": "it came into an enrolled folder",
        }
        yield _notice(NoticeKind.ENROLLED, about, now, to=settings.default.owners.fallback, data={})


def price_notices(waiting: Sequence[Quote], book: PriceBook, settings: Settings, now: datetime) -> Iterator[Notice]:
    """A price that jumped waits for a person; the fallback hears once of each."""
    for quote in waiting:
        row = quote.row
        before = book.find(row.part, row.item, row.region, now, row.provisioning)
        change = PriceChange(
            kind=ChangeKind.WAITING, row=row, before=before.value if isinstance(before, Known) else None
        )
        about = {
            "subject": f"prices/{row.source}",
            "display_name": f"{row.item} in {row.region}",
            "detail": str(change),
            "number": quote.id,
        }
        yield _notice(NoticeKind.PRICE_WAITS, about, now, row.amount, to=settings.default.owners.fallback, data={})


def wrong_removal_notice(act: Act, hour: datetime, requests: int, now: datetime) -> Notice:
    """An alarm: a call had come in before the removal, and monitoring told of it only afterwards."""
    detail = f"{requests} request(s) in the hour from {hour:%Y-%m-%d %H:%M} UTC."
    return _of_act(NoticeKind.WRONG_REMOVAL, act, detail, now)


def project_of(notice: Notice) -> str:
    """The project id that a notice is about, for its environment's fallback."""
    return str(notice.data.get("project", ""))


def _of_act(kind: NoticeKind, act: Act, detail: str, now: datetime) -> Notice:
    wait = act.evidence.get("wait_hours")
    about = {
        "subject": act.key.subject,
        "kind": Kind.DEPLOYED_MODEL.value if "/deployedModels/" in act.key.subject else _kind(act.key.subject),
        "project": act.project_id,
        "location": act.location,
        "display_name": act.display_name,
        "endpoint_display_name": act.display_name,
        "machine": act.machine,
        "billed": act.rate is not None,
        "rate": rate_document(act.rate),
        "rate_note": str(act.evidence.get("price", "")),
        "stage": act.key.stage.value,
        "reason": act.reason.value,
        "meaning": MEANING[act.reason],
        "silent_hours": act.evidence.get("silent_hours"),
        "last_used_at": act.evidence.get("last_used_at"),
        "wait_hours": wait,
        "evidence": dict(act.evidence),
        "detail": detail.rstrip("."),
        "due_at": act.due_at.isoformat(),
        "given_up": act.key.stage is Stage.RESTORE and act.state is ActState.CANCELLED,
    }
    return _notice(
        kind, about, now, act.id, detail if kind is NoticeKind.REMOVAL_VOID else "", to=act.owner, act=act.id, data={}
    )


def _kind(subject: str) -> str:
    part = subject.split("/")[-2]
    return {"endpoints": Kind.ENDPOINT, "models": Kind.MODEL, "tuningJobs": Kind.TUNING_JOB, "files": Kind.FILE}.get(
        part, Kind.POOL
    ).value


def _notice(
    kind: NoticeKind,
    about: Mapping[str, Any],
    now: datetime,
    *facts: object,
    to: str | None,
    data: Mapping[str, Any],
    act: str | None = None,
    due_at: datetime | None = None,
) -> Notice:
    title, body = notice_text(kind, about)
    if data.get("mode") == "observe":
        body += "\nThe guard only observes here: it will not do this."
    elif data.get("mode") == "approve":
        body += f"\nIt waits for a yes: tuneguard approve {about['subject']}"
    return Notice(
        id=notice_id(kind, str(about["subject"]), *facts),
        kind=kind,
        to=to or NOBODY,
        subject=str(about["subject"]),
        title=title,
        body=body,
        made_at=now,
        act_id=act,
        due_at=due_at,
        data={**data, "project": about.get("project", ""), "rate": about.get("rate")},
    )
