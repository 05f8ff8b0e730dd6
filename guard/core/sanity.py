"""Are the instruments broken? Judged per project and location; instruments are judged, never users. Pure.

A quiet weekend is normal. What is not: many things losing liveness at once, marks vanishing together, a listing that shrank,
usage that cannot be read, a clock that jumped. A doubt ends by recovery, or when a person has looked (acknowledged).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from guard.core.labels import REMOVED, iac_mark, is_ours
from guard.core.model import HourlyDedicated, Kind, Snapshot
from guard.core.names import Scope, scope_of
from guard.core.plan import Doubt, LedgerView, Seen
from guard.core.removal import ActState
from guard.core.units import hour_number
from guard.core.usage import Usage

LEAST = 3
"""Fewer things than this changing together prove nothing about the instruments."""

SHARE = 0.5
"""Half of those that could: below, it is more likely that people did it."""

DARK_HOURS = 4
"""Without a replica series for so many hours, a deployment that had one is dark; metrics are minutes late, not hours."""

MEMORY = timedelta(days=30)
"""A listing that shrank is doubted against what was there in this time."""

CLOCK_TOLERANCE = timedelta(minutes=5)


def doubts(
    snapshot: Snapshot,
    usages: Mapping[str, Usage],
    view: LedgerView,
    readings_ok: Mapping[str, bool],
    clock_jump: timedelta | None,
    now: datetime,
) -> tuple[Doubt, ...]:
    """Return the scopes whose instruments are in doubt, sorted by scope.

    Args:
        snapshot: What exists.
        usages: Records by canonical name.
        view: What the ledger remembers: what was there, live and labelled; people's acknowledgements.
        readings_ok: Project number -> whether its usage was read completely; a project that is absent was not asked for.
        clock_jump: How far domain time and machine time parted since the last cycle; None where that was not measured.
        now: The instant of the look.
    """
    scopes = sorted(report.scope for report in snapshot.scopes)
    acknowledged = {a.what for a in view.acknowledgements if a.made_at <= now < a.expires_at}
    unreadable = {project for project, complete in readings_ok.items() if not complete}
    remembered: defaultdict[Scope, list[Seen]] = defaultdict(list)
    for seen in view.seen.values():
        remembered[scope_of(seen.name)].append(seen)
    labels, dark, live, present = _present(snapshot, usages, view, now)
    removed = _removed_by_us(view)
    incomplete = snapshot.incomplete()
    found: list[Doubt] = []
    for scope in scopes:
        problems: list[tuple[str, dict[str, object]]] = []
        if scope.project in unreadable:
            problems.append(("the usage of the project could not be read completely", {"project": scope.project}))
        if clock_jump is not None and abs(clock_jump) > CLOCK_TOLERANCE:
            problems.append(("the clock jumped", {"seconds": clock_jump.total_seconds()}))
        if _many(len(dark[scope]), len(dark[scope]) + len(live[scope])):
            text = f"{len(dark[scope])} of {len(dark[scope]) + len(live[scope])} deployments stopped showing replicas"
            problems.append((text, {"dark": sorted(dark[scope])}))
        if scope not in incomplete:
            problems += _shrunk(remembered[scope], present, removed, now)
        problems += _unmarked(remembered[scope], labels)
        if problems:
            evidence: dict[str, object] = {}
            for _, more in problems:
                evidence |= more
            why = "; ".join(text for text, _ in problems)
            found.append(Doubt(scope=scope, why=why, evidence=evidence, acknowledged=f"scope:{scope}" in acknowledged))
    return tuple(found)


_ByScope = defaultdict[Scope, list[str]]


def _present(
    snapshot: Snapshot, usages: Mapping[str, Usage], view: LedgerView, now: datetime
) -> tuple[dict[str, Mapping[str, str]], _ByScope, _ByScope, set[str]]:
    """What is there: labels by name, deployments that went dark, those that are live, and all names."""
    labels: dict[str, Mapping[str, str]] = {}
    dark: _ByScope = defaultdict(list)
    live: _ByScope = defaultdict(list)
    oldest = hour_number(now) - DARK_HOURS
    for endpoint in snapshot.endpoints:
        labels[endpoint.name] = endpoint.labels
        for deployed in endpoint.deployed:
            labels[deployed.name] = endpoint.labels
            seen = view.seen.get(deployed.name)
            if seen is None or not seen.was_live or not isinstance(deployed.billing, HourlyDedicated):
                continue
            if deployed.billing.min_replicas == 0:
                continue  # may scale itself to zero
            usage = usages.get(deployed.name)
            fresh = usage is not None and usage.replicas_hour is not None and usage.replicas_hour >= oldest
            (live if fresh else dark)[scope_of(endpoint.name)].append(deployed.name)
    for model in snapshot.models:
        labels[model.name] = model.labels
    present = set(labels) | {pool.name for pool in snapshot.pools} | {job.name for job in snapshot.jobs}
    return labels, dark, live, present


def _shrunk(
    remembered: list[Seen], present: set[str], removed: set[str], now: datetime
) -> list[tuple[str, dict[str, object]]]:
    """Things that were there and are not listed any more, without us having removed them."""
    known = [
        seen.name
        for seen in remembered
        if seen.kind in {Kind.DEPLOYED_MODEL, Kind.ENDPOINT, Kind.POOL} and seen.last_seen_at > now - MEMORY
    ]
    # A shell's row is written only while it is empty: one that got a model again is present all the same.
    gone = sorted(name for name in known if name not in present and name not in removed)
    here = [name for name in known if name in present]
    if not _many(len(gone), len(gone) + len(here)):
        return []
    text = f"{len(gone)} of {len(gone) + len(here)} things are not listed any more, and the guard did not remove them"
    return [(text, {"not_listed": gone})]


def _unmarked(remembered: list[Seen], labels: Mapping[str, Mapping[str, str]]) -> list[tuple[str, dict[str, object]]]:
    """Labels that vanish together: every label of many things, or the marks that keep many things."""
    had = [seen for seen in remembered if _by_people(seen.labels) and seen.name in labels]
    bare = sorted(seen.name for seen in had if not labels[seen.name])
    if _many(len(bare), len(had)):
        return [(f"{len(bare)} of {len(had)} things lost all their labels", {"without_labels": bare})]
    marked = [seen for seen in had if _marks(seen.labels)]
    lost = sorted(seen.name for seen in marked if not _marks(labels[seen.name]))
    if _many(len(lost), len(marked)):
        return [(f"{len(lost)} of {len(marked)} things lost their marks", {"without_marks": lost})]
    return []


def _marks(labels: Mapping[str, str]) -> bool:
    return iac_mark(labels) is not None or any(is_ours(key) for key in _by_people(labels))


def _by_people(labels: Mapping[str, str]) -> list[str]:
    """Without the label that the guard leaves on a shell itself: it takes that one away again when it restores."""
    return [key for key in labels if key != REMOVED]


def _removed_by_us(view: LedgerView) -> set[str]:
    ours = {ActState.VERIFIED, ActState.STARTED, ActState.UNKNOWN, ActState.INTENDED}
    return {act.key.subject for act in view.acts if act.state in ours}


def _many(count: int, of: int) -> bool:
    return count >= LEAST and count >= SHARE * of
