"""The answer as one HTML page with two pictures in SVG: saving against cold starts, and the five worst endpoints in time.

No script, no outside resource: the page can be mailed.
"""

from __future__ import annotations

from html import escape

import numpy as np

from guard.backtest.report import HEAD, Line, Report, amount, cells, heading
from guard.backtest.rules import short

COLOURS = ("#0b6e4f", "#c0392b", "#2255aa", "#b7791f", "#6b4fa0", "#444444", "#0f8a9d", "#a0366d")
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse}td,th{padding:.2rem .7rem;text-align:left;border-bottom:1px solid #ddd}"
    "svg{max-width:100%;height:auto}figure{margin:2rem 0}figcaption{color:#555}"
)


def as_html(report: Report) -> str:
    """Return the page."""
    head = "".join(f"<th>{escape(name)}</th>" for name in HEAD)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(value)}</td>" for value in cells(report, line)) + "</tr>"
        for line in report.lines
    )
    pictures = "".join(_figures(report, ratio) for ratio in report.ratios)
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Backtest of waiting rules</title>"
        f"<style>{STYLE}</style><h1>Backtest of waiting rules</h1><p>{escape(heading(report))}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{pictures}</html>\n"
    )


def _figures(report: Report, ratio: float) -> str:
    lines = report.at(ratio)
    shown = [line for line in lines if line.rule.kind != "never"]
    result = (
        f"<figure>{_scatter(lines)}<figcaption>Break-even {escape(short(ratio))}: share of the hindsight saving against "
        "wrong removals per endpoint and week; the bar is the middle 95 % when endpoints are drawn anew.</figcaption></figure>"
    )
    if shown:
        result += (
            f"<figure>{_timeline(report, shown[0])}<figcaption>The five endpoints on which "
            f"{escape(shown[0].rule.name)} saved least, break-even {escape(short(ratio))}: in use or kept (dark), removed "
            "(light), brought back after a wrong removal (red).</figcaption></figure>"
        )
    return result


def _scatter(lines: list[Line]) -> str:
    points = [line for line in lines if line.score.captured is not None]
    most = max((line.score.cold_starts_per_week for line in points), default=0.0) * 1.1 or 1.0
    parts = [
        "<line x1='60' y1='260' x2='620' y2='260' stroke='#999'/><line x1='60' y1='20' x2='60' y2='260' stroke='#999'/>"
    ]
    for percent in (0, 25, 50, 75, 100):
        y = _height(percent)
        parts.append(f"<text x='52' y='{y + 4:.0f}' text-anchor='end' font-size='11'>{percent} %</text>")
        parts.append(f"<line x1='60' y1='{y:.0f}' x2='620' y2='{y:.0f}' stroke='#eee'/>")
    parts.append("<text x='340' y='290' text-anchor='middle' font-size='11'>cold starts per endpoint and week</text>")
    parts.extend(
        f"<text x='{60 + 560 * share:.0f}' y='274' text-anchor='middle' font-size='11'>{most * share:.2g}</text>"
        for share in (0.0, 0.5, 1.0)
    )
    for i, line in enumerate(points):
        colour = COLOURS[i % len(COLOURS)]
        x, y = 60 + 560 * line.score.cold_starts_per_week / most, _height(line.score.captured or 0.0)
        interval = line.score.interval()
        if interval:
            low, high = _height(interval[0]), _height(interval[1])
            parts.append(f"<line x1='{x:.1f}' y1='{low:.1f}' x2='{x:.1f}' y2='{high:.1f}' stroke='{colour}'/>")
        parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='5' fill='{colour}'/>")
        parts.append(
            f"<text x='{640}' y='{30 + 18 * i}' font-size='12' fill='{colour}'>{escape(line.rule.name)}: "
            f"{line.score.captured:.1f} %</text>"
        )
    return f"<svg viewBox='0 0 860 300' role='img' aria-label='Saving against cold starts'>{''.join(parts)}</svg>"


def _height(percent: float) -> float:
    return 260 - 2.4 * min(max(percent, -5.0), 100.0)


def _timeline(report: Report, line: Line) -> str:
    silences = report.silences
    order = np.argsort(line.score.saved, kind="stable")[:5]
    first, last = float(silences.first.min()), float(silences.end.max())
    scale = 560 / max(last - first, 1.0)
    parts = []
    for row, endpoint in enumerate(order):
        y = 20 + 40 * row
        begin, end = silences.first[endpoint], silences.end[endpoint]
        name = escape(silences.names[endpoint])
        saved = escape(amount(report, float(line.score.saved[endpoint])))
        parts.append(f"<text x='0' y='{y + 14}' font-size='11'>{name[-22:]}</text>")
        parts.append(f"<text x='740' y='{y + 14}' font-size='11'>saved {saved}</text>")
        parts.append(_box(160 + (begin - first) * scale, y, (end - begin) * scale, "#5a7d6c"))
        rows = np.flatnonzero((silences.endpoint == endpoint) & (silences.length > line.waits))
        for i in rows:
            removed = silences.start[i] + line.waits[i]
            back = silences.start[i] + silences.length[i]
            parts.append(_box(160 + (removed - first) * scale, y, (back - removed) * scale, "#dde8e2"))
            if silences.returned[i]:
                parts.append(_box(160 + (back - first) * scale, y, 2, "#c0392b"))
    size, label = f"0 0 860 {30 + 40 * len(order)}", "The worst endpoints in time"
    return f"<svg viewBox='{size}' role='img' aria-label='{label}'>{''.join(parts)}</svg>"


def _box(x: float, y: float, width: float, colour: str) -> str:
    return f"<rect x='{x:.1f}' y='{y:.1f}' width='{max(width, 0.5):.1f}' height='20' fill='{colour}'/>"
