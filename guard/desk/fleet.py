"""The fleet as a list: one line for each thing that bills, filtered, in order, page by page; totals over all pages; four figures.

What depends on the look and on people's words only is made once for each state of the ledger; the month's sums, which walk through
every hour of every thing, once a look and in the background.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from guard.desk.accounts import Accounting, accounts_of
from guard.desk.asking import FILTERS, Asked
from guard.desk.figures import month_figures
from guard.desk.later import PATIENCE, Later
from guard.desk.lines import lines, words
from guard.desk.plain import iso
from guard.desk.savings import savings
from guard.desk.status import pause_document, paused_words, totals
from guard.desk.use import parts_of, pictures
from guard.ports.glance import Glance
from guard.ports.ledger import Ledger

Line = dict[str, Any]
PAGE = 100
"""Lines to a page."""
LONG_AGO = "0"
"""Sorts before every instant."""


@dataclass(frozen=True, slots=True)
class Board:
    """Every line as of one state of the ledger."""

    stamp: str
    lines: tuple[Line, ...]


@dataclass(slots=True)
class Boards:
    """Holds the latest board and the month's sums between two questions. Safe to share between threads."""

    patience: timedelta = PATIENCE
    month: Later[dict[str, Any]] = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _latest: Board | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.month = Later(self.patience)

    def board(self, ledger: Ledger, seen: Glance, now: datetime) -> Board:
        """The board of this state; one thread makes it, the others wait for it."""
        with self._lock:
            if self._latest is None or self._latest.stamp != seen.stamp:
                self._latest = _made(ledger, seen, now)
            return self._latest


def fleet(
    ledger: Ledger,
    boards: Boards,
    asked: Asked,
    now: datetime,
    accounting: Accounting,
) -> dict[str, Any]:
    """The fleet as of the latest look; `taken_at` is None where nobody has looked yet.

    `figures.month` is that of the look before, or None, while it is still being added up (`month_pending`).
    Totals are over every line that the filters let through.
    """
    seen = ledger.glance()
    board = boards.board(ledger, seen, now)
    listed = [one for one in board.lines if asked.everything or one["billed"] or one["decision"] != "keep"]
    chosen = [one for one in listed if _fits(one, asked)]
    ordered = _in_order(chosen, asked)
    last = max(1, -(-len(ordered) // PAGE))
    number = min(asked.page, last)
    shown = ordered[(number - 1) * PAGE : number * PAGE]
    used = pictures(ledger, {name: parts for one in shown for name, parts in parts_of(one).items()}, now)
    month = boards.month.get(seen.cycle_id, lambda: _month(ledger, accounting, now)) if seen.cycle_id else None
    pause = ledger.paused()
    return {
        "now": iso(now),
        "taken_at": iso(seen.taken_at),
        "cycle_id": seen.cycle_id,
        "mode": seen.mode,
        "stamp": seen.stamp,
        "paused": paused_words(pause),
        "pause": pause_document(pause),
        "figures": {
            "now": totals(board.lines),
            "month": month or boards.month.last,
            "month_pending": seen.cycle_id is not None and month is None,
        },
        "asked": asked.words,
        "choices": {name: _choices(listed, name) for name in FILTERS},
        "counts": dict(Counter(one["decision"] for one in listed)),
        "hidden": _hidden(board.lines) if not asked.everything else {"things": 0, "reasons": []},
        "totals": {"things": len(ordered), **totals(ordered)},
        "page": {"number": number, "last": last, "size": PAGE},
        "things": [one | {"use": used.get(one["subject"])} for one in shown],
    }


def _made(ledger: Ledger, seen: Glance, now: datetime) -> Board:
    if seen.cycle_id is None:
        return Board(seen.stamp, ())
    latest = ledger.latest_cycle()
    found = lines(
        ledger.verdicts().values(),
        latest.plan if latest else None,
        ledger.acts(open_only=True),
        ledger.keeps(),
        ledger.approvals(),
        seen.mode,
        now,
    )
    return Board(seen.stamp, tuple(found))


def _month(ledger: Ledger, accounting: Accounting, now: datetime) -> dict[str, Any]:
    settings = accounting.settings()
    accounts = accounts_of(ledger, accounting.books(ledger, settings, now), now)
    return {
        **month_figures(accounts, settings.budgets),
        "saved": savings(ledger, settings, now)["months"][0],
    }


def _fits(line: Line, asked: Asked) -> bool:
    if any(wanted and str(line.get(name) or "") != wanted for name in FILTERS if (wanted := getattr(asked, name))):
        return False
    return not asked.text or asked.text.casefold() in _text_of(line)


def _text_of(line: Line) -> str:
    labels = (f"{key}={value}" for key, value in line["labels"].items())
    parts = (line["name"], line["subject"], line["owner"], line["machine"], line["project"], line["location"])
    return " ".join(str(part) for part in (*parts, *labels) if part).casefold()


def _in_order(found: list[Line], asked: Asked) -> Sequence[Line]:
    """Lines come dearest first; every other order is on top of that one, and turning it round leaves equals as they are."""
    if asked.sort == "cost":
        return found[::-1] if asked.descending else found
    keys: dict[str, Callable[[Line], Any]] = {
        "name": lambda one: one["name"].casefold(),
        "where": lambda one: (one["project"], one["location"]),
        "owner": lambda one: one["owner"] or "",
        "silent": lambda one: -(one["silent_hours"] or 0),
        "decision": lambda one: (one["decision"], one["reason"]),
        "next": lambda one: (one["next"]["at"] is None, one["next"]["at"] or LONG_AGO),
    }
    return sorted(found, key=keys[asked.sort], reverse=asked.descending)


def _choices(listed: Sequence[Line], name: str) -> list[dict[str, Any]]:
    """Each value that a filter can have, with how many lines bear it."""
    counted = Counter(str(one.get(name) or "") for one in listed)
    return [{"value": value, "count": count, "text": words(value)} for value, count in sorted(counted.items()) if value]


def _hidden(every: Sequence[Line]) -> dict[str, Any]:
    """What stays and costs nothing by the hour: only counted."""
    counted = Counter(words(one["reason"]) for one in every if not one["billed"] and one["decision"] == "keep")
    return {
        "things": counted.total(),
        "reasons": [{"reason": reason, "count": count} for reason, count in counted.most_common()],
    }
