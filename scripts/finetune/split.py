"""Split examples into train, validation and test without leakage: a group, and everything nearly the same, stays together."""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

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
    """Collects what decides which examples belong together; 136 bytes an example, then 16."""

    def __init__(self) -> None:
        self._keys = array("Q")
        self._signatures = similar.Signatures()

    def add(self, example: Example) -> None:
        """Note one example; the order of calls is the order of `assign`'s answer."""
        if example.group is not None:
            self._keys.append(int.from_bytes(hashlib.blake2b(example.group.encode(), digest_size=8).digest(), "big"))
        else:
            self._keys.append(similar.fingerprint(example.question))
        self._signatures.add(example.question)

    def assign(self, fractions: Fractions, seed: int) -> list[Part]:
        """The part of each example. The same data, fractions and seed give the same answer on every machine.

        Groups are drawn in an order that depends on seed and content only, each going to the part that is furthest below its share.
        """
        if not self._keys:
            return []
        groups, group_of, sizes = np.unique(self._groups(), return_inverse=True, return_counts=True)
        order = np.argsort([_draw(self._keys[int(row)], seed) for row in groups], kind="stable")
        total = len(self._keys)
        wanted = [fractions.train * total, fractions.validation * total, fractions.test * total]
        held = [0, 0, 0]
        parts = np.zeros(len(groups), dtype=np.int8)
        for group in order.tolist():
            lacks = [
                (share - have) / share if share else float("-inf") for share, have in zip(wanted, held, strict=True)
            ]
            part = lacks.index(max(lacks))
            parts[group] = part
            held[part] += int(sizes[group])
        return [PARTS[part] for part in parts[group_of].tolist()]

    def _groups(self) -> NDArray[np.int64]:
        """For each example the first row of its group: the same key, or nearly the same question, or a chain of both."""
        keys = np.frombuffer(self._keys, dtype=np.uint64)
        near = self._signatures.clusters()
        parent = np.concatenate([near, np.arange(len(near), len(keys), dtype=np.int64)])
        _, first, key_of = np.unique(keys, return_index=True, return_inverse=True)
        same = first[key_of]
        for row in np.flatnonzero(same != np.arange(len(keys))).tolist():
            a, b = similar.root(parent, int(same[row])), similar.root(parent, row)
            parent[max(a, b)] = min(a, b)
        while True:  # follow every chain to its first row
            shorter = parent[parent]
            if np.array_equal(shorter, parent):
                return parent
            parent = shorter


def _draw(key: int, seed: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=7).digest(), "big")
