"""Requests, replicas and cost of one thing over time, with its wait drawn in: the figures of one picture, and the same by day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from guard.core.billed import Billed
from guard.core.own_prices import BookOf
from guard.core.units import HOUR, Known, Money, hour_number, hour_start
from guard.desk.use import parts_of, requests
from guard.ports.ledger import Ledger

Document = Mapping[str, Any]
LOOK_BACK = timedelta(days=14)
FURTHEST = timedelta(days=45)
"""However long ago it was; an hour is then still a dot wide."""
BEFORE = 24
"""Hours before the silence that are shown."""
AFTER = 24
"""Hours after the last replicas of what is gone: the picture ends with its end, whenever that was."""
AHEAD = timedelta(hours=6)
"""How far behind the end of the wait the picture goes on, so that the end is seen."""


@dataclass(frozen=True, slots=True)
class Hours:
    """What is known of each hour from `first` on; None where it is not."""

    first: int
    requests: list[int | None]
    replicas: list[Decimal | None]
    cost: list[Money | None]


def picture(ledger: Ledger, document: Document, now: datetime, books: Callable[[], BookOf]) -> dict[str, Any] | None:
    """The picture of one thing's last weeks and of its wait; None where neither calls nor replicas are known."""
    subject = str(document["subject"])
    means = ledger.replicas(from_hour=0, subjects=[subject]).get(subject, {})
    gone = document["decision"] == "gone"
    last = max(means) + 1 + AFTER if gone and means else hour_number(now)
    marks, bands = _wait(document)
    first = _first(last, bands)
    calls = requests(ledger, parts_of(document), range(first, last))[subject]
    if not means and all(one is None for one in calls):
        return None
    hours = _hours(calls, means, range(first, last), ledger.billed_thing(subject), books)
    until = max([hour_start(last), *(datetime.fromisoformat(mark["iso"]) + AHEAD for mark in marks)])
    ahead = range(last, min(hour_number(until) + 1, last + 24 * 31))
    blank: list[None] = [None] * len(ahead)
    currency = next((cost.currency for cost in hours.cost if cost is not None), "")
    series = [
        _series("requests", "an hour", "bars", [*hours.requests, *blank]),
        _series("replicas", "", "steps", [*_floats(hours.replicas), *blank]),
    ]
    if currency:
        costs = [None if one is None else float(one.amount) for one in hours.cost]
        series.append(_series("cost", f"{currency} an hour", "steps", [*costs, *blank]) | {"dashed": True})
    return {
        "title": "Requests, replicas and cost, hour by hour",
        "text": f"Requests, replicas and cost of {(last - first) // 24} days; the same by day in the table.",
        "x": [hour * 3600 for hour in (*range(first, last), *ahead)],
        "series": series,
        "marks": [{**mark, "at": datetime.fromisoformat(mark["iso"]).timestamp()} for mark in marks],
        "bands": [band for band in bands if band["to"] > first * 3600],
        "x_name": "day (UTC)",
        "columns": ["requests", "replicas, mean", f"cost ({currency})" if currency else "cost"],
        "rows": _by_day(hours),
    }


def _first(last: int, bands: Sequence[Mapping[str, Any]]) -> int:
    """The first hour: two weeks back, or a day before the silence began where that is longer ago, so that its wait is seen."""
    begins = [int(band["from"]) // 3600 - BEFORE for band in bands]
    return max(min([last - LOOK_BACK // HOUR, *begins]), last - FURTHEST // HOUR)


def _series(name: str, unit: str, kind: str, values: Sequence[float | None]) -> dict[str, Any]:
    return {"name": name, "unit": unit, "axis": name, "kind": kind, "values": list(values)}


def _hours(
    calls: list[int | None],
    means: Mapping[int, Decimal],
    hours: range,
    thing: Billed | None,
    books: Callable[[], BookOf],
) -> Hours:
    replicas = [means.get(hour) for hour in hours]
    costs: list[Money | None] = [None] * len(hours)
    if thing is not None and means:
        book = books()(thing.project_id)
        for index, hour in enumerate(hours):
            mean = replicas[index]
            price = book.rate(thing.machine, thing.location, Decimal(1), hour_start(hour)) if mean is not None else None
            if mean is not None and isinstance(price, Known):
                costs[index] = price.value.rate.per_hour * mean
    return Hours(hours.start, calls, replicas, costs)


def _wait(document: Document) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The wait as a band from where silence begins to where it may go, and its ends as marks."""
    evidence = document.get("evidence") or {}
    marks, bands = [], []
    start = evidence.get("counted_from") or evidence.get("empty_since")
    end = document.get("due_at") or document.get("would_go_at")
    if start and document.get("silent_hours"):
        marks.append({"iso": str(start), "text": "silent since"})
    if end:
        marks.append({"iso": str(end), "text": "its wait ends, if nothing calls it"})
    if start and end and str(end) > str(start):
        edges = [datetime.fromisoformat(str(one)).timestamp() for one in (start, end)]
        bands.append({"from": edges[0], "to": edges[1], "text": "the wait", "colour": "--idle-bg"})
    return marks, bands


def _by_day(hours: Hours) -> list[list[str | None]]:
    """Each UTC day: requests, mean replicas, cost; `+` marks a day of which some hours are not known."""
    rows: list[list[str | None]] = []
    count = len(hours.requests)
    start = 0
    while start < count:
        end = min(count, start + 24 - (hours.first + start) % 24)
        day = hour_start(hours.first + start)
        rows.append(
            [
                f"{day:%Y-%m-%d}",
                _sum(hours.requests[start:end], lambda total: f"{total:,}"),
                _mean(hours.replicas[start:end]),
                _cost(hours.cost[start:end]),
            ]
        )
        start = end
    return rows


def _sum(values: Sequence[int | None], text: Callable[[int], str]) -> str | None:
    known = [value for value in values if value is not None]
    return text(sum(known)) + ("" if len(known) == len(values) else " +") if known else None


def _mean(values: Sequence[Decimal | None]) -> str | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    mean = (sum(known, Decimal(0)) / len(known)).quantize(Decimal("0.01")).normalize()
    return f"{mean:f}" + ("" if len(known) == len(values) else " +")


def _cost(values: Sequence[Money | None]) -> str | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    total = known[0]
    for one in known[1:]:
        total += one
    return str(total) + ("" if len(known) == len(values) else " +")


def _floats(values: Sequence[Decimal | None]) -> list[float | None]:
    """For drawing only; sums are made of the exact values."""
    return [None if value is None else float(value) for value in values]
