"""A trial's document as text for a terminal: tables side by side, then what notice, window and limits cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from guard.core.units import Money

HEAD = ("saved", "captured", "95 %", "removals", "cold starts /wk", "worst", "median wait")


def as_text(document: Mapping[str, Any]) -> str:
    """Return the text of a trial."""
    parts = [_fleet(document["source"], fleet) for fleet in document["fleets"]]
    parts += [
        f"Not read completely, so nothing is claimed there: {problem}\n" for problem in document.get("problems", ())
    ]
    if document["left_out"]:
        parts.append(_left_out(document["left_out"]))
    return "\n".join(parts)


def _fleet(source: str, fleet: Mapping[str, Any]) -> str:
    currency = fleet["currency"]
    head = (
        f"{source}: {fleet['endpoints']} endpoints priced in {currency}, {fleet['endpoint_weeks']:,.1f} endpoint-weeks, "
        f"{fleet['gaps']:,} silences that ended. Each endpoint has its own break-even wait; rules in practice "
        "(floor, notice, act window, limits):"
    )
    parts = [head, "", _table(("rule", *HEAD), [(line["rule"], *cells(line, currency)) for line in fleet["results"]])]
    if len(fleet["practice"]) > 1:
        rows = [(line["what"], *cells(line, currency)[:-1], cost(line, currency)) for line in fleet["practice"]]
        parts += [f"What practice costs {fleet['practice'][0]['what']}:", "", _table(("", *HEAD[:-1], "costs"), rows)]
    if len(fleet["policies"]) > 1:
        rows = [
            (line["policy"], str(line["endpoints"]), hours_text(line["break_even_hours"]), *cells(line, currency))
            for line in fleet["policies"]
        ]
        parts += ["By policy:", "", _table(("policy", "endpoints", "break-even", *HEAD), rows)]
    if fleet["classes"]:
        rows = [
            (line["if_wrong"], hours_text(line["break_even_hours"]), *cells(line, currency)[:-1])
            for line in fleet["classes"]
        ]
        parts += [
            "Had every wrong removal cost what a class says:",
            "",
            _table(("if_wrong", "break-even", *HEAD[:-1]), rows),
        ]
    if fleet["advice"]:
        parts.append(fleet["advice"] + "\n")
    worst = ", ".join(
        f"{w['endpoint']} {_money(w['saved'], currency)}" for w in fleet["results"][0]["worst_endpoints"][:3]
    )
    if worst:
        parts.append(f"Saved least, {fleet['results'][0]['rule']}: {worst}\n")
    return "\n".join(parts)


def cells(line: Mapping[str, Any], currency: str) -> tuple[str, ...]:
    """Return one line of a table under HEAD."""
    interval, captured = line["captured_interval_percent"], line["captured_percent"]
    return (
        _money(line["saved"], currency),
        "nothing to save" if captured is None else f"{captured:.1f} %",
        f"{interval[0]:.0f} to {interval[1]:.0f}" if interval else "-",
        str(line["removals"]),
        f"{line['cold_starts_per_endpoint_week']:.2f}",
        f"{line['worst_ratio_on_one_silence']:.3g}x",
        hours_text(line.get("median_wait_hours")),
    )


def cost(line: Mapping[str, Any], currency: str) -> str:
    """Write what a step of practice costs; nothing for the rule alone."""
    return "" if line["costs"] is None else _money(line["costs"], currency)


def _money(amount: float, currency: str) -> str:
    return str(Money(Decimal(str(amount)), currency))


def hours_text(hours: float | None) -> str:
    """Write a length in hours."""
    if hours is None:
        return "never"
    return f"{hours / 24:.3g} d" if hours >= 48 else f"{hours:.3g} h" if hours >= 1 else f"{hours * 60:.3g} min"


def _left_out(lines: Sequence[Mapping[str, str]]) -> str:
    reasons: dict[str, int] = {}
    for line in lines:
        reasons[line["why"]] = reasons.get(line["why"], 0) + 1
    return "Not replayed: " + "; ".join(f"{count} since {why}" for why, count in sorted(reasons.items())) + ".\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [tuple(head), *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )
