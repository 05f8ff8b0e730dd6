"""Policies tried on the ledger's own past, for the page: in the background, one at a time, the latest answers kept.

A replay of a large fleet takes many seconds, and a page must not wait for it: who asks first is told that it is being worked out.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from guard.core.rules import BreakEven, Fixed, Learned, Never, Policy, WaitRule
from guard.core.settings import Settings
from guard.core.units import hour_number, short
from guard.desk.finding import names_of
from guard.desk.later import PATIENCE, Later
from guard.desk.plain import iso
from guard.desk.trial_diff import change_to
from guard.ports.errors import ConfigInvalid, NotFoundByName
from guard.ports.ledger import Ledger

AS_WRITTEN = "policy"
"""The word for what guard.yaml says, policy by policy."""
OFFERED = (AS_WRITTEN, "auto", "break_even", "6h", "24h", "72h", "never")
USUAL = (AS_WRITTEN, "auto", "break_even", "24h")
MOST_WAITS = 6
KEPT = 8
"""Answers kept; one is some hundred kB."""

Replay = Callable[[Ledger, Settings, Sequence[str]], Mapping[str, Any]]
"""Replays waits over the ledger's history (guard.wiring.trying); raises ConfigInvalid for a word that is no wait."""


@dataclass(slots=True)
class Trials:
    """Holds what was replayed. Safe to share between threads."""

    replay: Replay
    guard_yaml: Callable[
        [], str | None
    ]  # the file's text, for the change that "use this" shows; None where it is not here
    patience: timedelta = PATIENCE
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock, init=False)
    _kept: OrderedDict[tuple[str, ...], Later[Mapping[str, Any]]] = field(default_factory=OrderedDict, init=False)

    def ask(self, key: tuple[str, ...], hour: int, make: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The answer for a key as of an hour, or the one before; None while the first is worked out, or waits for its turn."""
        with self._lock:
            later = self._kept.setdefault(key, Later(self.patience))
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

        def alone() -> Mapping[str, Any]:
            with self._one_at_a_time:
                return make()

        return later.get(hour, alone) or later.last


def trial(
    ledger: Ledger,
    settings: Settings,
    trials: Trials,
    now: datetime,
    waits: Sequence[str],
    use: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """Compare waits on the ledger's past; `result` is None while it is worked out, and where nobody has looked yet.

    Args:
        ledger: Whose history is replayed.
        settings: guard.yaml in force: terms, policies, limits.
        trials: Where answers are kept, by configuration and waits, for an hour.
        now: Domain time.
        waits: Rules to compare; the first one is looked at closely. Empty: the usual ones.
        use: A policy's name and a wait: `change` says what to change in guard.yaml for that.

    Raises:
        ConfigInvalid: A word that is no wait, or too many.
        NotFoundByName: `use` names no policy.
    """
    chosen = list(dict.fromkeys(waits)) or list(USUAL)
    if len(chosen) > MOST_WAITS:
        raise ConfigInvalid(
            f"{len(chosen)} rules were chosen. Expected {MOST_WAITS} at the most.", hint="Leave some out."
        )
    change = _change(settings, trials.guard_yaml(), *use) if use is not None else None
    latest = ledger.latest_cycle()
    result = None
    if latest is not None:
        # What is replayed is a record by the hour: another look within it changes nothing.
        hour = hour_number(latest.taken_at)
        result = trials.ask((settings.digest, *chosen), hour, lambda: trials.replay(ledger, settings, chosen))
    return {
        "now": iso(now),
        "taken_at": iso(latest.taken_at) if latest else None,
        "chosen": chosen,
        "offered": [
            {"wait": wait, "text": TEXTS.get(wait, f"after {wait}")} for wait in dict.fromkeys((*OFFERED, *chosen))
        ],
        "policies": [_policy(policy, settings) for policy in settings.default.policies],
        "result": result,
        "names": _names(ledger, result) if result is not None else {},
        "change": change,
    }


def _names(ledger: Ledger, result: Mapping[str, Any]) -> dict[str, str]:
    """Names for people of the things that a result speaks of."""
    told = {
        str(worst["endpoint"])
        for fleet in result["fleets"]
        for line in fleet["results"]
        for worst in line["worst_endpoints"]
    }
    documents = [found for subject in sorted(told) if (found := ledger.verdict(subject)) is not None]
    return names_of(documents)


TEXTS = {
    AS_WRITTEN: "as guard.yaml says",
    "auto": "auto: break-even, refined by each one's own past",
    "break_even": "break-even: what a wrong removal costs over what an idle hour costs",
    "never": "never",
}


def _change(settings: Settings, text: str | None, name: str, wait: str) -> dict[str, Any]:
    policy = next((one for one in settings.default.policies if one.name == name), None)
    if policy is None:
        known = ", ".join(one.name for one in settings.default.policies)
        raise NotFoundByName(f"No policy is called {name!r}.", hint=f"There are: {known}.")
    return change_to(policy, wait, wait_text(policy.wait), text)


def wait_text(rule: WaitRule) -> str:
    """A wait as one writes it in guard.yaml."""
    match rule:
        case Never():
            return "never"
        case BreakEven():
            return "break_even"
        case Learned():
            return "auto"
        case Fixed():
            return short(rule.length).replace(" ", "")


def _policy(policy: Policy, settings: Settings) -> dict[str, Any]:
    return {
        "name": policy.name,
        "wait": wait_text(policy.wait),
        "if_wrong": policy.if_wrong.name if policy.if_wrong is not None else None,
        "worst_case": f"{policy.worst_case.normalize():f}x",
        "line": str(policy.line),
        "mode": settings.default.mode.value,
    }
