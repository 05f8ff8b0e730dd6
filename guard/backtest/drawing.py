"""The pictures of a backtest in SVG: saving against cold starts, the worst things in time, waits week by week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

COLOURS = ("#0b6e4f", "#c0392b", "#2255aa", "#b7791f", "#6b4fa0", "#444444", "#0f8a9d", "#a0366d")
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse}td,th{padding:.2rem .7rem;text-align:left;border-bottom:1px solid #ddd}"
    "svg{max-width:100%;height:auto}figure{margin:2rem 0}figcaption{color:#555}"
)


class Mark(NamedTuple):
    """One rule in the scatter: captured saving in percent against cold starts, with its interval."""

    name: str
    cold_starts: float
    captured: float
    interval: Sequence[float] | None


class Stretch(NamedTuple):
    """One thing in time; `removed` holds beginning, end and whether somebody came back (seconds)."""

    name: str
    saved: str
    begin: float
    end: float
    removed: Sequence[tuple[float, float, bool]]


def whole_page(body: str) -> str:
    """Return a page around a body that is escaped already."""
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Backtest of waiting rules</title>"
        f"<style>{STYLE}</style><h1>Backtest of waiting rules</h1>{body}</html>\n"
    )


def scatter(marks: Sequence[Mark]) -> str:
    """Return the picture of saving against cold starts."""
    most = max((mark.cold_starts for mark in marks), default=0.0) * 1.1 or 1.0
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
    for i, mark in enumerate(marks):
        colour = COLOURS[i % len(COLOURS)]
        x, y = 60 + 560 * mark.cold_starts / most, _height(mark.captured)
        if mark.interval:
            low, high = _height(mark.interval[0]), _height(mark.interval[1])
            parts.append(f"<line x1='{x:.1f}' y1='{low:.1f}' x2='{x:.1f}' y2='{high:.1f}' stroke='{colour}'/>")
        parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='5' fill='{colour}'/>")
        parts.append(
            f"<text x='{640}' y='{30 + 18 * i}' font-size='12' fill='{colour}'>{escape(mark.name)}: "
            f"{mark.captured:.1f} %</text>"
        )
    return _svg(300, "Saving against cold starts", parts)


def timeline(stretches: Sequence[Stretch]) -> str:
    """Return the picture of things in time, one a line."""
    first = min((one.begin for one in stretches), default=0.0)
    last = max((one.end for one in stretches), default=1.0)
    scale = 560 / max(last - first, 1.0)
    parts = []
    for row, one in enumerate(stretches):
        y = 20 + 40 * row
        parts.append(f"<text x='0' y='{y + 14}' font-size='11'>{escape(one.name[-22:])}</text>")
        parts.append(f"<text x='740' y='{y + 14}' font-size='11'>saved {escape(one.saved)}</text>")
        parts.append(_box(160 + (one.begin - first) * scale, y, (one.end - one.begin) * scale, "#5a7d6c"))
        for removed, back, came_back in one.removed:
            parts.append(_box(160 + (removed - first) * scale, y, (back - removed) * scale, "#dde8e2"))
            if came_back:
                parts.append(_box(160 + (back - first) * scale, y, 2, "#c0392b"))
    return _svg(30 + 40 * len(stretches), "The worst endpoints in time", parts)


def waits_in_time(weeks: Sequence[Mapping[str, Any]]) -> str:
    """Return the picture of a rule's waits week by week: the middle as a line, 10 to 90 % as a band."""
    shown = [(i, week) for i, week in enumerate(weeks) if week["median_hours"] is not None]
    most = max((week["high_hours"] for _, week in shown), default=1.0) or 1.0
    step = 560 / max(len(weeks) - 1, 1)

    def at(i: int, hours: float) -> str:
        return f"{60 + i * step:.1f},{220 - 190 * hours / most:.1f}"

    upper = [at(i, week["high_hours"]) for i, week in shown]
    lower = [at(i, week["low_hours"]) for i, week in reversed(shown)]
    middle = [at(i, week["median_hours"]) for i, week in shown]
    parts = [
        f"<text x='52' y='{224 - 190 * share:.0f}' text-anchor='end' font-size='11'>{most * share:.3g} h</text>"
        for share in (0.0, 0.5, 1.0)
    ]
    if shown:
        parts.append(f"<polygon points='{' '.join(upper + lower)}' fill='#dde8e2'/>")
        parts.append(f"<polyline points='{' '.join(middle)}' fill='none' stroke='#0b6e4f' stroke-width='2'/>")
        parts.append(f"<text x='60' y='240' font-size='11'>{escape(weeks[0]['from'][:10])}</text>")
        parts.append(f"<text x='620' y='240' text-anchor='end' font-size='11'>{escape(weeks[-1]['from'][:10])}</text>")
    return _svg(250, "Waits week by week", parts)


def _svg(height: int, label: str, parts: Sequence[str]) -> str:
    return f"<svg viewBox='0 0 860 {height}' role='img' aria-label='{label}'>{''.join(parts)}</svg>"


def _height(percent: float) -> float:
    return 260 - 2.4 * min(max(percent, -5.0), 100.0)


def _box(x: float, y: float, width: float, colour: str) -> str:
    return f"<rect x='{x:.1f}' y='{y:.1f}' width='{max(width, 0.5):.1f}' height='20' fill='{colour}'/>"
