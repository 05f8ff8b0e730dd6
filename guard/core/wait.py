"""How long silence must last before a remedy, with the sum that led to it. Pure.

A wrong removal costs B, an idle hour r: waiting T = B / r costs at most twice what somebody who knew the future would have
paid (the ski rental bound: Karlin, Manasse, Rudolph, Sleator, "Competitive snoopy caching", Algorithmica 3, 1988). The
notice runs inside the wait; where it or a floor makes the wait longer, the sum and the worst case say so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

from guard.core.model import Machine
from guard.core.redeploy import Redeploy, redeploy_of
from guard.core.responses import Pressure
from guard.core.rules import ActWindow, BreakEven, Fixed, IfWrong, Learned, Never, WaitRule
from guard.core.units import HOUR, Money, Rate, hours, short
from guard.core.verdict import Evidence, Wait

BUCKET = HOUR
LONGEST = timedelta(days=3650)
"""A wait beyond ten years is never: an idle hour costs next to nothing beside a wrong removal."""


class LearnedWait(Protocol):
    """What the learning rule answers (guard.core.learn); `wait` None means never."""

    @property
    def wait(self) -> timedelta | None: ...
    @property
    def because(self) -> str: ...
    @property
    def gaps_seen(self) -> int: ...
    @property
    def worst_case(self) -> float: ...


class Learner(Protocol):
    """Asks the learning rule for one subject, given its break-even wait and its floor; None: not enough history."""

    def __call__(self, *, ratio: timedelta, floor: timedelta) -> LearnedWait | None: ...


def wait_for(
    *,
    rule: WaitRule,
    if_wrong: IfWrong | None,
    rate: Rate | None,
    rate_is_lower_bound: bool = False,
    machine: Machine | None = None,
    measured_redeploy: timedelta | None = None,
    notice: timedelta = timedelta(0),
    metric_lag: timedelta = timedelta(minutes=6),
    longest_request: timedelta = timedelta(hours=1),
    worst_case: Decimal = Decimal(3),
    factor: int = 1,
    learned: Learner | None = None,
    pressures: tuple[Pressure, ...] = (),
    act_during: ActWindow | None = None,
    removals_per_day: int | None = None,
) -> Wait:
    """Return the wait of one subject with its sum; `length` None where it never ends.

    An act window and the limits make no wait longer by themselves, but may hold back what is due: sum and worst case say how long,
    and what that costs.
    `factor` multiplies the wait (doubled by every restore); `pressures` of crossed budgets shorten it. The floor is metric lag +
    longest request + one bucket + the class's floor; silence below it could not even be seen. A notice needs its time after that.
    """
    floor = metric_lag + longest_request + BUCKET + (if_wrong.floor if if_wrong else timedelta(0))
    match rule:
        case Never():
            return Wait(length=None, because="its policy says never", notice=notice)
        case Fixed():
            base, text, detail = rule.length, f"the policy says {short(rule.length)}", _nothing()
            ratio = None
        case BreakEven() | Learned():
            if if_wrong is None:
                why = "never: the policy says neither what a wrong removal costs (if_wrong) nor a fixed wait"
                return Wait(length=None, because=why, notice=notice)
            if rate is None:
                return Wait(length=None, because="never: what an idle hour costs is not known", notice=notice)
            if (other := _other_currency(if_wrong, rate)) is not None:
                why = f"never: if_wrong is in {other}, the price in {rate.per_hour.currency}"
                return Wait(length=None, because=why, notice=notice)
            redeploy = redeploy_of(machine, stated=if_wrong.redeploy, measured=measured_redeploy)
            cost = _cost_if_wrong(if_wrong, rate, redeploy)
            ratio = _break_even(cost, rate)
            base, detail = ratio, _detail(cost, rate, redeploy, if_wrong)
            text = _sentence(cost, rate, redeploy, if_wrong, rate_is_lower_bound)
            if base > LONGEST:
                return Wait(length=None, because=f"never: {text}", notice=notice, sum=detail)
            answer = learned(ratio=ratio, floor=floor) if learned is not None and isinstance(rule, Learned) else None
            if answer is not None:
                if answer.wait is None:
                    return Wait(length=None, because=f"never: {answer.because}", notice=notice, sum=detail)
                base = answer.wait
                text = f"{answer.because}; break-even would be {short(ratio)}: {text}"
                detail = {**detail, "gaps_seen": answer.gaps_seen, "break_even_hours": _number(hours(ratio))}
    wait = _finish(base, text, detail, ratio, floor, notice, factor, worst_case, pressures)
    return _held_back(wait, ratio, rate, act_during, removals_per_day)


def _finish(
    base: timedelta,
    text: str,
    detail: Evidence,
    ratio: timedelta | None,
    floor: timedelta,
    notice: timedelta,
    factor: int,
    worst_case: Decimal,
    pressures: tuple[Pressure, ...],
) -> Wait:
    length = base * factor
    notes = [f"times {factor} since it was restored"] if factor > 1 else []
    if pressures:
        hardest = min(pressures, key=lambda pressure: pressure.shortened(length))
        notes.append(f"shortened from {short(length)} while {hardest}")
        detail = {**detail, "unshortened_hours": _number(hours(length)), "shortened_by": str(hardest)}
        length = hardest.shortened(length)
    least = floor + notice
    if length < least:
        what = f"the floor of {short(floor)}" + (f" and the notice of {short(notice)}" if notice else "")
        notes.append(f"made longer by {what}")
        length = least
    because = f"waits {short(length)}: {text}" + (f" ({'; '.join(notes)})" if notes else "")
    detail = {**detail, "base_hours": _number(hours(base)), "floor_hours": _number(hours(floor)), "factor": factor,
              "notice_hours": _number(hours(notice)), "wait_hours": _number(hours(length))}  # fmt: skip
    return Wait(length=length, because=because, notice=notice, worst_case=_worst(length, ratio, worst_case), sum=detail)


def _held_back(
    wait: Wait, ratio: timedelta | None, rate: Rate | None, window: ActWindow | None, removals_per_day: int | None
) -> Wait:
    """Say what the act window and the limits may add to a wait that is over."""
    if wait.length is None or (window is None and removals_per_day is None):
        return wait
    figures, text = dict(wait.sum), wait.worst_case
    if removals_per_day is not None:
        figures["removals_per_day"] = removals_per_day
    closed = _longest_closed(window) if window is not None else timedelta(0)
    if window is not None and timedelta(0) < closed < timedelta.max:
        figures["act_window_may_add_hours"] = _number(hours(closed))
        cost = f" ({rate.over(closed)})" if rate is not None else ""
        if text and ratio:
            held = wait.length + closed
            text += f"; acts only {window.text}: that may add {short(closed)}{cost}, then {_times(held, ratio):.3g}x"
    return replace(wait, worst_case=text, sum=figures)


@lru_cache(maxsize=64)
def _longest_closed(window: ActWindow) -> timedelta:
    return window.longest_closed


def _times(length: timedelta, ratio: timedelta) -> float:
    return 1 + max(length, ratio) / min(length, ratio)


def _worst(length: timedelta, ratio: timedelta | None, allowed: Decimal) -> str:
    """The worst case of waiting `length` where break-even is `ratio`: 1 + the larger of the two over the smaller."""
    if ratio is None or not ratio or not length:
        return ""
    times = _times(length, ratio)
    beyond = f", beyond the {allowed.normalize():f}x asked for" if times > float(allowed) + 1e-9 else ""
    return f"at worst {times:.3g}x the cost of knowing the future{beyond}"


def _other_currency(if_wrong: IfWrong, rate: Rate) -> str | None:
    """The currency of what a wrong removal costs, where it is not the price's: the two are never weighed."""
    amounts = (if_wrong.per_minute_down, *((if_wrong.fixed,) if if_wrong.fixed.amount else ()))
    return next((one.currency for one in amounts if one.currency != rate.per_hour.currency), None)


def _cost_if_wrong(if_wrong: IfWrong, rate: Rate, redeploy: Redeploy) -> Money:
    minutes = hours(redeploy.expected) * 60
    down = if_wrong.per_minute_down * minutes + rate.over(redeploy.time)
    # Nothing is nothing in any currency: the default of `fixed` is $0 also where everything else is in euros.
    return down + if_wrong.fixed if if_wrong.fixed.amount else down


def _break_even(cost: Money, rate: Rate) -> timedelta:
    ratio = cost.amount / rate.per_hour.amount
    return min(timedelta(seconds=round(ratio * 3600)), LONGEST + HOUR) if ratio < 1_000_000 else LONGEST + HOUR


def _sentence(cost: Money, rate: Rate, redeploy: Redeploy, if_wrong: IfWrong, lower_bound: bool) -> str:
    parts = [f"{short(redeploy.expected)} down x {_plain(if_wrong.per_minute_down)}/min"]
    if redeploy.scarcity:
        parts[0] = (
            f"{short(redeploy.expected)} down, {short(redeploy.scarcity)} of it for the risk that no machines are left, "
            f"x {_plain(if_wrong.per_minute_down)}/min"
        )
    if if_wrong.fixed.amount:
        parts.append(f"{_plain(if_wrong.fixed)} fixed")
    parts.append(f"{_cents(rate.over(redeploy.time))} of machine")
    least = "at least " if lower_bound else ""
    return f"a wrong removal costs {cost} ({' + '.join(parts)}), an idle hour {least}{rate.per_hour}"


def _detail(cost: Money, rate: Rate, redeploy: Redeploy, if_wrong: IfWrong) -> Evidence:
    return {
        "if_wrong": if_wrong.name,
        "wrong_removal": f"{cost.amount:f}",
        "idle_hour": f"{rate.per_hour.amount:f}",
        "currency": cost.currency,
        "redeploy_minutes": _number(hours(redeploy.time) * 60),
        "scarcity_minutes": _number(hours(redeploy.scarcity) * 60),
        "redeploy_source": redeploy.source,
    }


def _nothing() -> Evidence:
    return {}


def _plain(money: Money) -> str:
    """`$1` for a whole amount, `$0.10` otherwise."""
    text = str(money)
    return text.replace(".00", "") if money.amount == money.amount.to_integral_value() else text


def _cents(money: Money) -> Money:
    """Cents where there are any: the digits below would only make the sum harder to read."""
    cent = Decimal("0.01")
    return Money(money.amount.quantize(cent), money.currency) if money.amount >= cent else money


def _number(value: Decimal) -> float:
    return round(float(value), 3)
