"""How much may go, and when: throttle, breaker, hours of acting. Pure.

The throttle lets the dearest through first; the breaker, when a run selects far more than usual, lets none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from guard.core.plan import Breaker, Planned
from guard.core.removal import Act, act_id
from guard.core.rules import ActWindow, Limits, Rules
from guard.core.units import Rate
from guard.core.verdict import Stage

PERIOD = timedelta(hours=24)
"""The period of the throttle: the intents of the 24 hours before now count."""


def price_order(item: Planned) -> tuple[bool, str, float, str]:
    """Sort key: dearest first, unpriced last, then by name. Amounts in different currencies are never compared: those of one
    currency stand together.
    """
    rate: Rate | None = item.group_rate or item.verdict.subject.rate
    if rate is None:
        return True, "", 0.0, item.key.subject
    return False, rate.per_hour.currency, -float(rate.per_hour.amount), item.key.subject


def throttle(
    due: Sequence[Planned], acts: Iterable[Act], rules_of: Callable[[str], Rules | None], now: datetime
) -> tuple[list[Planned], list[Planned]]:
    """Split what is due into what may go now, dearest first, and what has to wait.

    A group's limit counts what went under that very limit in the last 24 hours; a project's limit what went there. A limit
    of 1 or more always lets the dearest through once the period is free; 0 lets none. What shares a pool counts once and
    goes together: a sharer of a pool that has begun to go is not held back.
    """
    begun = {
        removal_unit(act): act.project_id
        for act in acts
        if act.intended_at is not None and act.intended_at > now - PERIOD and act.key.stage is not Stage.RESTORE
    }
    total = Counter(_group(rules_of(project)) for project in begun.values())
    by_project = Counter(begun.values())
    allowed: list[Planned] = []
    waiting: list[Planned] = []
    for item in sorted(due, key=price_order):
        project = item.verdict.subject.project_id
        rules = rules_of(project)
        limits = rules.limits if rules is not None else Limits(removals_per_day=0)
        group = _group(rules)
        per_project = limits.removals_per_project_per_day
        unit = _unit(item, now)
        if unit in begun:
            allowed.append(item)
            continue
        if total[group] >= limits.removals_per_day or (per_project is not None and by_project[project] >= per_project):
            waiting.append(item)
            continue
        total[group] += 1
        by_project[project] += 1
        begun[unit] = project
        allowed.append(item)
    return allowed, waiting


def breaker(*, newly: int, selected: int, fleet: int, usual: int, limits: Limits) -> Breaker | None:
    """Return why the run stops, or None.

    Args:
        newly: How many things this run selects that no earlier run had announced.
        selected: How many things are selected in all.
        fleet: How many things that could be selected there are.
        usual: How many a usual run newly selects.
        limits: Shares and counts; a share rounds down, never below `breaker_least`.
    """
    burst = max(limits.breaker_least, int(limits.breaker_factor * max(usual, 1)) + 1)
    if newly >= burst:
        why = f"this run newly selects {newly}, a usual one {usual}; {burst} or more at once wait for a person"
        return Breaker(selected=newly, fleet=fleet, usual=usual, why=why)
    most = max(limits.breaker_least, int(limits.breaker_share * fleet))
    if fleet >= limits.breaker_least and selected > most:
        why = f"{selected} of {fleet} are selected; more than {most} wait for a person"
        return Breaker(selected=selected, fleet=fleet, usual=usual, why=why)
    return None


def is_burst(count: int, usual: int, limits: Limits) -> bool:
    """True where so many at once are far more than usual."""
    return count >= max(limits.breaker_least, int(limits.breaker_factor * max(usual, 1)) + 1)


def act_window_open(window: ActWindow | None, now: datetime) -> bool:
    """True where acts may happen now: local weekday and time in the window's zone, [start, end). No window: always.

    A window whose end is not after its start runs over midnight and belongs to the day on which it starts.
    """
    if window is None:
        return True
    local = now.astimezone(_zone(window.zone))
    at = local.time().replace(tzinfo=None)
    if window.start < window.end:
        return local.weekday() in window.weekdays and window.start <= at < window.end
    if at >= window.start:
        return local.weekday() in window.weekdays
    return at < window.end and (local.weekday() - 1) % 7 in window.weekdays


def next_open(window: ActWindow | None, after: datetime) -> datetime | None:
    """Return the first instant from `after` on at which acts may happen; None for a window without days.

    Local times are read in the zone of their day, so a change of clocks moves the instant, not the hour on the wall; a time
    that a change skips is read with the offset before it (02:30 becomes 03:30 where the clocks jump from two to three).
    """
    if act_window_open(window, after):
        return after
    if window is None or not window.weekdays:
        return None
    zone = _zone(window.zone)
    day = after.astimezone(zone).date()
    for ahead in range(9):
        date = day + timedelta(days=ahead)
        if date.weekday() in window.weekdays:
            start = datetime.combine(date, window.start, zone).astimezone(UTC)
            if start >= after and act_window_open(window, start):
                return start
    return None


def removal_unit(act: Act) -> str:
    """What the limits count an act as: the sharers of a pool that were proposed together are one removal."""
    pool = act.evidence.get("pool")
    return f"{pool} {act.proposed_at.isoformat()}" if isinstance(pool, str) else act.id


def _unit(item: Planned, now: datetime) -> str:
    if item.act is not None:
        return removal_unit(item.act)
    return f"{item.group} {now.isoformat()}" if item.group is not None else act_id(item.key)


def _group(rules: Rules | None) -> str:
    return rules.digest if rules is not None else ""


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
