"""A fleet of things with terms of their own: its waits under a rule, and a score's figures as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np

from guard.backtest.learned import Ask, asked_waits
from guard.backtest.practice import Practised
from guard.backtest.rules import Rule
from guard.backtest.score import Score
from guard.backtest.silences import Flags, Floats, Silences
from guard.backtest.terms import Terms, never
from guard.core.rules import BreakEven, Fixed, Learned, Never


class Fleet(NamedTuple):
    """Things priced in one currency, with what a replay needs of each; arrays are by endpoint."""

    silences: Silences
    terms: list[Terms]
    ratio: Floats
    price: Floats
    practised: Practised


def fleet_of(silences: Silences, terms: list[Terms]) -> Fleet:
    """Return what a replay needs of these endpoints, in the order of `silences.names`."""
    price = np.array([float(one.rate) for one in terms])
    projects = {name: i for i, name in enumerate(dict.fromkeys(one.project for one in terms))}
    return Fleet(
        silences,
        terms,
        np.array([one.ratio.total_seconds() for one in terms]),
        price,
        Practised([one.practice for one in terms], price, np.array([projects[one.project] for one in terms], np.intp)),
    )


def base_waits(silences: Silences, terms: Sequence[Terms], rule: Rule | None) -> Floats:
    """Return each silence's wait (seconds, inf: never) under a rule, or (None) under what each policy says; nothing added yet."""
    by_endpoint = np.full(len(terms), np.inf)
    asks: dict[tuple[float, float], list[int]] = {}
    for i, one in enumerate(terms):
        kind = one.rule if rule is None else _means(rule)
        if never(one) or kind is None:
            continue
        match kind:
            case Fixed():
                by_endpoint[i] = kind.length.total_seconds() if rule is None else rule.length
            case BreakEven():
                by_endpoint[i] = one.ratio.total_seconds()
            case Learned():
                worst = max(2.0, float(one.policy.worst_case))
                asks.setdefault((one.ratio.total_seconds(), worst), []).append(i)
            case Never():
                pass
    waits = by_endpoint[silences.endpoint]
    wanted = [Ask(ratio, worst, _flags(members, len(terms))) for (ratio, worst), members in asks.items()]
    for ask, learned in zip(wanted, asked_waits(silences, wanted) if wanted else (), strict=True):
        assert ask.endpoints is not None  # noqa: S101  # made just above
        theirs = ask.endpoints[silences.endpoint]
        waits[theirs] = learned[theirs]
    return waits


def _means(rule: Rule) -> BreakEven | Learned | Fixed | None:
    match rule.kind:
        case "auto":
            return Learned()
        case "break_even":
            return BreakEven()
        case "fixed":
            return Fixed(timedelta(seconds=rule.length))
        case "never":
            return None


def _flags(members: Sequence[int], count: int) -> Flags:
    flags = np.zeros(count, bool)
    flags[members] = True
    return flags


def figures(result: Score) -> dict[str, Any]:
    """Return a score's figures as JSON; money in the prices' currency."""
    interval = result.interval()
    return {
        "saved": round(float(result.saved.sum()), 2),
        "possible": round(float(result.possible.sum()), 2),
        "captured_percent": None if result.captured is None else round(result.captured, 2),
        "captured_interval_percent": None if interval is None else [round(value, 2) for value in interval],
        "removals": int(result.removals.sum()),
        "cold_starts": int(result.cold_starts.sum()),
        "cold_starts_per_endpoint_week": round(result.cold_starts_per_week, 3),
        "worst_ratio_on_one_silence": round(result.worst_ratio, 3),
    }
