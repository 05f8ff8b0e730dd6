"""`tuneguard doctor`: does everything work that the guard needs? Reads only; each problem with the way out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from guard.cli.app import FOUND, code_of
from guard.cli.common import COMMON, Cell, Common, emit_json, machine_now, say, table
from guard.ports.errors import ConfigInvalid, GuardError

if TYPE_CHECKING:
    from guard.wiring import Guard

app = App(name="doctor", help="Check credentials, permissions, monitoring, money, ledger, bucket and notices.")


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: fine, or what is wrong and what to do."""

    check: str
    good: bool
    detail: str
    hint: str = ""


@app.default
def doctor(
    *,
    send: Annotated[
        bool, Parameter(negative="", show_default=False, help="Also send a test message to every channel under notify.")
    ] = False,
    common: Common = COMMON,
) -> int:
    """Check everything and change nothing (`--send` sends a message). Exit code 1 if something is wrong."""
    from guard import wiring
    from guard.telemetry import logging

    logging.set_up(level="error")
    code = FOUND
    try:
        guard = wiring.build(common.path, may_act=True)
    except ConfigInvalid:
        raise
    except GuardError as error:
        # Nothing further can be looked at; what is wrong is told in the form that was asked for.
        findings = [
            Finding("guard.yaml", good=True, detail="valid"),
            Finding("start", good=False, detail=error.message, hint=error.hint),
        ]
        code = code_of(error)
    else:
        try:
            findings = list(_check(guard, common.path, send=send))
        finally:
            guard.close()
    bad = [finding for finding in findings if not finding.good]
    if common.as_json:
        emit_json(
            {
                "healthy": not bad,
                "findings": [{"check": f.check, "good": f.good, "detail": f.detail, "hint": f.hint} for f in findings],
            }
        )
        return code if bad else 0
    rows: list[list[Cell]] = [
        [
            f.check,
            ("ok", "green") if f.good else ("wrong", "bold red"),
            f.detail + (f"\n{f.hint}" if f.hint else ""),
        ]
        for f in findings
    ]
    table(["check", "", "what was found"], rows)
    say(
        "Everything that the guard needs works."
        if not bad
        else f"{len(bad)} of {len(findings)} checks found something."
    )
    return code if bad else 0


def _check(guard: Guard, path: Path, *, send: bool) -> Iterator[Finding]:
    from guard.wiring import SANDBOX
    from guard.wiring.money_checks import money_checks

    config = guard.in_force.config
    settings, now = config.settings, guard.clock.now()
    yield Finding(
        "guard.yaml",
        good=True,
        detail=f"valid; mode {settings.default.mode.value}, {len(settings.default.policies)} policies",
    )
    yield Finding("world", good=True, detail=guard.connection.world.name)
    yield from _ledger(guard)
    try:
        projects = guard.enrolled.projects(settings, now)
    except GuardError as error:
        yield Finding("projects", good=False, detail=error.message, hint=error.hint)
        return
    for problem in guard.enrolled.problems:
        yield Finding("projects", good=False, detail=problem.message, hint=problem.hint)
    yield Finding("projects", good=bool(projects), detail=", ".join(project.id for project in projects) or "none")
    try:
        snapshot = guard.cycle.look(now).snapshot
    except GuardError as error:
        yield Finding("look", good=False, detail=error.message, hint=error.hint)
        return
    assert snapshot is not None  # noqa: S101  # look() always takes one
    failed = [report for report in snapshot.scopes if not report.complete]
    for report in failed:
        yield Finding(f"listing {report.project_id}/{report.scope.location}", good=False, detail=report.problem)
    complete = len(snapshot.scopes) - len(failed)
    yield Finding(
        "listing", good=not failed, detail=f"{complete} of {len(snapshot.scopes)} project locations listed completely"
    )
    for project in projects:
        reading = guard.usage.probe(project, now)
        yield Finding(
            f"monitoring {project.id}",
            good=reading.complete,
            detail="usage reads completely" if reading.complete else "; ".join(reading.problems),
        )
    yield from _bucket(guard)
    for one in money_checks(
        settings,
        guard.connection,
        path.parent,
        [project.id for project in projects],
        now,
        sandboxed=bool(os.environ.get(SANDBOX)),
    ):
        yield Finding(one.name, good=one.good, detail=one.detail, hint=one.hint)
    yield from _notify(guard, send=send)


def _ledger(guard: Guard) -> Iterator[Finding]:
    info = guard.ledger.info()
    acts = any(mode.value != "observe" for mode in guard.in_force.settings().modes)
    yield Finding("ledger", good=True, detail=f"{info.url}, {info.world}")
    if acts:
        yield Finding(
            "ledger durable",
            good=info.durable,
            detail="it outlives the process"
            if info.durable
            else "it may not outlive the process, so nothing is removed",
            hint="" if info.durable else "Use PostgreSQL, or a disk that outlives the process (ledger: in guard.yaml).",
        )
        yield Finding(
            "ledger adopted",
            good=info.adopted_at is not None,
            detail=f"by {info.adopted_by}" if info.adopted_at else "nobody has adopted it, so it only observes",
            hint="" if info.adopted_at else "tuneguard db adopt",
        )


def _bucket(guard: Guard) -> Iterator[Finding]:
    address = guard.in_force.settings().bucket
    if address is None:
        yield Finding("bucket", good=True, detail="none; observe mode needs none")
        return
    store = guard.store()
    try:
        if store is not None:
            store.read("claims/doctor.json")
    except GuardError as error:
        yield Finding("bucket", good=False, detail=error.message, hint=error.hint)
    else:
        yield Finding("bucket", good=True, detail=f"{address} can be read")


def _notify(guard: Guard, *, send: bool) -> Iterator[Finding]:
    from guard.core.plan import Notice, NoticeKind

    for name in sorted(guard.in_force.config.notify):
        if not send:
            yield Finding(f"notify {name}", good=True, detail="the URL is well-formed; --send tries it")
            continue
        notice = Notice(
            id=f"doctor-{name}",
            kind=NoticeKind.SUGGESTION,
            to=name,
            subject="tuneguard doctor",
            title="Tuneguard: a test message",
            body="If you read this, notices reach you here. Nothing is wrong.",
            made_at=machine_now(),
        )
        result = guard.in_force.send(name, [notice])
        yield Finding(f"notify {name}", good=result.delivered, detail=result.detail or "delivered")
