"""A backtest's answer: rules side by side at one or several break-even waits, as values, a table, and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from guard.backtest.rules import Rule, short, waits_of
from guard.backtest.score import HOUR, Score, score
from guard.backtest.silences import Floats, Silences


@dataclass(frozen=True, slots=True)
class Line:
    """One rule at one break-even wait (seconds)."""

    ratio: float
    rule: Rule
    score: Score
    waits: Floats


@dataclass(frozen=True, slots=True)
class Report:
    """All lines of a backtest, by break-even wait and then by rule."""

    source: str
    silences: Silences
    lines: tuple[Line, ...]
    hourly_price: float | None = None

    def at(self, ratio: float) -> list[Line]:
        """Return the lines at one break-even wait."""
        return [line for line in self.lines if line.ratio == ratio]

    @property
    def ratios(self) -> list[float]:
        """The break-even waits, in the order asked for."""
        return list(dict.fromkeys(line.ratio for line in self.lines))


def backtest(
    silences: Silences,
    rules: Sequence[Rule],
    ratios: Sequence[float],
    *,
    source: str,
    hourly_price: float | None = None,
) -> Report:
    """Replay every rule at every break-even wait (seconds); `hourly_price` only turns hours into money."""
    lines = [
        Line(ratio, rule, score(silences, waits, ratio), waits)
        for ratio in ratios
        for rule, waits in zip(rules, waits_of(silences, rules, ratio), strict=True)
    ]
    return Report(source, silences, tuple(lines), hourly_price)


HEAD = ("break-even", "rule", "saved", "captured", "95 %", "removals", "cold starts /wk", "worst", "median wait")


def cells(report: Report, line: Line) -> tuple[str, ...]:
    """Return one line of the table."""
    result, interval = line.score, line.score.interval()
    captured = "nothing to save" if result.captured is None else f"{result.captured:.1f} %"
    middle = float(np.median(line.waits)) if len(line.waits) else float("inf")
    return (
        short(line.ratio),
        line.rule.name,
        amount(report, float(result.saved.sum())),
        captured,
        f"{interval[0]:.0f} to {interval[1]:.0f}" if interval else "-",
        f"{result.removals.sum():.0f}",
        f"{result.cold_starts_per_week:.2f}",
        f"{result.worst_ratio:.3g}x",
        short(middle),
    )


def amount(report: Report, hours: float) -> str:
    """Write hours of the machine's price, or the money that they are."""
    if report.hourly_price is None:
        return f"{hours:,.0f} h"
    return f"{'-' if hours < 0 else ''}${abs(hours) * report.hourly_price:,.2f}"


def as_text(report: Report) -> str:
    """Return the table and the worst endpoints as plain text."""
    rows = [HEAD, *(cells(report, line) for line in report.lines)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    text = [heading(report), ""]
    text += ["  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    text.append("")
    for line in report.lines:
        if line.rule.kind == "never":
            continue
        worst = ", ".join(f"{n} {amount(report, h)}" for n, h in line.score.worst_endpoints(report.silences.names, 3))
        text.append(f"Saved least at {short(line.ratio)}, {line.rule.name}: {worst}")
    return "\n".join(text) + "\n"


def heading(report: Report) -> str:
    """Return one sentence on what was replayed."""
    weeks = float(report.silences.weeks.sum())
    return (
        f"{report.source}: {len(report.silences.names)} endpoints, {weeks:,.1f} endpoint-weeks, "
        f"{int(report.silences.returned.sum()):,} silences that ended and "
        f"{int((~report.silences.returned).sum()):,} that did not while they were watched."
    )


def as_json(report: Report) -> dict[str, Any]:
    """Return the whole answer as a JSON document; amounts in hours of the machine's price."""
    return {
        "source": report.source,
        "endpoints": len(report.silences.names),
        "endpoint_weeks": round(float(report.silences.weeks.sum()), 3),
        "gaps": int(report.silences.returned.sum()),
        "hourly_price": report.hourly_price,
        "results": [_line_json(report, line) for line in report.lines],
    }


def _line_json(report: Report, line: Line) -> dict[str, Any]:
    result, interval = line.score, line.score.interval()
    return {
        "break_even_hours": line.ratio / HOUR,
        "rule": line.rule.name,
        "saved_hours": round(float(result.saved.sum()), 3),
        "possible_hours": round(float(result.possible.sum()), 3),
        "captured_percent": None if result.captured is None else round(result.captured, 2),
        "captured_interval_percent": None if interval is None else [round(value, 2) for value in interval],
        "removals": int(result.removals.sum()),
        "cold_starts": int(result.cold_starts.sum()),
        "cold_starts_per_endpoint_week": round(result.cold_starts_per_week, 3),
        "worst_ratio_on_one_silence": round(result.worst_ratio, 3),
        "worst_endpoints": [
            {"endpoint": name, "saved_hours": round(hours, 3)}
            for name, hours in result.worst_endpoints(report.silences.names)
        ],
    }
