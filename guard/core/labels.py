"""What a label says: keep until, keep for good, not understood; and the marks of infrastructure-as-code tools. Pure.

One word on a resource always wins: `tuneguard-keep-until=2026-12-01` (that day included, UTC), `tuneguard-keep=true`. What
begins with tuneguard and is not understood is read as keep, and so is what is nearly spelt so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

OUR_PREFIX = "tuneguard"
KEEP = "tuneguard-keep"
KEEP_UNTIL = "tuneguard-keep-until"
REMOVED = "tuneguard-removed"
"""Left by the guard on a shell whose model it undeployed; it says nothing about keeping."""
TUNING_RUN = "tuning-run"
"""The run that made it, as the tuning scripts label what they make; it is named in the evidence of every verdict."""

FOR_GOOD = frozenset({"true", "yes", "forever", "always", "1"})
CLOSE = 2
"""Edits (insert, drop, change a letter) at which a prefix still counts as a misspelt `tuneguard`; the next common words
on resources ("tuned", "safeguard") are 3 away."""


@dataclass(frozen=True, slots=True)
class KeepByLabel:
    """A label says keep. `until` is the instant at which it ends, None for good."""

    label: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A label of ours, or nearly so, that cannot be read."""

    label: str


def label_word(labels: Mapping[str, str], now: datetime) -> KeepByLabel | NotUnderstood | None:
    """Return what the labels say: the longest keep, else what is not understood, else None (also after a keep's end)."""
    ours = [key for key in labels if is_ours(key)]
    if not ours:
        return None
    keep: KeepByLabel | None = None
    unclear: NotUnderstood | None = None
    for key in sorted(ours):
        value = labels[key].strip().lower()
        text = f"{key}={labels[key]}"
        if key == REMOVED:
            continue
        if (key == KEEP and value in FOR_GOOD) or (key == KEEP_UNTIL and value in {"forever", "always"}):
            return KeepByLabel(text, None)
        until = _end_of_day(value) if key == KEEP_UNTIL else None
        if until is None:
            unclear = unclear or NotUnderstood(text)
        elif now < until and (keep is None or keep.until is None or until > keep.until):
            keep = KeepByLabel(text, until)
    return keep or unclear


def iac_mark(labels: Mapping[str, str]) -> str | None:
    """Return the label by which an infrastructure-as-code tool marks what it manages, or None."""
    for key, value in labels.items():
        if key in {"managed-by", "managed_by"} or (key.startswith("goog-") and key.endswith("-provisioned")):
            return f"{key}={value}"
    return None


@lru_cache(maxsize=8192)  # label keys repeat over a fleet
def is_ours(key: str) -> bool:
    """True where a label key begins with tuneguard, or nearly so, however it is cut by dashes."""
    plain = "".join(letter for letter in key.lower() if letter.isalnum())
    if plain.startswith(OUR_PREFIX):
        return True
    length = len(OUR_PREFIX)
    return any(_distance(plain[:cut], OUR_PREFIX) <= CLOSE for cut in range(length - CLOSE, length + CLOSE + 1))


def _end_of_day(value: str) -> datetime | None:
    try:
        day = date.fromisoformat(value.replace("_", "-"))
    except ValueError:
        return None
    return datetime.combine(day + timedelta(days=1), time(), UTC) if day < date.max else None


def _distance(a: str, b: str) -> int:
    """Edit distance (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (left != right))
    return row[-1]
