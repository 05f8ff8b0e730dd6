"""What the data say about `if_wrong`: how dear a wrong removal must be called for cold starts to stay below a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from guard.backtest.rules import Rule, short, waits_of
from guard.backtest.score import HOUR, score
from guard.backtest.silences import Silences

LADDER_HOURS = (0.5, 1, 2, 4, 8, 16, 24, 48, 72, 120, 168, 336, 720)
"""Break-even waits that are tried, hours: half an hour to thirty days."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The lowest break-even wait (seconds) at which a rule stays within the cold starts that people accept."""

    ratio: float
    cold_starts_per_week: float
    saved_hours: float
    sentence: str


def recommend(
    silences: Silences,
    rule: Rule,
    *,
    most_cold_starts: float,
    hourly_price: float | None = None,
    redeploy_minutes: float = 20.0,
    ladder_hours: Sequence[float] = LADDER_HOURS,
) -> Advice:
    """Return the cheapest `if_wrong` under which `rule` causes at most `most_cold_starts` per endpoint and week.

    Also when the endpoints are drawn anew: the 97.5th percentile has to keep to it, not the one fleet that was seen.

    With an hourly price (USD) the sentence names the `per_minute_down` that means the same for a redeploy of
    `redeploy_minutes`: B = T x price, less the machine's own price while it is redeployed.
    """
    for hours in ladder_hours:
        ratio = hours * HOUR
        (waits,) = waits_of(silences, [rule], ratio, reached_only=True)
        result = score(silences, waits, ratio)
        credible = result.most_cold_starts_per_week()
        if credible <= most_cold_starts or hours == ladder_hours[-1]:
            break
    saved = float(result.saved.sum())
    kept = credible <= most_cold_starts
    accepted = f"(you accept {most_cold_starts:g})" if kept else f"(more than the {most_cold_starts:g} you accept)"
    text = (
        f"A wrong removal worth {short(ratio)} of the machine gives {result.cold_starts_per_week:.2f} cold starts per endpoint and "
        f"week, at most {credible:.2f} with other endpoints like these {accepted}, and saves {saved:,.0f} machine hours"
    )
    if hourly_price is not None:
        per_minute = max(0.0, (hours * hourly_price - hourly_price * redeploy_minutes / 60) / redeploy_minutes)
        text += (
            f", {saved * hourly_price:,.0f} USD; in guard.yaml: if_wrong: {{per_minute_down: {per_minute:.2f}}} "
            f"(redeploy {redeploy_minutes:g} min at {hourly_price:g} USD/h)"
        )
    return Advice(ratio, result.cold_starts_per_week, saved, text + ".")
