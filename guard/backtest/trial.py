"""A policy tried on a fleet's own past: every thing with its own break-even wait, in practice and without, against other rules.

`trial` is what the command line and the page call: histories and terms in, one JSON document out. Money is in the currency of the
prices; things priced in different currencies are told apart and never added up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from guard.backtest.classes import advice_of, classes_tried
from guard.backtest.fleet import Fleet, base_waits, figures, fleet_of
from guard.backtest.history import silences_of_usage
from guard.backtest.over_time import by_week, worst_in_time
from guard.backtest.practice import Step
from guard.backtest.rules import Rule, rule_of, said
from guard.backtest.score import Score, score
from guard.backtest.silences import Flags, Floats, Silences
from guard.backtest.terms import Terms
from guard.core.rules import IfWrong
from guard.core.usage import Usage

AS_WRITTEN = "policy"
"""The word for what guard.yaml says, policy by policy."""

WAITS = (AS_WRITTEN, "auto", "break_even", "24h", "never")
HOUR = 3600.0


def trial(
    usages: Mapping[str, Usage],
    terms: Mapping[str, Terms],
    waits: Sequence[str] = WAITS,
    *,
    source: str,
    left_out: Mapping[str, str] | None = None,
    classes: Mapping[str, IfWrong] | None = None,
    most_cold_starts: float | None = None,
) -> dict[str, Any]:
    """Replay rules over the histories of things that have terms; returns a JSON document.

    Args:
        usages: Record by name (see `terms.histories` for pools).
        terms: From `terms.terms_of`.
        waits: Rules to compare: `policy` (as guard.yaml says), auto, break_even, never, or a duration such as 24h. A thing whose
            policy says never stays in all of them. The first one is looked at closely.
        source: Where the histories come from, for people.
        left_out: Things without terms, and why.
        classes: Classes of `if_wrong` to compare: what each would have done to the same fleet.
        most_cold_starts: Cold starts per endpoint and week that people accept: the cheapest class that keeps to it is recommended.

    Returns:
        `source`, `left_out` ([{endpoint, why}]) and `fleets`, one a currency, each with `currency`, `endpoints`,
        `endpoint_weeks`, `gaps`, and `results` (a rule each, in practice), `practice` (the first rule, step by step: what floor,
        notice, act window and limits cost), `policies` (the first rule, policy by policy), `over_time` (its waits by week),
        `timeline` (its worst five things), `classes` and `advice`.

    Raises:
        TraceInvalid: A word in `waits` that is no rule.
    """
    rules = [_rule(word) for word in waits]
    out = dict(left_out or {})
    histories = {name: usage for name, usage in usages.items() if name in terms}
    silences = silences_of_usage(histories, {name: one.policy.name for name, one in terms.items()})
    used = set(silences.names)
    out |= {
        name: "it was never used while it was watched: there is nothing to count from"
        for name in terms
        if name not in used
    }
    everything = [terms[name] for name in silences.names]
    fleets = []
    for currency in dict.fromkeys(one.currency for one in everything):
        inside = np.array([one.currency == currency for one in everything])
        fleets.append(_fleet_document(silences, everything, inside, currency, rules, classes or {}, most_cold_starts))
    return {
        "source": source,
        "left_out": [{"endpoint": name, "why": why} for name, why in sorted(out.items())],
        "fleets": fleets,
    }


def _rule(word: str) -> Rule | None:
    return None if word == AS_WRITTEN else rule_of(word)


def _fleet_document(
    whole: Silences,
    everything: list[Terms],
    inside: Flags,
    currency: str,
    rules: Sequence[Rule | None],
    classes: Mapping[str, IfWrong],
    most_cold_starts: float | None,
) -> dict[str, Any]:
    part, rows = whole.of(inside)
    fleet = fleet_of(part, [one for one, here in zip(everything, inside, strict=True) if here])
    alone = [base_waits(whole, everything, rule)[rows] for rule in rules]
    names = [AS_WRITTEN if rule is None else rule.name for rule in rules]
    acting = [fleet.practised.waits(part, waits) for waits in alone]
    scores = [score(part, waits, fleet.ratio, fleet.price) for waits in acting]
    document: dict[str, Any] = {
        "currency": currency,
        "endpoints": len(part.names),
        "endpoint_weeks": round(float(part.weeks.sum()), 3),
        "gaps": int(part.returned.sum()),
        "results": [
            {"rule": name, **figures(result), **_worst(part, result), "median_wait_hours": _median(waits)}
            for name, result, waits in zip(names, scores, acting, strict=True)
        ],
        "practice": _steps(fleet, alone[0], names[0]),
        "policies": _by_policy(fleet, scores[0], acting[0]),
        "over_time": by_week(part, acting[0]),
        "timeline": worst_in_time(part, scores[0], acting[0]),
        "classes": [],
        "advice": None,
    }
    if classes:
        tried = classes_tried(whole, everything, inside, classes)
        document["classes"] = [line for line, _ in tried]
        document["advice"] = advice_of(tried, most_cold_starts) if most_cold_starts is not None else None
    return document


def _worst(silences: Silences, result: Score) -> dict[str, Any]:
    worst = result.worst_endpoints(silences.names)
    return {"worst_endpoints": [{"endpoint": name, "saved": round(amount, 2)} for name, amount in worst]}


def _median(waits: Floats) -> float | None:
    middle = float(np.median(waits)) if len(waits) else float("inf")
    return round(middle / HOUR, 3) if np.isfinite(middle) else None


def _steps(fleet: Fleet, alone: Floats, name: str) -> list[dict[str, Any]]:
    """The first rule alone, then with each part of practice added: what it costs in money and what it saves in cold starts."""
    lines: list[dict[str, Any]] = []
    texts: dict[Step, set[str]] = {}
    for practice in dict.fromkeys(fleet.practised.of):
        for step, text in said(practice).items():
            texts.setdefault(step, set()).add(text)
    before: float | None = None
    for step in (Step.ALONE, *sorted(texts)):
        waits = fleet.practised.waits(fleet.silences, alone, step)
        result = figures(score(fleet.silences, waits, fleet.ratio, fleet.price))
        what = name if step is Step.ALONE else "+ " + ", ".join(sorted(texts[step]))
        lines.append(
            {
                "step": step.name.lower(),
                "what": what,
                **result,
                "costs": None if before is None else round(before - result["saved"], 2),
            }
        )
        before = result["saved"]
    return lines


def _by_policy(fleet: Fleet, result: Score, waits: Floats) -> list[dict[str, Any]]:
    lines = []
    for name in dict.fromkeys(one.policy.name for one in fleet.terms):
        inside = np.array([one.policy.name == name for one in fleet.terms])
        lines.append(
            {
                "policy": name,
                "endpoints": int(inside.sum()),
                "break_even_hours": round(float(np.median(fleet.ratio[inside])) / HOUR, 3),
                "median_wait_hours": _median(waits[inside[fleet.silences.endpoint]]),
                **figures(result.of(inside)),
            }
        )
    return lines
