"""How long to wait, learned: the wait that is best on the endpoint's own silences, within a stated worst case. Pure.

One silence of length g costs r * min(g, w) + B * [g > w] where we wait w; with T = B / r and S(w) the chance that it lasts
longer than w, the expected cost is r * (integral of S up to w + T * S(w)) and a constant. It is summed over a grid of waits from
T / (c - 1) to (c - 1) * T, within which no silence ever costs more than c times what hindsight pays (ski rental with advice:
Purohit, Svitkina, Kumar, "Improving Online Algorithms via ML Predictions", NeurIPS 2018).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from math import exp

from guard.core.learn.ages import BINS, FIRST, MIDDLES, WIDTH, bin_of
from guard.core.learn.calendar import DAY, HOUR, WEEK
from guard.core.learn.endpoint import SHARED, EndpointState
from guard.core.learn.fleet import FleetLaw, FleetState
from guard.core.learn.rhythm import FROM, MATTERS, Rhythm

WORST_CASE = 4.0
"""Default worst case: no silence costs more than four times what hindsight pays (docs/explanation/how-long-to-wait.md)."""

OWN_WEIGHT = 12.0 * WIDTH
"""The fleet weighs as much as this many returns against an endpoint's own record (twelve, over the width of a bin)."""

TIE = 0.01
"""Waits whose expected cost differs by less than this share are as good as each other: the longest of them is taken."""

STEPS = 8
"""Waits tried per doubling."""

RECOGNISED = 0.5
"""From this chance on a rhythm is told of: more likely than not."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedWait:
    """A learned wait with what it rests on; `wait` None means never.

    `worst_case` is how many times the cost of hindsight one silence can cost at most under this wait.
    """

    wait: timedelta | None
    because: str
    gaps_seen: int
    worst_case: float
    break_even: timedelta
    watched: timedelta


def decide(
    state: EndpointState,
    fleet: FleetState,
    *,
    ratio: timedelta,
    silence_began_at: datetime,
    now: datetime,
    worst_case: Decimal | float = WORST_CASE,
    floor: timedelta = timedelta(0),
) -> LearnedWait:
    """Return how long to wait in a silence that began at `silence_began_at`, from what was known at that moment.

    The wait of a silence does not change while it lasts; only `floor` (what the platform's lag forces) may lengthen it.

    Args:
        state: The endpoint's record up to the beginning of the silence.
        fleet: The fleet's record; the law of the day on which the silence began is used.
        ratio: Break-even, B / r: what a wrong removal costs over what an idle hour costs.
        silence_began_at: The end of the last use, aware.
        now: The moment of asking, aware; not before the silence began.
        worst_case: How many times the cost of hindsight one silence may cost; at least 2.
        floor: The shortest wait that makes sense.

    Raises:
        ValueError: `ratio` is not positive, `worst_case` is below 2, or `now` lies before the silence.
    """
    if now < silence_began_at:
        raise ValueError(f"asked at {now}, before the silence began ({silence_began_at})")
    began, break_even = (silence_began_at - EPOCH).total_seconds(), ratio.total_seconds()
    law = fleet.law_at(began)
    seconds = wait_seconds(state, law, break_even=break_even, began=began, worst_case=float(worst_case))
    watched = timedelta(seconds=max(0.0, began - law.watched_since))
    young = began < trusted_from(law.watched_since, break_even)
    wait = max(timedelta(seconds=seconds), floor)
    times = 1 + max(wait, ratio) / min(wait, ratio)
    return LearnedWait(
        wait=wait,
        because=_because(state, watched, young=young, lengthened=wait == floor and floor.total_seconds() > seconds),
        gaps_seen=state.gaps_seen,
        worst_case=times,
        break_even=ratio,
        watched=watched,
    )


def wait_seconds(
    state: EndpointState, law: FleetLaw, *, break_even: float, began: float, worst_case: float = WORST_CASE
) -> float:
    """Return the wait in seconds for a silence that began at `began` (seconds); see `decide`."""
    ages, bins = waits_tried(break_even, worst_case)
    if not bins or began < trusted_from(law.watched_since, break_even):
        return ages[-1]
    rates = law.rates_of(state.kind)
    lasts, paid = _by_law(state, law, rates, began, ages, bins)
    if state.rhythm.lengths and ages[-1] > FROM:
        lasts, paid = _with_rhythm(state.rhythm, rates, ages, lasts, paid)
    least = min(p + break_even * stays for p, stays in zip(paid, lasts, strict=True)) * (1 + TIE)
    return next(ages[i] for i in range(len(ages) - 1, -1, -1) if paid[i] + break_even * lasts[i] <= least)


def _by_law(
    state: EndpointState,
    law: FleetLaw,
    rates: Sequence[float],
    began: float,
    ages: Sequence[float],
    bins: Sequence[int],
) -> tuple[list[float], list[float]]:
    """Return for each wait the chance that the silence lasts longer, and the idle time paid until then (seconds)."""
    first = bins[0]
    own = _own_factors(state, rates, first)
    survival, paid = 1.0, 0.0
    before = ages[0]
    lasts, sums_paid = [survival], [paid]
    k, weighed, pace = -1, 0.0, 0.0
    calendar = law.calendars[0]
    factors: tuple[float, ...] = ()
    sums: tuple[float, ...] = ()
    for bin_now, age in zip(
        bins, ages[1:], strict=True
    ):  # the calendar is read in place: this is the daemon's inner loop
        if bin_now != k:
            k = bin_now
            pace = own[k - first]
            if not sums or law.calendar(k) is not calendar:
                calendar = law.calendar(k)
                factors, sums = calendar.factors, calendar.sums
                weighed = calendar.until(began + before)
        weeks, rest = divmod(began + age, WEEK)
        hour = int(rest / HOUR)
        then = weeks * sums[168] + sums[hour] + (rest - hour * HOUR) * factors[hour]
        hits = pace * (then - weighed)
        stays = exp(-hits)
        paid += survival * (age - before) * ((1 - stays) / hits if hits > 1e-9 else 1.0)
        survival *= stays
        lasts.append(survival)
        sums_paid.append(paid)
        before, weighed = age, then
    return lasts, sums_paid


def _with_rhythm(
    rhythm: Rhythm, rates: Sequence[float], ages: Sequence[float], lasts: list[float], paid: list[float]
) -> tuple[list[float], list[float]]:
    """Mix in the chance that the silence lasts about as long as one of the endpoint's latest long ones."""
    start = bisect_left(ages, FROM * (1 - 1e-9))
    chance = rhythm.from_age(max(ages[start], FROM), rates)
    if chance < MATTERS:
        return lasts, paid
    here, *later = rhythm.lasting(max(ages[start], FROM), *ages[start + 1 :])
    base = lasts[start] * chance
    mixed, spent = lasts[: start + 1], paid[: start + 1]
    before = here
    for i, stays in enumerate(later, start + 1):
        step = base * (ages[i] - ages[i - 1]) * (before + stays) / (2 * here)
        spent.append(spent[-1] + (1 - chance) * (paid[i] - paid[i - 1]) + step)
        mixed.append(base * stays / here + (1 - chance) * lasts[i])
        before = stays
    return mixed, spent


def _own_factors(state: EndpointState, rates: Sequence[float], first: int) -> list[float]:
    """Return the endpoint's own rates per weighed second from bin `first` on: the law times seen over expected."""
    met, carried = [], 0.0
    expected = [e * rate for e, rate in zip(state.exposure, rates, strict=True)]
    for value in expected[:first]:
        carried = value + SHARED * carried
    for value in expected[first:]:
        carried = value + SHARED * carried
        met.append(carried)
    carried = 0.0
    for k in range(BINS - 1, first - 1, -1):
        seen, wanted = state.smooth_returns[k] + OWN_WEIGHT, met[k - first] + SHARED * carried + OWN_WEIGHT
        carried = expected[k] + SHARED * carried
        met[k - first] = rates[k] / MIDDLES[k] * seen / wanted
    return met


@lru_cache(maxsize=256)
def waits_tried(break_even: float, worst_case: float) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Return the waits that are tried (seconds, rising) and the bin in which each step from one to the next lies.

    Raises ValueError where `break_even` is not positive or `worst_case` is below 2 (waiting break-even is the best bound).
    """
    if break_even <= 0:
        raise ValueError(f"break-even must be positive, found {break_even} s")
    if worst_case < 2:
        raise ValueError(f"no rule is better than 2x in the worst case, found {worst_case:g}x: give 2 or more")
    shortest, longest = break_even / (worst_case - 1), break_even * (worst_case - 1)
    ages = {shortest, longest, break_even}
    step = 0
    while (age := FIRST * 2 ** (step / STEPS)) < longest * (1 - 1e-9):
        if age > shortest * (1 + 1e-9) and abs(age - break_even) > 1e-9 * break_even:
            ages.add(age)
        step += 1
    rising = tuple(sorted(ages))
    return rising, tuple(bin_of(age) for age in rising[:-1])


def trusted_from(watched_since: float, break_even: float) -> float:
    """Return the instant (seconds) from which the record is long enough to act on what it says.

    Twice break-even must have been watched, so that a silence as long as the wait could have been seen to end; and a whole day,
    or twelve times break-even where that is shorter.
    """
    return watched_since + max(2 * break_even, min(12 * break_even, DAY))


def _because(state: EndpointState, watched: timedelta, *, young: bool, lengthened: bool) -> str:
    if young:
        text = f"keeps as long as its worst case allows: usage has been watched for {_days(watched)} only"
    elif state.rhythm.chance >= RECOGNISED:
        times = len(state.rhythm.lengths)
        about = _days(timedelta(seconds=sorted(state.rhythm.lengths)[times // 2]))
        text = f"its long silences come back after about {about} (by its last {times}): learned from {state.gaps_seen} of its own"
    elif state.gaps_seen:
        silences = "1 silence" if state.gaps_seen == 1 else f"{state.gaps_seen} silences"
        text = f"learned from {silences} of its own and {_days(watched)} of the fleet's"
        if state.rhythm.lengths:
            long = len(state.rhythm.lengths)
            text += f"; {'one long silence is' if long == 1 else f'{long} long silences are'} no rhythm yet"
    else:
        text = f"learned from {_days(watched)} of the fleet's silences; it has none of its own yet"
    return text + (", made longer by the floor" if lengthened else "")


def _days(length: timedelta) -> str:
    hours = length.total_seconds() / 3600
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} d"
