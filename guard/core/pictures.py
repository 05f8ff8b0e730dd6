"""Small pictures as SVG text, for reports that are mailed or kept: no script, no outside resource. Labels are escaped, colours work
in light and dark. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 640
"""Units of a picture's own coordinates; it scales to the page."""
INK = "currentColor"
COLOURS = ("#2563eb", "#d97706", "#059669", "#9333ea")
_NAMES, _BARS = 200, 320
_ROW, _BAR = 24, 16
_LONGEST_NAME = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: how long, what is written at its end, and how far a lighter part goes on (a forecast; below `value`: none)."""

    name: str
    value: float
    text: str
    until: float = 0.0
    colour: int = 0  # of COLOURS


def svg(height: int, body: Sequence[str], title: str) -> str:
    """A picture of these elements, with a title for those who can't see it."""
    head = f'<svg viewBox="0 0 {WIDTH} {height}" role="img" xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>'
    return head + "".join(body) + "</svg>"


def text(x: float, y: float, words: str, anchor: str = "start") -> str:
    """A label; `anchor` is start, middle or end."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}" font-size="12">{escape(words)}</text>'


def bars(rows: Sequence[Bar], title: str) -> str:
    """One bar a row, in the order given; "" where there is none."""
    if not rows:
        return ""
    longest = max(max(row.value, row.until) for row in rows) or 1
    body = []
    for at, row in enumerate(rows):
        y = at * _ROW
        end, far = (max(1.0, _BARS * max(0.0, value) / longest) for value in (row.value, max(row.value, row.until)))
        shown = row.name if len(row.name) <= _LONGEST_NAME else row.name[: _LONGEST_NAME - 1] + "…"
        colour = COLOURS[row.colour % len(COLOURS)]
        body.append(text(0, y + _BAR, shown))
        if far > end:
            body.append(_rect(_NAMES, y + 4, far, colour, opacity=0.3))
        body += [_rect(_NAMES, y + 4, end, colour), text(_NAMES + 6 + far, y + _BAR, row.text)]
    return svg(len(rows) * _ROW, body, title)


def _rect(x: float, y: float, width: float, colour: str, opacity: float = 1.0) -> str:
    faint = f' fill-opacity="{opacity:g}"' if opacity < 1 else ""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:.1f}" height="{_BAR}" fill="{colour}"{faint}/>'
