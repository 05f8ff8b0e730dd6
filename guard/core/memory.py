"""What is remembered of each thing from look to look: first sight, signs of an IaC tool, emptiness, liveness. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime

from guard.core.model import Kind, Snapshot
from guard.core.names import Scope, scope_of
from guard.core.plan import Seen
from guard.core.policy import iac_mark
from guard.core.usage import Usage
from guard.core.verdict import Idle, Verdict

RESTORED = "restored"
"""The generation of a thing between its restore and the first look at it."""


def remember(
    seen: Mapping[str, Seen],
    verdicts: Iterable[Verdict],
    snapshot: Snapshot,
    usages: Mapping[str, Usage],
    now: datetime,
    *,
    doubted: AbstractSet[Scope] = frozenset(),
) -> list[Seen]:
    """Return the rows that changed since the last look (or are new).

    Labels in a doubted scope are not believed: those of before stay remembered, so that the doubt lasts until they are back
    or a person has looked.
    `last_seen_at` alone does not make a row change more often than once an hour: a fleet that stands still writes little.
    """
    empty = _emptiness(snapshot)
    changed: list[Seen] = []
    for verdict in verdicts:
        subject = verdict.subject
        old = seen.get(subject.name)
        if old is None or old.generation != subject.generation:
            base = Seen(
                name=subject.name,
                kind=subject.kind.value,
                generation=subject.generation,
                first_seen_at=now,
                last_seen_at=now,
                digest=subject.digest,
                iac_marked=old.iac_marked if old else False,
                restored_at=old.restored_at if old and old.generation == RESTORED else None,
                wait_factor=old.wait_factor if old and old.generation == RESTORED else 1,
            )
        else:
            base = old
        usage = usages.get(subject.name)
        removable = isinstance(verdict, Idle)
        new = replace(
            base,
            digest=subject.digest,
            labels=base.labels if scope_of(subject.name) in doubted else dict(subject.labels),
            iac_marked=base.iac_marked or iac_mark(subject.labels) is not None,
            removable_since=(base.removable_since or now) if removable else None,
            empty_since=_empty_since(base, subject.name, empty, now),
            was_live=base.was_live or bool(usage and usage.live),
            last_seen_at=now if _stale(base, now) else base.last_seen_at,
        )
        if new != old:
            changed.append(new)
    changed += _filled_again(seen, empty)
    return changed


def restored(name: str, kind: Kind, before: Seen | None, now: datetime) -> Seen:
    """What is remembered of a thing that a restore has just brought back under a new name: its wait is doubled."""
    return Seen(
        name=name,
        kind=kind.value,
        generation=RESTORED,
        first_seen_at=now,
        last_seen_at=now,
        digest="",
        restored_at=now,
        wait_factor=2 * (before.wait_factor if before else 1),
        told_first_seen=True,
    )


def gone(seen: Mapping[str, Seen], snapshot: Snapshot, verdicts: Iterable[Verdict]) -> list[str]:
    """Return names that were there and are not any more, in scopes that were listed completely."""
    names = {verdict.subject.name for verdict in verdicts}
    complete = {report.scope for report in snapshot.scopes if report.complete}
    return [name for name in seen if name not in names and scope_of(name) in complete]


def unlisted(seen: Mapping[str, Seen], snapshot: Snapshot, verdicts: Iterable[Verdict]) -> Mapping[str, str]:
    """Return what was there and could not be listed this time, with what went wrong in its scope: unknown, so kept."""
    names = {verdict.subject.name for verdict in verdicts}
    problems = {report.scope: report.problem for report in snapshot.scopes if not report.complete}
    return {name: problems[scope_of(name)] for name in seen if name not in names and scope_of(name) in problems}


def _filled_again(seen: Mapping[str, Seen], empty: Mapping[str, bool]) -> list[Seen]:
    """Endpoints that have a model again: they get no verdict of their own, so their emptiness has to end here."""
    return [
        replace(row, empty_since=None)
        for name, row in sorted(seen.items())
        if row.kind == Kind.ENDPOINT.value and row.empty_since is not None and empty.get(name) is False
    ]


def _stale(base: Seen, now: datetime) -> bool:
    return (now - base.last_seen_at).total_seconds() >= 3600


def _emptiness(snapshot: Snapshot) -> Mapping[str, bool]:
    """Endpoints and registry models: is anything deployed?"""
    result = {endpoint.name: not endpoint.deployed for endpoint in snapshot.endpoints}
    result |= {model.name: not model.deployed_at for model in snapshot.models}
    return result


def _empty_since(base: Seen, name: str, empty: Mapping[str, bool], now: datetime) -> datetime | None:
    if base.kind not in {Kind.ENDPOINT.value, Kind.MODEL.value}:
        return None
    return (base.empty_since or now) if empty.get(name, False) else None
