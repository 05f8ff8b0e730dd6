"""Pictures of the explanation page in SVG, light enough to be read in any browser and on a page of the repository."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

GREEN, RED, GREY, LIGHT = "#0b6e4f", "#c0392b", "#666", "#e4e4e4"
LEFT, TOP, WIDTH, HEIGHT = 60, 20, 560, 260


class Curve(NamedTuple):
    """A line of points (cold starts per endpoint and week, captured percent)."""

    name: str
    points: Sequence[tuple[float, float]]


class Dot(NamedTuple):
    """One rule."""

    name: str
    cold_starts: float
    captured: float


def rules_picture(curve: Curve, dots: Sequence[Dot]) -> str:
    """Return saving against cold starts; the first dot is the rule that the page is about."""
    most = max(dot.cold_starts for dot in dots) * 1.15

    def x(cold_starts: float) -> float:
        return LEFT + WIDTH * cold_starts / most

    def y(captured: float) -> float:
        return TOP + HEIGHT * (1 - captured / 100)

    parts = [_grid(y(p), f"{p} %") for p in (0, 25, 50, 75, 100)]
    step = max(1, round(most / 5))
    parts += [_tick(x(n), f"{n}") for n in range(0, int(most) + 1, step)]
    line = " ".join(f"{x(c):.1f},{y(p):.1f}" for c, p in curve.points if c <= most and p >= 0)
    parts.append(f"<polyline points='{line}' fill='none' stroke='{GREY}' stroke-width='1.5' stroke-dasharray='4 3'/>")
    parts.append(_key(0, GREY, curve.name))
    for i, dot in enumerate(dots):
        colour = GREEN if i == 0 else RED
        parts.append(f"<circle cx='{x(dot.cold_starts):.1f}' cy='{y(dot.captured):.1f}' r='5' fill='{colour}'/>")
        parts.append(
            f"<text x='{x(dot.cold_starts) + 8:.1f}' y='{y(dot.captured) - 6:.1f}' font-size='11'>{i + 1}</text>"
        )
        parts.append(_key(i + 1, colour, f"{i + 1}  {dot.name}: {dot.captured:.1f} %, {dot.cold_starts:.2f} a week"))
    parts.append(_label("cold starts per endpoint and week"))
    return _svg(960, 330, "Saving against cold starts, by rule", parts)


def hours_picture(waits: Sequence[float], break_even: float, worst_case: float) -> str:
    """Return the wait by the hour of the day at which a silence begins (24 values, hours), with the fence."""
    most = break_even * (worst_case - 1) * 1.1

    def y(hours: float) -> float:
        return TOP + HEIGHT * (1 - hours / most)

    fence = (break_even / (worst_case - 1), break_even * (worst_case - 1))
    width = WIDTH / 24
    parts = [_grid(y(n), f"{n} h") for n in range(0, int(most) + 1, 4)]
    parts += [_tick(LEFT + width * hour, f"{hour}:00") for hour in range(0, 24, 3)]
    parts += [
        f"<rect x='{LEFT + width * hour + 2:.1f}' y='{y(wait):.1f}' width='{width - 4:.1f}' "
        f"height='{TOP + HEIGHT - y(wait):.1f}' fill='{GREEN}'/>"
        for hour, wait in enumerate(waits)
    ]
    for hours, name in (
        (fence[0], "the shortest the fence allows"),
        (break_even, "break-even"),
        (fence[1], "the longest"),
    ):
        parts.append(
            f"<line x1='{LEFT}' y1='{y(hours):.1f}' x2='{LEFT + WIDTH}' y2='{y(hours):.1f}' stroke='{RED}' stroke-dasharray='5 3'/>"
        )
        parts.append(
            f"<text x='{LEFT + WIDTH + 6}' y='{y(hours) + 4:.1f}' font-size='11' fill='{RED}'>{name}, {hours:.3g} h</text>"
        )
    parts.append(_label("hour at which the silence begins"))
    return _svg(860, 330, "Wait by the hour at which the silence begins", parts)


def _grid(y: float, text: str) -> str:
    return (
        f"<line x1='{LEFT}' y1='{y:.1f}' x2='{LEFT + WIDTH}' y2='{y:.1f}' stroke='{LIGHT}'/>"
        f"<text x='{LEFT - 8}' y='{y + 4:.1f}' text-anchor='end' font-size='11'>{text}</text>"
    )


def _tick(x: float, text: str) -> str:
    return f"<text x='{x:.1f}' y='{TOP + HEIGHT + 16}' text-anchor='middle' font-size='11'>{text}</text>"


def _label(text: str) -> str:
    return f"<text x='{LEFT + WIDTH / 2}' y='{TOP + HEIGHT + 36}' text-anchor='middle' font-size='11'>{text}</text>"


def _key(row: int, colour: str, text: str) -> str:
    return f"<text x='{LEFT + WIDTH + 20}' y='{40 + 20 * row}' font-size='12' fill='{colour}'>{escape(text)}</text>"


def _svg(width: int, height: int, label: str, parts: Sequence[str]) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' font-family='sans-serif' viewBox='0 0 {width} {height}' role='img' "
        f"aria-label='{label}'><rect width='{width}' height='{height}' fill='#fff'/>" + "\n".join(parts) + "</svg>\n"
    )
