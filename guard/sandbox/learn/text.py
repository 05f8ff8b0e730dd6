"""Words, features and token counts of the stand-in."""

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

WIDTH = 4096
"""Size of the feature vector; words beyond it share places, as in any hashed vocabulary."""

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return _WORD.findall(text.lower())


def tokens(text: str) -> int:
    """About how many tokens a text has: a fourth of its bytes. The stand-in bills by this, not by a real vocabulary."""
    return -(-len(text.encode()) // 4)


def features(text: str) -> NDArray[np.int64]:
    """The places of a text's words and word pairs in the feature vector, each once."""
    found = words(text)
    pairs = [f"{left} {right}" for left, right in pairwise(found)]
    return np.unique(np.array([zlib.crc32(item.encode()) % WIDTH for item in (*found, *pairs)], dtype=np.int64))


def dense(rows: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
    """Feature rows as a matrix, each row of length one."""
    out = np.zeros((len(rows), WIDTH), dtype=np.float32)
    for at, row in enumerate(rows):
        if len(row):
            out[at, row] = 1 / np.sqrt(len(row))
    return out


def pick(text: str, options: Sequence[str]) -> str:
    """A guess without knowledge: even over the options, and the same for the same text."""
    return options[zlib.crc32(text.encode()) % len(options)]
