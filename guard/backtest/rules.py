"""The waiting rules that a backtest compares, and their waits for every silence of a history."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from guard.backtest.errors import TraceInvalid
from guard.backtest.learned import ALL, Switches, learned_waits
from guard.backtest.practice import Practice, Step, same_for_all
from guard.backtest.silences import Floats, Silences
from guard.core.learn import WORST_CASE

Kind = Literal["auto", "break_even", "never", "fixed"]
UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


AT_ONCE = Practice()
"""No notice, no window, no limits: the rule alone."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One waiting rule. `length` (seconds) holds for a fixed one; of `practice` (notice, act window, limits) what belongs to
    `step` and the steps before it is replayed.
    """

    name: str
    kind: Kind
    length: float = 0.0
    worst_case: float = WORST_CASE
    practice: Practice = AT_ONCE
    step: Step = Step.ALONE
    switches: Switches = ALL


def rule_of(text: str, *, worst_case: float = WORST_CASE) -> Rule:
    """Return the rule that a word means: auto, break_even, never, or a fixed wait such as 24h.

    Raises TraceInvalid for anything else, and for a worst case below 2.
    """
    word = text.strip().lower().replace("-", "_")
    if worst_case < 2:
        raise TraceInvalid(f"--worst-case: found {worst_case:g}; expected 2 or more (no rule is better than 2x)")
    if word == "auto":
        return Rule(word, "auto", worst_case=worst_case)
    if word == "break_even":
        return Rule(word, "break_even", worst_case=worst_case)
    if word == "never":
        return Rule(word, "never")
    return Rule(word, "fixed", length=seconds_of(text, "--wait"), worst_case=worst_case)


def in_steps(rule: Rule, practice: Practice) -> list[Rule]:
    """Return the rule alone and then with each part of a practice added that there is, so that each one's price shows."""
    if rule.kind == "never":
        return [rule]
    result, name = [rule], rule.name
    for step, text in said(practice).items():
        name += f" + {text}"
        result.append(replace(rule, name=name, practice=practice, step=step))
    return result


def said(practice: Practice) -> dict[Step, str]:
    """Return in words what each step of a practice adds; a step that adds nothing is left out."""
    found = {}
    if practice.floor or practice.look:
        found[Step.FLOOR] = f"{short(practice.floor)} floor"
    if practice.notice:
        found[Step.NOTICE] = f"{short(practice.notice)} notice"
    if practice.window is not None:
        found[Step.WINDOW] = "act window"
    if practice.per_day is not None:
        found[Step.LIMITS] = f"{practice.per_day} a day"
    return found


def seconds_of(text: str, where: str) -> float:
    """Return the seconds of a duration such as 90s, 15m, 24h, 3d; raises TraceInvalid for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d|w)", text.strip().lower())
    if match is None:
        rules = "auto, break_even, never, or " if where == "--wait" else ""
        raise TraceInvalid(f"{where}: found {text!r}; expected {rules}a duration such as 24h")
    return float(match[1]) * UNITS[match[2]]


def waits_of(silences: Silences, rules: Sequence[Rule], ratio: float, *, reached_only: bool = False) -> list[Floats]:
    """Return the wait in seconds (inf for never) of each silence under each rule, at a break-even of `ratio` seconds.

    What a rule's practice makes longer is in it: a notice runs inside the wait, and costs nothing where the wait is longer anyway.
    """
    count = len(silences.start)
    result = []
    for rule in rules:
        if rule.kind == "never":
            waits = np.full(count, np.inf)
        elif rule.kind == "fixed":
            waits = np.full(count, rule.length)
        elif rule.kind == "break_even":
            waits = np.full(count, ratio)
        else:
            (waits,) = learned_waits(
                silences, [ratio], worst_case=rule.worst_case, switches=rule.switches, reached_only=reached_only
            )
        result.append(same_for_all(rule.practice, len(silences.names)).waits(silences, waits, rule.step))
    return result


def short(seconds: float) -> str:
    """Write a length: 90 s, 15 min, 8 h, 3 d."""
    if not np.isfinite(seconds):
        return "never"
    for unit, size in (("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= size * (2 if unit == "d" else 1):
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
