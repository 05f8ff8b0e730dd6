"""A trial's document as one HTML page with pictures in SVG; no script, no outside resource: the page can be mailed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import escape
from typing import Any

from guard.backtest.drawing import Mark, Stretch, scatter, timeline, waits_in_time, whole_page
from guard.backtest.trial_text import HEAD, cells, cost, hours_text
from guard.core.units import Money


def as_html(document: Mapping[str, Any]) -> str:
    """Return the page."""
    return whole_page("".join(_fleet(document["source"], fleet) for fleet in document["fleets"]))


def _fleet(source: str, fleet: Mapping[str, Any]) -> str:
    currency = fleet["currency"]
    first = fleet["results"][0]["rule"]
    parts = [
        _head(source, fleet),
        _table(("rule", *HEAD), [(line["rule"], *cells(line, currency)) for line in fleet["results"]]),
    ]
    if len(fleet["practice"]) > 1:
        rows = [(line["what"], *cells(line, currency)[:-1], cost(line, currency)) for line in fleet["practice"]]
        parts += [f"<h2>What practice costs {escape(first)}</h2>", _table(("", *HEAD[:-1], "costs"), rows)]
    rows = [
        (line["policy"], str(line["endpoints"]), hours_text(line["break_even_hours"]), *cells(line, currency))
        for line in fleet["policies"]
    ]
    parts += ["<h2>By policy</h2>", _table(("policy", "endpoints", "break-even", *HEAD), rows)]
    marks = [
        Mark(
            line["rule"],
            line["cold_starts_per_endpoint_week"],
            line["captured_percent"],
            line["captured_interval_percent"],
        )
        for line in fleet["results"]
        if line["captured_percent"] is not None
    ]
    parts.append(_figure(scatter(marks), "Share of the hindsight saving against wrong removals per endpoint and week; the bar "
                         "is the middle 95 % when endpoints are drawn anew."))  # fmt: skip
    parts.append(_figure(waits_in_time(fleet["over_time"]), f"The waits of {escape(first)}, week by week: the middle, and "
                         "from 10 % to 90 % of the silences."))  # fmt: skip
    parts.append(_figure(timeline([_stretch(line, currency) for line in fleet["timeline"]]), "The five things on which "
                         f"{escape(first)} saved least: in use or kept (dark), removed (light), brought back after a wrong "
                         "removal (red)."))  # fmt: skip
    return "".join(parts)


def _head(source: str, fleet: Mapping[str, Any]) -> str:
    return (
        f"<p>{escape(source)}: {fleet['endpoints']} endpoints priced in {escape(fleet['currency'])}, "
        f"{fleet['endpoint_weeks']:,.1f} endpoint-weeks, {fleet['gaps']:,} silences that ended. Rules in practice: floor, notice, "
        "act window, limits.</p>"
    )


def _stretch(line: Mapping[str, Any], currency: str) -> Stretch:
    removed = [(one["from"], one["until"], one["came_back"]) for one in line["removed"]]
    return Stretch(
        line["endpoint"], str(Money(Decimal(str(line["saved"])), currency)), line["from"], line["until"], removed
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(value)}</td>" for value in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _figure(picture: str, caption: str) -> str:
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"
