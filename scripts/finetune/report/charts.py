"""Small pictures for reports, as SVG text; labels are escaped, colours work in light and dark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

_WIDTH = 640
_INK = "currentColor"
_COLOURS = ("#2563eb", "#d97706", "#059669", "#9333ea")


def _svg(height: int, body: Sequence[str], title: str) -> str:
    head = f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>'
    return head + "".join(body) + "</svg>"


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{_INK}" font-size="12">{escape(text)}</text>'


def histogram(values: Sequence[int], title: str, bins: int = 24) -> str:
    """How often values fall into ranges of equal width; the axis says the smallest, the median and the largest."""
    if not len(values):
        return ""
    bins = max(
        1, min(bins, max(values) - min(values) + 1)
    )  # no range narrower than a whole number, which would stay empty
    counts, edges = np.histogram(np.asarray(values), bins=bins)
    top = max(1, int(counts.max()))
    step = _WIDTH / bins
    body = []
    for at, count in enumerate(counts):
        height = 120 * int(count) / top
        tip = f"{edges[at]:.0f} to {edges[at + 1]:.0f}: {count}"
        body.append(
            f'<rect x="{at * step + 1:.1f}" y="{130 - height:.1f}" width="{step - 2:.1f}" '
            f'height="{height:.1f}" fill="{_COLOURS[0]}">'
            f"<title>{escape(tip)}</title></rect>"
        )
    body += [
        _text(0, 148, f"{min(values):,}"),
        _text(_WIDTH / 2, 148, f"median {int(np.median(np.asarray(values))):,}", "middle"),
        _text(_WIDTH, 148, f"{max(values):,}", "end"),
    ]
    return _svg(156, body, title)


def bars(values: Mapping[str, float], title: str, most: int = 12) -> str:
    """One bar a name, largest first; names beyond `most` are summed up as the others."""
    rows = sorted(values.items(), key=lambda item: -item[1])
    if len(rows) > most:
        rows = [*rows[: most - 1], (f"{len(rows) - most + 1} others", sum(value for _, value in rows[most - 1 :]))]
    top = max((value for _, value in rows), default=1) or 1
    body = []
    for at, (name, value) in enumerate(rows):
        y = at * 24
        shown = name if len(name) <= 28 else name[:27] + "…"
        body += [
            _text(0, y + 16, shown),
            f'<rect x="200" y="{y + 4}" width="{max(1.0, 380 * value / top):.1f}" height="16" fill="{_COLOURS[0]}"/>',
            _text(206 + 380 * value / top, y + 16, f"{value:,.4g}"),
        ]
    return _svg(max(24, len(rows) * 24), body, title)


def lines(series: Mapping[str, Sequence[tuple[float, float]]], title: str, mark: float | None = None) -> str:
    """Curves over a shared axis, such as losses over steps; `mark` draws a vertical line, such as the best checkpoint."""
    points = [point for curve in series.values() for point in curve if all(map(math.isfinite, point))]
    if not points:
        return ""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    wide, high = (max(xs) - min(xs)) or 1, (max(ys) - min(ys)) or 1

    def place(x: float, y: float) -> str:
        return f"{40 + 580 * (x - min(xs)) / wide:.1f},{150 - 130 * (y - min(ys)) / high:.1f}"

    body = [
        _text(0, 20, f"{max(ys):.3g}"),
        _text(0, 154, f"{min(ys):.3g}"),
        _text(40, 172, f"{min(xs):g}"),
        _text(620, 172, f"{max(xs):g}", "end"),
    ]
    for at, (name, curve) in enumerate(series.items()):
        colour = _COLOURS[at % len(_COLOURS)]
        path = " ".join(place(x, y) for x, y in curve)
        body += [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
        body += [
            f'<rect x="{120 + at * 150}" y="163" width="10" height="10" fill="{colour}"/>',
            _text(134 + at * 150, 172, name),
        ]
    if mark is not None:
        x = place(mark, min(ys)).split(",")[0]
        body.append(f'<line x1="{x}" x2="{x}" y1="15" y2="150" stroke="{_INK}" stroke-dasharray="4"/>')
    return _svg(180, body, title)


def intervals(values: Mapping[str, tuple[float, float, float]], title: str) -> str:
    """A point with its interval (low, value, high) a name, on an axis from 0 to 1."""
    body = []
    for at, (name, (low, value, high)) in enumerate(values.items()):
        y = at * 26 + 14
        a, b, c = (180 + 420 * min(1.0, max(0.0, part)) for part in (low, value, high))
        body += [
            _text(0, y + 4, name),
            f'<line x1="{a:.1f}" x2="{c:.1f}" y1="{y}" y2="{y}" stroke="{_COLOURS[0]}" stroke-width="3"/>',
            f'<circle cx="{b:.1f}" cy="{y}" r="5" fill="{_COLOURS[0]}"/>',
            _text(640, y + 4, f"{value:.2f}", "end"),
        ]
    bottom = len(values) * 26 + 14
    body += [_text(180, bottom, "0", "middle"), _text(600, bottom, "1", "middle")]
    return _svg(bottom + 8, body, title)
