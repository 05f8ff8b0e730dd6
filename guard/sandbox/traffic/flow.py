"""The requests that reach one endpoint: parts added up, split by response code, and cached by the week."""

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from guard.sandbox.traffic.patterns import CHUNK, Counts, Pattern

# A cycle touches at most two weeks; six weeks of minutes for 1,000 endpoints would not fit into memory.
_KEPT_CHUNKS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One pattern with its response codes (shares that sum to 1), in force from `since` to before `until` (epoch minutes)."""

    pattern: Pattern
    codes: Mapping[int, float]
    seed: tuple[int, ...]
    since: int | None = None
    until: int | None = None

    def chunk(self, first: int) -> dict[int, Counts]:
        """Requests by response code in each minute of the chunk."""
        counts = self.pattern.chunk(first)
        if self.since is not None and self.since > first:
            counts[: self.since - first] = 0
        if self.until is not None and self.until < first + CHUNK:
            counts[max(self.until - first, 0) :] = 0
        if len(self.codes) == 1:
            return {next(iter(self.codes)): counts}
        draw = np.random.default_rng((*self.seed, first // CHUNK))
        *others, last = self.codes.items()
        split: dict[int, Counts] = {}
        left, share_left = counts, 1.0
        for code, share in others:
            split[code] = draw.binomial(left, min(share / share_left, 1.0) if share_left > 0 else 0.0)
            left, share_left = left - split[code], share_left - share
        split[last[0]] = left
        return split


class Traffic:
    """Requests of one endpoint by minute and response code, at any time; the same question has the same answer.

    Patterns reach as far back as anyone asks. `record` adds calls that were really made. Safe to use from any thread.
    """

    def __init__(self, parts: Sequence[Part] = ()) -> None:
        self._parts = tuple(parts)
        self._recorded: defaultdict[int, defaultdict[int, defaultdict[int, int]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(int))
        )
        self._chunks: OrderedDict[int, dict[int, Counts]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def is_silent(self) -> bool:
        """No pattern and no recorded call: nothing, ever."""
        return not self._parts and not self._recorded

    def record(self, at: datetime, n: int = 1, code: int = 200) -> None:
        """Count `n` real calls at an aware instant, answered with an HTTP status."""
        minute = int(at.timestamp()) // 60
        with self._lock:
            self._recorded[minute // CHUNK][minute][code] += n
            self._chunks.pop(minute // CHUNK, None)

    def by_code(self, first: int, last: int) -> dict[int, Counts]:
        """Requests in each epoch minute from `first` to before `last`, by HTTP status.

        Statuses that never occur are left out. The arrays may be views of a cache: do not write to them.
        """
        if self.is_silent or last <= first:
            return {}
        with self._lock:
            weeks = [self._chunk(index) for index in range(first // CHUNK, (last - 1) // CHUNK + 1)]
        low, high = first % CHUNK, first % CHUNK + last - first
        if len(weeks) == 1:
            return {code: counts[low:high] for code, counts in weeks[0].items()}
        silence = np.zeros(CHUNK, dtype=np.int32)
        codes = dict.fromkeys(code for week in weeks for code in week)
        return {code: np.concatenate([week.get(code, silence) for week in weeks])[low:high] for code in codes}

    def counts(self, start: datetime, end: datetime, bucket: timedelta) -> NDArray[np.int64]:
        """Requests of all codes in each `bucket` from `start` (cut to its minute) to before `end`; the last may be short.

        Raises ValueError when the bucket is no whole number of minutes.
        """
        width, rest = divmod(bucket, timedelta(minutes=1))
        if width < 1 or rest:
            raise ValueError(f"a bucket is a whole number of minutes; got {bucket}")
        first, last = int(start.timestamp()) // 60, -(-int(end.timestamp()) // 60)
        if last <= first:
            return np.zeros(0, dtype=np.int64)
        total = np.zeros(last - first, dtype=np.int64)
        for counts in self.by_code(first, last).values():
            total += counts
        return np.add.reduceat(total, np.arange(0, last - first, width))

    def _chunk(self, index: int) -> dict[int, Counts]:
        if index in self._chunks:
            self._chunks.move_to_end(index)
            return self._chunks[index]
        total: dict[int, Counts] = {}
        for part in self._parts:
            for code, counts in part.chunk(index * CHUNK).items():
                total[code] = total[code] + counts if code in total else counts
        for minute, codes in self._recorded.get(index, {}).items():
            for code, n in codes.items():
                total.setdefault(code, np.zeros(CHUNK, dtype=np.int64))[minute % CHUNK] += n
        kept = {code: counts.astype(np.int32) for code, counts in total.items() if counts.any()}
        self._chunks[index] = kept
        while len(self._chunks) > _KEPT_CHUNKS:
            self._chunks.popitem(last=False)
        return kept
