"""The answer as one HTML page with two pictures in SVG: saving against cold starts, and the five worst endpoints in time.

No script, no outside resource: the page can be mailed.
"""

from __future__ import annotations

from html import escape

import numpy as np

from guard.backtest.drawing import Mark, Stretch, scatter, timeline, whole_page
from guard.backtest.report import HEAD, Line, Report, amount, cells, heading
from guard.backtest.rules import short


def as_html(report: Report) -> str:
    """Return the page."""
    head = "".join(f"<th>{escape(name)}</th>" for name in HEAD)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(value)}</td>" for value in cells(report, line)) + "</tr>"
        for line in report.lines
    )
    pictures = "".join(_figures(report, ratio) for ratio in report.ratios)
    return whole_page(
        f"<p>{escape(heading(report))}</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{pictures}"
    )


def _figures(report: Report, ratio: float) -> str:
    lines = report.at(ratio)
    shown = [line for line in lines if line.rule.kind != "never"]
    marks = [
        Mark(line.rule.name, line.score.cold_starts_per_week, line.score.captured, line.score.interval())
        for line in lines
        if line.score.captured is not None
    ]
    result = (
        f"<figure>{scatter(marks)}<figcaption>Break-even {escape(short(ratio))}: share of the hindsight saving against "
        "wrong removals per endpoint and week; the bar is the middle 95 % when endpoints are drawn anew.</figcaption></figure>"
    )
    if shown:
        result += (
            f"<figure>{timeline(_worst(report, shown[0]))}<figcaption>The five endpoints on which "
            f"{escape(shown[0].rule.name)} saved least, break-even {escape(short(ratio))}: in use or kept (dark), removed "
            "(light), brought back after a wrong removal (red).</figcaption></figure>"
        )
    return result


def _worst(report: Report, line: Line) -> list[Stretch]:
    silences = report.silences
    found = []
    for endpoint in np.argsort(line.score.saved, kind="stable")[:5]:
        rows = np.flatnonzero((silences.endpoint == endpoint) & (silences.length > line.waits))
        removed = [
            (
                float(silences.start[i] + line.waits[i]),
                float(silences.start[i] + silences.length[i]),
                bool(silences.returned[i]),
            )
            for i in rows
        ]
        found.append(
            Stretch(
                silences.names[endpoint],
                amount(report, float(line.score.saved[endpoint])),
                float(silences.first[endpoint]),
                float(silences.end[endpoint]),
                removed,
            )
        )
    return found
