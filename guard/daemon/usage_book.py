"""The usage of everything, held in memory between cycles and kept in the ledger by the hour.

First sight of a project reads as far back as the platform keeps it; afterwards each cycle reads from a little before
where it stopped, because points arrive late. Nothing ever falls (core.usage.merge).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from guard.core.model import Snapshot
from guard.core.units import HOUR, Window, hour_number, hour_start
from guard.core.usage import Usage, hours_between, merge, pack
from guard.daemon import allocator
from guard.ports.errors import Unavailable
from guard.ports.inventory import Project
from guard.ports.ledger import Ledger
from guard.ports.traffic import Reading, Traffic

BACK_FILL = timedelta(days=41)
"""How far back the first look reads: Cloud Monitoring keeps six weeks (docs.cloud.google.com/monitoring/quotas, read
2026-11-24); a day less, so that the first hour is whole."""

BACK_FILL_AT_ONCE = timedelta(days=1)
"""How much of a long back-fill is read and held at a time where a project has THINGS_AT_ONCE (about 2 MB of them)."""
THINGS_AT_ONCE = 1000
"""A project with fewer is read in longer parts, so that a part holds about the same."""

READ_AGAIN = timedelta(hours=6)
"""How much of the past each cycle reads again: points may arrive hours late."""


PROJECTS_AT_ONCE = 16
"""Projects whose usage is read side by side; each asks for about ten series at once on a pool of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLook:
    """What one cycle read: whether each project's data was complete, and problems in words."""

    complete: Mapping[str, bool]  # project number
    problems: Mapping[str, tuple[str, ...]]


Fetched = Mapping[str, tuple[Reading, Window]]
"""Project number -> what was read first, and what is still to be read (nothing, where it is empty)."""


class UsageBook:
    """All usage by canonical name."""

    def __init__(self, ledger: Ledger, traffic: Traffic) -> None:
        self._ledger = ledger
        self._traffic = traffic
        self._usage: dict[str, Usage] = {}
        self._read_until: dict[str, datetime] = {}
        self._loaded = False
        self._fresh: dict[tuple[str, datetime], Mapping[str, Usage]] = {}
        self._fresh_lock = Lock()

    @property
    def usage(self) -> Mapping[str, Usage]:
        return self._usage

    def complete_until(self, projects: Iterable[Project]) -> datetime | None:
        """Until when the data of all projects is complete and no longer expected to change; None if one was never read."""
        known = [self._read_until.get(project.number) for project in projects]
        found = [one for one in known if one is not None]
        return min(found) - READ_AGAIN if found and len(found) == len(known) else None

    def load(self) -> None:
        """Read what the ledger has, once a process (and after a change of leader)."""
        self._usage = dict(self._ledger.load_usage(from_hour=0))
        self._read_until = dict(self._ledger.usage_covered_until())
        self._loaded = True

    def fetch(self, projects: Iterable[Project], now: datetime) -> Fetched:
        """Read all projects side by side, each from where it stopped; touches neither memory nor ledger.

        Of a long back-fill only the first part is read here; the rest follows part by part in take(), so that the first look
        at a large project needs no more memory than any other.
        """
        if not self._loaded:
            self.load()
        parts = {project.number: (project, *_cut(self._window(project, now), 1)) for project in projects}

        def first(number: str) -> Reading:
            project, window, _ = parts[number]
            return self._traffic.read(project, window)

        with ThreadPoolExecutor(max_workers=PROJECTS_AT_ONCE, thread_name_prefix="usage") as pool:
            readings = dict(zip(parts, pool.map(first, parts), strict=True))
        return {number: (readings[number], rest) for number, (_, _, rest) in parts.items()}

    def take(self, fetched: Fetched, snapshot: Snapshot, *, write: bool, also: Iterable[str] = ()) -> UsageLook:
        """Merge what was fetched into memory and (with `write`) into the ledger.

        `also` names things that are gone and whose hours still count (removed ones, for the measured saving).
        """
        present = present_in(snapshot)
        for name in also:
            present.setdefault(name.split("/", 2)[1], []).append(name)
        complete: dict[str, bool] = {}
        problems: dict[str, tuple[str, ...]] = {}
        until: dict[str, datetime] = {}
        for number, (first, later) in fetched.items():
            reading, rest = first, later
            names = present.get(number, ())
            while True:
                complete[number] = reading.complete
                if reading.problems:
                    problems[number] = reading.problems
                self._take(reading, names, write=write)
                if not reading.complete or reading.covered is None:
                    break  # what lies behind a hole is read again next time, from the hole on
                until[number] = reading.covered.end
                if rest.start >= rest.end:
                    break
                allocator.give_back()  # answers of a long back-fill would otherwise pile up as freed memory
                # What is there now counts too: the oldest days may tell of less than the days to come.
                window, rest = _cut(rest, THINGS_AT_ONCE // max(1, len(names), len(reading.rows)))
                reading = self._traffic.read(reading.project, window)
        self._read_until.update(until)
        if write and until:
            self._ledger.set_usage_covered_until(until)
        return UsageLook(complete=complete, problems=problems)

    def probe(self, project: Project, now: datetime) -> Reading:
        """Read the last hours of one project and keep nothing; for `doctor`."""
        end = hour_start(hour_number(now) + 1)
        return self._traffic.read(project, Window(end - READ_AGAIN, end))

    def fresh(self, project: Project, now: datetime) -> Mapping[str, Usage]:
        """Read the last hours of one project up to this very moment; for the second look, once an instant and project.

        Raises Unavailable where the reading is not complete: what cannot be seen now is not removed now.
        """
        key = (project.number, now)
        with self._fresh_lock:
            if key not in self._fresh:
                end = hour_start(hour_number(now) + 1)
                reading = self._traffic.read(project, Window(end - READ_AGAIN - HOUR, end))
                if not reading.complete:
                    raise Unavailable(
                        f"usage of {project.id} could not be read completely: {'; '.join(reading.problems)}"
                    )
                merged = dict(self._usage)
                for name, record in usage_of(reading, ()).items():
                    merged[name] = merge(merged[name], record) if name in merged else record
                self._fresh = {key: merged} | {k: v for k, v in self._fresh.items() if k[1] == now}
            return self._fresh[key]

    def _take(self, reading: Reading, present: Iterable[str], *, write: bool) -> None:
        means: dict[str, Mapping[int, float]] = {}
        news = usage_of(reading, present, means)
        for name, record in news.items():
            known = self._usage.get(name)
            self._usage[name] = record if known is None else merge(known, record)
        if write:
            self._ledger.save_usage(news, from_hour=hour_number(reading.window.start))
            self._ledger.save_replicas(means)

    def _window(self, project: Project, now: datetime) -> Window:
        end = hour_start(hour_number(now) + 1)
        known = self._read_until.get(project.number)
        start = now - BACK_FILL if known is None else max(known - READ_AGAIN, now - BACK_FILL)
        return Window(hour_start(hour_number(min(start, end - HOUR))), end)


def usage_of(
    reading: Reading, present: Iterable[str], means: dict[str, Mapping[int, float]] | None = None
) -> dict[str, Usage]:
    """Turn a reading into records: rows packed, and the covered hours marked for everything that exists.

    A thing without any series in covered hours had no request there, and no replicas either: that is data too. Mean replicas
    by hour are put into `means`, where it is given: rows are made as they are read, and that is slow to do twice.
    """
    covered = 0
    origin = 0
    if reading.complete and reading.covered is not None:
        span = hours_between(reading.covered.start, reading.covered.end)
        origin, covered = span.start, (1 << len(span)) - 1
    records: dict[str, Usage] = {}
    for name in {*reading.rows, *present}:
        rows = list(reading.rows.get(name, ()))
        record = pack(rows) if rows else None
        if means is not None:
            means[name] = {row.hour: row.replicas for row in rows if row.replicas is not None}
        if covered:
            mask = Usage(origin=origin, covered=covered)
            record = mask if record is None else merge(record, mask)
        if record is not None:
            records[name] = record
    return records


def _cut(window: Window, times: int) -> tuple[Window, Window]:
    """The first `times` (one at least) parts of a long window, and the rest, so that the first look at a large project needs no
    more memory than any other.
    """
    end = min(window.start + BACK_FILL_AT_ONCE * max(1, times), window.end)
    return Window(window.start, end), Window(end, window.end)


def present_in(snapshot: Snapshot) -> dict[str, list[str]]:
    """Canonical names of all deployed models and pools by project number."""
    names: dict[str, list[str]] = {}
    for endpoint in snapshot.endpoints:
        names.setdefault(endpoint.scope.project, []).extend(deployed.name for deployed in endpoint.deployed)
    for pool in snapshot.pools:
        names.setdefault(pool.name.split("/", 2)[1], []).append(pool.name)
    return names
