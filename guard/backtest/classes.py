"""What the data say about the classes of `if_wrong`: what each would have done to the same fleet, and which keeps to a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from guard.backtest.fleet import base_waits, figures, fleet_of
from guard.backtest.rules import rule_of
from guard.backtest.score import Score, score
from guard.backtest.silences import Flags, Silences
from guard.backtest.terms import Terms
from guard.core.rules import IfWrong

HOUR = 3600.0


def classes_tried(
    whole: Silences, everything: list[Terms], inside: Flags, classes: Mapping[str, IfWrong]
) -> list[tuple[dict[str, Any], Score]]:
    """Return what `wait: auto` would have done had every wrong removal cost what a class says; things that stay do so here too."""
    found = []
    for name, if_wrong in classes.items():
        under = [one.under(if_wrong) or one for one in everything]
        part, rows = whole.of(inside)
        fleet = fleet_of(part, [one for one, here in zip(under, inside, strict=True) if here])
        alone = base_waits(whole, under, rule_of("auto"))[rows]
        result = score(part, fleet.practised.waits(part, alone), fleet.ratio, fleet.price)
        line = {
            "if_wrong": name,
            "break_even_hours": round(float(np.median(fleet.ratio)) / HOUR, 3),
            **figures(result),
            "cold_starts_per_endpoint_week_at_most": round(result.most_cold_starts_per_week(), 3),
        }
        found.append((line, result))
    return found


def advice_of(tried: Sequence[tuple[dict[str, Any], Score]], most: float) -> str:
    """Recommend the cheapest class whose cold starts stay within what people accept, also when endpoints are drawn anew."""
    for line, _ in tried:
        credible = line["cold_starts_per_endpoint_week_at_most"]
        if credible <= most:
            return (
                f"if_wrong: {line['if_wrong']} would have given {line['cold_starts_per_endpoint_week']:.2f} cold starts per "
                f"endpoint and week (at most {credible:.2f} with other endpoints like these; you accept {most:g})."
            )
    if not tried:
        return "No class of if_wrong is in use."
    last = tried[-1][0]
    return (
        f"No class in guard.yaml keeps to {most:g} cold starts per endpoint and week: the dearest, {last['if_wrong']}, gives "
        f"{last['cold_starts_per_endpoint_week']:.2f} (at most {last['cold_starts_per_endpoint_week_at_most']:.2f}). Call a wrong "
        "removal dearer, or keep these endpoints."
    )
