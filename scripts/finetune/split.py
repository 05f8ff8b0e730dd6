"""Split examples into train, validation and test without leakage: a group, and everything nearly the same, stays together."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from finetune import similar
from finetune.errors import UserError
from finetune.model import Example

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Fractions:
    """Shares of the three parts; they sum to 1, and each may be 0 except train."""

    train: float
    validation: float
    test: float

    @classmethod
    def parse(cls, text: str) -> Fractions:
        """Read "80/10/10" or "0.8/0.1/0.1".

        Raises:
            UserError: Not three numbers, a negative one, or no share for train.
        """
        try:
            numbers = [float(part) for part in text.split("/")]
        except ValueError:
            numbers = []
        if len(numbers) != 3 or min(numbers, default=-1) < 0 or numbers[0] <= 0:
            raise UserError(
                f'--split: found "{text}", expected three shares such as "80/10/10"; train must be above 0.'
            )
        total = sum(numbers)
        return cls(*(number / total for number in numbers))


class Grouper:
    """Collects what decides which examples belong together; 136 bytes an example."""

    def __init__(self) -> None:
        self._keys: list[int] = []
        self._signatures: list[np.ndarray] = []

    def add(self, example: Example) -> None:
        """Note one example; the order of calls is the order of `assign`'s answer."""
        if example.group is not None:
            self._keys.append(int.from_bytes(hashlib.blake2b(example.group.encode(), digest_size=8).digest(), "big"))
        else:
            self._keys.append(similar.fingerprint(example.question))
        if len(self._signatures) < similar.LIMIT:
            self._signatures.append(similar.signature(example.question))

    def assign(self, fractions: Fractions, seed: int) -> list[Part]:
        """The part of each example. The same data, fractions and seed give the same answer on every machine."""
        groups = self._groups()
        members: dict[int, list[int]] = defaultdict(list)
        for row, group in enumerate(groups):
            members[group].append(row)
        order = sorted(members, key=lambda group: _draw(self._keys[group], seed))
        return _fill([members[group] for group in order], len(groups), fractions)

    def _groups(self) -> list[int]:
        """Row numbers of each example's group: the same key, or nearly the same question, or a chain of both."""
        parent: list[int] = []
        if self._signatures:
            parent += similar.clusters(np.array(self._signatures, dtype=np.uint32)).tolist()
        parent.extend(range(len(parent), len(self._keys)))
        first: dict[int, int] = {}

        def root(row: int) -> int:
            while parent[row] != row:
                row = parent[row]
            return row

        for row, key in enumerate(self._keys):
            a, b = root(first.setdefault(key, row)), root(row)
            parent[max(a, b)] = min(a, b)
        return [root(row) for row in range(len(self._keys))]


def _draw(key: int, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=8).digest()


def _fill(groups: Sequence[Sequence[int]], total: int, fractions: Fractions) -> list[Part]:
    """Give each group, in drawn order, to the part that is furthest below its share."""
    wanted = {
        "train": fractions.train * total,
        "validation": fractions.validation * total,
        "test": fractions.test * total,
    }
    held = dict.fromkeys(wanted, 0)
    out: list[Part] = ["train"] * total
    for rows in groups:
        part = max(
            PARTS, key=lambda name: (wanted[name] - held[name]) / wanted[name] if wanted[name] else float("-inf")
        )
        held[part] += len(rows)
        for row in rows:
            out[row] = part
    return out
