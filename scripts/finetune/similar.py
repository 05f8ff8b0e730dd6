"""Find texts that are nearly the same, in one pass and bounded memory: MinHash signatures, banded, joined into clusters.

Own code because the kept library for it (datasketch) brings SciPy, 35 MB for what forty lines of numpy do.
"""

from __future__ import annotations

import re
import zlib
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\w+")
_HASHES = 32
_BANDS = 8  # 8 bands of 4: a pair with 80 % of shingles in common is found with 98 %, one with 40 % with 19 % and then refused
_ROWS = _HASHES // _BANDS
SIMILAR = 0.8  # share of equal signature entries; an estimate of the Jaccard index, give or take 0.07
LIMIT = 250_000  # signatures kept, 32 MB; later rows are compared for exact duplicates only, and the report says so
_PRIME = (1 << 61) - 1
_SEEDS = np.random.default_rng(20261124).integers(1, 1 << 31, size=(2, _HASHES, 1), dtype=np.uint64)


def normalised(text: str) -> str:
    """Words in lower case, nothing else: what must be equal for two texts to count as the same."""
    return " ".join(_WORD.findall(text.lower()))


def fingerprint(text: str) -> int:
    """A 64-bit number for a normalised text; equal texts have equal numbers, and unequal ones all but surely not."""
    import hashlib

    return int.from_bytes(hashlib.blake2b(normalised(text).encode(), digest_size=8).digest(), "big")


def signature(text: str) -> NDArray[np.uint32]:
    """The MinHash signature of a text's overlapping word pairs (single words in a text of one)."""
    words = _WORD.findall(text.lower())
    shingles = {f"{a} {b}" for a, b in pairwise(words)} or set(words) or {""}
    values = np.fromiter((zlib.crc32(item.encode()) for item in shingles), dtype=np.uint64, count=len(shingles))
    mixed = (values * _SEEDS[0] + _SEEDS[1]) % np.uint64(_PRIME)
    return np.asarray(mixed.min(axis=1) & np.uint64(0xFFFFFFFF), dtype=np.uint32)


def clusters(signatures: NDArray[np.uint32]) -> NDArray[np.int64]:
    """For each row the smallest row number that it is nearly the same as, itself included."""
    parent = np.arange(len(signatures), dtype=np.int64)

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = int(parent[row])
        return row

    for band in range(_BANDS):
        piece = np.ascontiguousarray(signatures[:, band * _ROWS : (band + 1) * _ROWS])
        keys = piece.view(np.dtype((np.void, piece.dtype.itemsize * _ROWS))).ravel()
        order = np.argsort(keys, kind="stable")
        equal = np.flatnonzero(keys[order[1:]] == keys[order[:-1]])
        for at in equal:
            left, right = int(order[at]), int(order[at + 1])
            if (signatures[left] == signatures[right]).mean() >= SIMILAR:
                a, b = root(left), root(right)
                parent[max(a, b)] = min(a, b)
    return np.array([root(row) for row in range(len(signatures))], dtype=np.int64)
