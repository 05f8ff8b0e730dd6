"""Pictures of training data and comparisons, of the pieces that guard.core.pictures has for every report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from guard.core import pictures
from guard.core.pictures import COLOURS, INK, WIDTH, svg, text


def histogram(values: Sequence[int], title: str, bins: int = 24) -> str:
    """How often values fall into ranges of equal width; the axis says the smallest, the median and the largest."""
    if not len(values):
        return ""
    bins = max(
        1, min(bins, max(values) - min(values) + 1)
    )  # no range narrower than a whole number, which would stay empty
    counts, edges = np.histogram(np.asarray(values), bins=bins)
    top = max(1, int(counts.max()))
    step = WIDTH / bins
    body = []
    for at, count in enumerate(counts):
        height = 120 * int(count) / top
        tip = f"{edges[at]:.0f} to {edges[at + 1]:.0f}: {count}"
        body.append(
            f'<rect x="{at * step + 1:.1f}" y="{130 - height:.1f}" width="{step - 2:.1f}" '
            f'height="{height:.1f}" fill="{COLOURS[0]}">'
            f"<title>{escape(tip)}</title></rect>"
        )
    body += [
        text(0, 148, f"{min(values):,}"),
        text(WIDTH / 2, 148, f"median {int(np.median(np.asarray(values))):,}", "middle"),
        text(WIDTH, 148, f"{max(values):,}", "end"),
    ]
    return svg(156, body, title)


def bars(values: Mapping[str, float], title: str, most: int = 12) -> str:
    """One bar a name, largest first; names beyond `most` are summed up as the others."""
    rows = sorted(values.items(), key=lambda item: -item[1])
    if len(rows) > most:
        rows = [*rows[: most - 1], (f"{len(rows) - most + 1} others", sum(value for _, value in rows[most - 1 :]))]
    return pictures.bars([pictures.Bar(name=name, value=value, text=f"{value:,.4g}") for name, value in rows], title)


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
        text(0, 20, f"{max(ys):.3g}"),
        text(0, 154, f"{min(ys):.3g}"),
        text(40, 172, f"{min(xs):g}"),
        text(620, 172, f"{max(xs):g}", "end"),
    ]
    for at, (name, curve) in enumerate(series.items()):
        colour = COLOURS[at % len(COLOURS)]
        path = " ".join(place(x, y) for x, y in curve)
        body += [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
        body += [
            f'<rect x="{120 + at * 150}" y="163" width="10" height="10" fill="{colour}"/>',
            text(134 + at * 150, 172, name),
        ]
    if mark is not None:
        x = place(mark, min(ys)).split(",")[0]
        body.append(f'<line x1="{x}" x2="{x}" y1="15" y2="150" stroke="{INK}" stroke-dasharray="4"/>')
    return svg(180, body, title)


def intervals(values: Mapping[str, tuple[float, float, float]], title: str) -> str:
    """A point with its interval (low, value, high) a name, on an axis from 0 to 1."""
    body = []
    for at, (name, (low, value, high)) in enumerate(values.items()):
        y = at * 26 + 14
        a, b, c = (180 + 420 * min(1.0, max(0.0, part)) for part in (low, value, high))
        body += [
            text(0, y + 4, name),
            f'<line x1="{a:.1f}" x2="{c:.1f}" y1="{y}" y2="{y}" stroke="{COLOURS[0]}" stroke-width="3"/>',
            f'<circle cx="{b:.1f}" cy="{y}" r="5" fill="{COLOURS[0]}"/>',
            text(640, y + 4, f"{value:.2f}", "end"),
        ]
    bottom = len(values) * 26 + 14
    body += [text(180, bottom, "0", "middle"), text(600, bottom, "1", "middle")]
    return svg(bottom + 8, body, title)
