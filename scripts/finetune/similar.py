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
_BUCKET = 2000  # rows of one bucket that are compared with each other; more of one kind are a template, not copies
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


class Signatures:
    """Signatures of texts in the order of `add`, 128 bytes each, of the first LIMIT texts."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def __len__(self) -> int:
        return len(self._bytes) // (4 * _HASHES)

    def add(self, text: str) -> None:
        """Note one text, unless LIMIT is reached."""
        if len(self) < LIMIT:
            self._bytes += signature(text).tobytes()

    def clusters(self) -> NDArray[np.int64]:
        """See `clusters`."""
        return clusters(np.frombuffer(self._bytes, dtype=np.uint32).reshape(-1, _HASHES))


def clusters(signatures: NDArray[np.uint32]) -> NDArray[np.int64]:
    """For each row the smallest row number that it is nearly the same as, over any chain, itself included.

    Which rows belong together does not depend on their order: the splitter and the validator see them in different orders, and what
    one keeps together the other must not call leakage.
    """
    if not len(signatures):
        return np.array([], dtype=np.int64)
    kinds, first, kind_of = np.unique(signatures, axis=0, return_index=True, return_inverse=True)
    parent = np.arange(len(kinds), dtype=np.int64)
    for band in range(_BANDS):
        piece = np.ascontiguousarray(kinds[:, band * _ROWS : (band + 1) * _ROWS])
        keys = piece.view(np.dtype((np.void, piece.dtype.itemsize * _ROWS))).ravel()
        order = np.argsort(keys, kind="stable")
        edges = np.flatnonzero(keys[order[1:]] != keys[order[:-1]]) + 1
        for bucket in np.split(order, edges):
            for start in range(0, len(bucket), _BUCKET):
                if len(bucket[start : start + _BUCKET]) > 1:
                    _join(kinds, bucket[start : start + _BUCKET], parent)
    roots = np.array([root(parent, kind) for kind in range(len(kinds))], dtype=np.int64)
    smallest = np.full(len(kinds), len(signatures), dtype=np.int64)
    np.minimum.at(smallest, roots, first)
    return np.asarray(smallest[roots][kind_of.ravel()], dtype=np.int64)


def _join(kinds: NDArray[np.uint32], bucket: NDArray[np.int64], parent: NDArray[np.int64]) -> None:
    """Put together the rows of a bucket that are alike, over any chain; each row is found once, so many alike ones cost little."""
    rest = bucket
    while len(rest) > 1:
        frontier, rest = [int(rest[0])], rest[1:]
        while frontier and len(rest):
            row = frontier.pop()
            alike = (kinds[rest] == kinds[row]).sum(axis=1) >= SIMILAR * _HASHES
            found, rest = rest[alike].tolist(), rest[~alike]
            for other in found:
                a, b = root(parent, row), root(parent, other)
                parent[max(a, b)] = min(a, b)
            frontier += found


def root(parent: NDArray[np.int64], row: int) -> int:
    """The row that stands for a row's cluster; chains are shortened on the way."""
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = int(parent[row])
    return row
