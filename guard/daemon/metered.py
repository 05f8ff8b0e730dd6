"""Counts what bills beside machines: stored GiB and tokens, once an hour, kept like replicas so that one sum holds all.

The questions are asked while the cycle lists what exists; the answers are taken once it has judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from guard.core.billed import Billed, Metered
from guard.core.billing_month import month_of
from guard.core.model import Machine
from guard.core.spend import LOOK_BACK
from guard.core.units import HOUR, Window, hour_number, hour_start
from guard.ports.errors import GuardError
from guard.ports.inventory import Project
from guard.ports.ledger import Ledger
from guard.ports.metered import MeteredSource, Metering
from guard.telemetry import events, logging

log = logging.get()

READ_AGAIN = timedelta(hours=6)
"""How much of the past each reading takes again: points come late."""


PROJECTS_AT_ONCE = 8
"""Projects that are asked side by side."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One project's question that is on its way."""

    project: Project
    window: Window
    answer: Future[Sequence[Metering]]


class MeteredWatch:
    """One reading an hour and project; one that fails leaves a hole that the next one fills, and costs say so meanwhile."""

    def __init__(self, ledger: Ledger, source: MeteredSource) -> None:
        self._ledger = ledger
        self._source = source
        self._until: dict[str, datetime] = {}

    def ask(self, projects: Iterable[Project], now: datetime) -> Sequence[Asked]:
        """Ask for what is new; the first time from the beginning of the month on, or a week back."""
        end = hour_start(hour_number(now))
        due = [project for project in projects if self._until.get(project.number, hour_start(0)) < end]
        if not due:
            return ()
        asked = []
        pool = ThreadPoolExecutor(max_workers=min(PROJECTS_AT_ONCE, len(due)), thread_name_prefix="metered")
        for project in due:
            before = self._until.get(project.number)
            start = before - READ_AGAIN if before is not None else min(month_of(now).start, end - LOOK_BACK)
            window = Window(start, end)
            asked.append(Asked(project, window, pool.submit(self._source.read, project, window)))
        pool.shutdown(wait=False)  # its threads end with their last answer
        return asked

    def take(self, asked: Sequence[Asked], now: datetime) -> None:
        """Keep what was answered."""
        if not asked:
            return
        known = {thing.name: thing for thing in self._ledger.billed() if not thing.on_machines}
        for question in asked:
            project, window = question.project, question.window
            try:
                found = question.answer.result()
            except GuardError as error:
                log.warning(events.METERED_UNREAD, project=project.id, detail=str(error))
                continue
            hours = range(hour_number(window.start), hour_number(window.end))
            self._ledger.save_replicas(_quiet(project, known, hours) | {one.name: one.hours for one in found})
            self._ledger.save_billed(_changed(project, found, known, now))
            self._until[project.number] = window.end


def _quiet(project: Project, known: dict[str, Billed], hours: range) -> dict[str, Mapping[int, float]]:
    """No tokens in hours of a complete reading: what was called before was not called in them."""
    quiet = dict.fromkeys(hours, 0.0)
    return {
        name: quiet
        for name, thing in known.items()
        if thing.project_id == project.id and thing.kind is not Metered.BUCKET
    }


def _changed(project: Project, found: Iterable[Metering], known: dict[str, Billed], now: datetime) -> list[Billed]:
    """What is new or back, and buckets that are gone; a model that nobody calls just has quiet hours."""
    there = {one.name: _thing(project, one, now) for one in found if any(one.hours.values())}
    changed = [
        thing if (old := known.get(name)) is None else replace(thing, seen_at=old.seen_at)
        for name, thing in there.items()
        if name not in known or known[name].gone_at is not None
    ]
    gone = [
        replace(thing, gone_at=now)
        for name, thing in known.items()
        if thing.project_id == project.id
        and thing.kind is Metered.BUCKET
        and thing.gone_at is None
        and name not in there
    ]
    return [*changed, *gone]


def _thing(project: Project, one: Metering, now: datetime) -> Billed:
    first = hour_start(min(one.hours))
    return Billed(
        name=one.name,
        kind=one.kind,
        project_id=project.id,
        location=one.location,
        display_name=one.display_name,
        machine=Machine(machine_type=one.item),
        labels={},
        owner=None,
        policy="",
        created_at=None,
        seen_at=min(first, now - HOUR),
    )
