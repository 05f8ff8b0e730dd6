"""The learned wait on silences whose law is known: ratios to hindsight, what each part is worth, an adversary, pictures.

Run: python -m benchmarks families [--pictures FOLDER]. Needs no data: everything is drawn from seeds. Prints the tables of
docs/explanation/how-long-to-wait.md; with --pictures docs/explanation it draws that page's pictures anew.
Budget: no silence of the adversary's may cost more than the stated worst case.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np

from benchmarks.pictures import Curve, Dot, hours_picture, rules_picture
from guard.backtest.learned import Switches, learned_waits
from guard.backtest.score import Score, score
from guard.backtest.silences import Floats, Silences, silences_of
from guard.core.learn import Book, Use, new_book, wait_seconds
from tests.backtest.fleets import (
    DAY,
    FAMILIES,
    HOUR,
    Draw,
    a_fleet,
    best_fixed,
    exponential,
    joined,
    mixture,
    office,
)

RATIO = 12 * HOUR
SEEDS = range(1, 6)
WORST_CASE = 4.0

Waits = Callable[[Silences], Floats]


def auto(worst_case: float = WORST_CASE, switches: Switches | None = None) -> Waits:
    """The learned wait, whole or with parts of it switched off."""
    return lambda fleet: learned_waits(fleet, [RATIO], worst_case=worst_case, switches=switches or Switches())[0]


def fixed(length: float) -> Waits:
    """One wait (seconds) for all."""
    return lambda fleet: np.full(len(fleet.start), length)


RULES: dict[str, Waits] = {
    "`auto`": auto(),
    "break-even": fixed(RATIO),
    "best fixed wait inside the fence": lambda fleet: best_fixed(fleet, RATIO, shortest=RATIO / 3, longest=RATIO * 3),
    "best fixed wait": lambda fleet: best_fixed(fleet, RATIO),
    "always on": fixed(float("inf")),
}

PARTS: dict[str, Waits] = {
    "whole": auto(),
    "without pooling": auto(switches=Switches(pooling=False)),
    "without censoring": auto(switches=Switches(censoring=False)),
    "without calendar": auto(switches=Switches(calendar=False)),
    "without own history": auto(switches=Switches(own=False)),
    "without clamp": auto(1000.0),
}


def drawn(draw: Draw) -> list[Silences]:
    """Twenty endpoints for 80 days, a fleet a seed."""
    return [a_fleet(draw, endpoints=20, days=80, seed=seed) for seed in SEEDS]


FLEETS: dict[str, list[Silences]] = {name: drawn(draw) for name, draw in FAMILIES.items()}
MADE_FOR_A_PART: dict[str, list[Silences]] = {
    "new endpoints, few silences each": [
        a_fleet(exponential(50), endpoints=60, days=25, seed=seed, spread=20) for seed in SEEDS
    ],
    "given up after a while": [
        a_fleet(mixture(3, 3000, 0.04), endpoints=60, days=40, seed=seed, spread=30) for seed in SEEDS
    ],
}


def scored(fleets: Sequence[Silences], waits: Waits) -> list[Score]:
    """The score of a rule on each fleet."""
    return [score(fleet, waits(fleet), RATIO) for fleet in fleets]


def cost_ratio(fleets: Sequence[Silences], waits: Waits) -> float:
    """What a rule pays for silence over what hindsight pays, all seeds together."""
    results = scored(fleets, waits)
    idle = sum(float(fleet.length.sum()) for fleet in fleets) / HOUR
    saved, possible = (sum(float(getattr(one, what).sum()) for one in results) for what in ("saved", "possible"))
    return (idle - saved) / (idle - possible)


def captured(fleets: Sequence[Silences], waits: Waits) -> float:
    """Percent of the hindsight saving, all seeds together."""
    results = scored(fleets, waits)
    return 100 * sum(float(one.saved.sum()) for one in results) / sum(float(one.possible.sum()) for one in results)


def table(head: str, rules: dict[str, Waits], fleets: dict[str, list[Silences]], cell: Callable[..., str]) -> None:
    """Print a table, a fleet a line."""
    print(f"\n| {head} | " + " | ".join(rules) + " |\n|" + "---|" * (len(rules) + 1))
    for name, drawn_fleets in fleets.items():
        print(f"| {name} | " + " | ".join(cell(drawn_fleets, waits) for waits in rules.values()) + " |", flush=True)


def adversary(rule: Callable[[Silences], Floats], count: int = 200) -> tuple[float, float]:
    """Somebody who knows the rule comes back a second after each removal: the dearest silence and all together, over hindsight."""
    starts, waits = [0.0], []
    for _ in range(count):
        begun = np.array(starts)
        so_far = silences_of({"e": (begun, begun + 60)}, {"e": starts[-1] + 90.0})
        waits.append(float(rule(so_far)[-1]))
        starts.append(starts[-1] + 60 + waits[-1] + 1)
    paid, least = np.array(waits) + RATIO, np.minimum(np.array(waits) + 1, RATIO)
    return float((paid / least).max()), float(paid.sum() / least.sum())


def a_mixed_fleet() -> Silences:
    """Six endpoints of each family under one policy."""
    return joined(*(("", a_fleet(draw, endpoints=6, days=80, seed=7)) for draw in FAMILIES.values()))


def picture_of_rules() -> str:
    """Saving against cold starts on a fleet of all families: every fixed wait as a curve, the rules as dots."""
    fleet = a_mixed_fleet()

    def at(waits: Floats) -> tuple[float, float]:
        result = score(fleet, waits, RATIO)
        return result.cold_starts_per_week, result.captured or 0.0

    lengths = np.geomspace(RATIO / 48, RATIO * 16, 41)
    curve = Curve("one fixed wait for all, 15 min to 8 d", [at(np.full(len(fleet.start), one)) for one in lengths])
    dots = [Dot("auto, worst case 4x", *at(learned_waits(fleet, [RATIO], worst_case=WORST_CASE)[0]))]
    dots += [
        Dot(name, *at(np.full(len(fleet.start), length)))
        for name, length in (
            ("fixed 4 h", 4 * HOUR),
            ("break-even, 12 h", RATIO),
            ("fixed 24 h", DAY),
            ("fixed 3 d", 3 * DAY),
        )
    ]
    return rules_picture(curve, dots)


def book_of(fleet: Silences, days: int) -> Book:
    """The daemon's book after so many days of a fleet."""
    uses = [
        Use(fleet.names[endpoint], float(begin + length), float(begin + length) + 60)
        for endpoint, begin, length, returned in zip(
            fleet.endpoint, fleet.start, fleet.length, fleet.returned, strict=True
        )
        if returned
    ]
    uses += [Use(name, float(first), float(first) + 60) for name, first in zip(fleet.names, fleet.first, strict=True)]
    book = new_book(fleet.began)
    for day in range(days):
        today = sorted(use for use in uses if day * DAY <= use.began < (day + 1) * DAY)
        book = book.after_day(sorted(today, key=lambda use: (use.began, use.endpoint)))
    return book


def picture_of_hours() -> str:
    """The wait by the hour at which the silence begins, for an endpoint that is called from eight to six, after 60 days."""
    fleet = a_fleet(office(4), endpoints=20, days=60, seed=7)
    book = book_of(fleet, 60)
    state, ratio = book.endpoints["e0"], 8 * HOUR
    waits = [
        wait_seconds(state, book.fleet.law, break_even=ratio, began=60 * DAY + hour * HOUR, worst_case=WORST_CASE)
        / HOUR
        for hour in range(24)
    ]
    return hours_picture(waits, ratio / HOUR, WORST_CASE)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, help="folder for the pictures of the explanation page")
    given = parser.parse_args(argv)
    if given.pictures is not None:
        (given.pictures / "how-long-to-wait-rules.svg").write_text(picture_of_rules(), encoding="utf-8")
        (given.pictures / "how-long-to-wait-hours.svg").write_text(picture_of_hours(), encoding="utf-8")
        return 0
    print(f"Break-even {timedelta(seconds=RATIO)}, {len(SEEDS)} fleets of 20 endpoints and 80 days each.")
    print("\nCost over that of hindsight:")
    table("silences", RULES, FLEETS, lambda fleets, waits: f"{cost_ratio(fleets, waits):.2f}")
    print("\nCaptured saving, percent:")
    table("silences", PARTS, FLEETS | MADE_FOR_A_PART, lambda fleets, waits: f"{captured(fleets, waits):.1f}")
    worst = 0.0
    print("\nAdversary, the dearest silence and all 200 together, over hindsight:")
    for name, rule in (("`auto`", auto()), ("break-even", fixed(RATIO)), ("without clamp", auto(1000.0))):
        dearest, together = adversary(rule)
        worst = dearest if name == "`auto`" else worst
        print(f"| {name} | {dearest:.1f} | {together:.2f} |")
    return int(worst > WORST_CASE * 1.001)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
