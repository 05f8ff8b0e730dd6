"""How many calls of each kind went out: for the metrics, the benchmarks and the sentence that sums a cycle up."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping


class Calls:
    """Counts calls by kind (`endpoints.list`) and by outcome (an error's class name, or `ok`). Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, kind: str, outcome: str = "ok") -> None:
        """Count one call, retries included."""
        with self._lock:
            self._counts[kind, outcome] += 1

    def by_kind(self) -> Mapping[str, int]:
        """Calls of each kind since the start."""
        total: Counter[str] = Counter()
        with self._lock:
            for (kind, _), count in self._counts.items():
                total[kind] += count
        return total

    def by_outcome(self) -> Mapping[tuple[str, str], int]:
        """Calls by (kind, outcome) since the start."""
        with self._lock:
            return dict(self._counts)
