"""The usage of everything, held in memory between cycles and kept in the ledger by the hour.

First sight of a project reads as far back as the platform keeps it; afterwards each cycle reads from a little before
where it stopped, because points arrive late. Nothing ever falls (core.usage.merge).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from guard.core.model import Snapshot
from guard.core.units import HOUR, Window, hour_number, hour_start
from guard.core.usage import Usage, hours_between, merge, pack
from guard.ports.inventory import Project
from guard.ports.ledger import Ledger
from guard.ports.traffic import Reading, Traffic

BACK_FILL = timedelta(days=41)
"""How far back the first look reads: Cloud Monitoring keeps six weeks (docs.cloud.google.com/monitoring/quotas, read
2026-11-24); a day less, so that the first hour is whole."""

READ_AGAIN = timedelta(hours=6)
"""How much of the past each cycle reads again: points may arrive hours late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLook:
    """What one cycle read: whether each project's data was complete, and problems in words."""

    complete: Mapping[str, bool]  # project number
    problems: Mapping[str, tuple[str, ...]]


class UsageBook:
    """All usage by canonical name."""

    def __init__(self, ledger: Ledger, traffic: Traffic) -> None:
        self._ledger = ledger
        self._traffic = traffic
        self._usage: dict[str, Usage] = {}
        self._read_until: dict[str, datetime] = {}
        self._loaded = False

    @property
    def usage(self) -> Mapping[str, Usage]:
        return self._usage

    def load(self) -> None:
        """Read what the ledger has, once a process (and after a change of leader)."""
        self._usage = dict(self._ledger.load_usage(from_hour=0))
        self._read_until = dict(self._ledger.usage_covered_until())
        self._loaded = True

    def read(self, projects: Iterable[Project], snapshot: Snapshot, now: datetime, *, write: bool) -> UsageLook:
        """Read all projects' usage up to now and merge it; `write` False where this daemon does not lead."""
        if not self._loaded:
            self.load()
        present = _present(snapshot)
        complete: dict[str, bool] = {}
        problems: dict[str, tuple[str, ...]] = {}
        until: dict[str, datetime] = {}
        for project in projects:
            window = self._window(project, now)
            reading = self._traffic.read(project, window)
            complete[project.number] = reading.complete
            if reading.problems:
                problems[project.number] = reading.problems
            news = usage_of(reading, present.get(project.number, ()))
            for name, record in news.items():
                known = self._usage.get(name)
                self._usage[name] = record if known is None else merge(known, record)
            if write:
                self._ledger.save_usage(news, from_hour=hour_number(window.start))
            if reading.complete and reading.covered is not None:
                until[project.number] = reading.covered.end
        self._read_until.update(until)
        if write and until:
            self._ledger.set_usage_covered_until(until)
        return UsageLook(complete=complete, problems=problems)

    def _window(self, project: Project, now: datetime) -> Window:
        end = hour_start(hour_number(now) + 1)
        known = self._read_until.get(project.number)
        start = now - BACK_FILL if known is None else max(known - READ_AGAIN, now - BACK_FILL)
        return Window(hour_start(hour_number(min(start, end - HOUR))), end)


def usage_of(reading: Reading, present: Iterable[str]) -> dict[str, Usage]:
    """Turn a reading into records: rows packed, and the covered hours marked for everything that exists.

    A thing without any series in covered hours had no request there, and no replicas either: that is data too.
    """
    covered = 0
    origin = 0
    if reading.complete and reading.covered is not None:
        span = hours_between(reading.covered.start, reading.covered.end)
        origin, covered = span.start, (1 << len(span)) - 1
    records: dict[str, Usage] = {}
    for name in {*reading.rows, *present}:
        rows = reading.rows.get(name, ())
        record = pack(rows) if rows else None
        if covered:
            mask = Usage(origin=origin, covered=covered)
            record = mask if record is None else merge(record, mask)
        if record is not None:
            records[name] = record
    return records


def _present(snapshot: Snapshot) -> dict[str, list[str]]:
    """Canonical names of all deployed models and pools by project number."""
    names: dict[str, list[str]] = {}
    for endpoint in snapshot.endpoints:
        names.setdefault(endpoint.scope.project, []).extend(deployed.name for deployed in endpoint.deployed)
    for pool in snapshot.pools:
        names.setdefault(pool.name.split("/", 2)[1], []).append(pool.name)
    return names
