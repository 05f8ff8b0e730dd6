"""How wide each column of a table may be, so that the table fits: the widest gives way first, words stay whole if they can."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

GAP = 2
"""Columns that a table puts around each column's text."""


def shortened(text: str, most: int) -> str:
    """Cut the middle out of a long name: its beginning and its end tell it from others."""
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def widths(header: Sequence[str], rows: Sequence[Sequence[str]], most: int) -> list[int]:
    """Return a width for each column; with the gaps they take `most` columns at the most, unless there are too many."""
    cells = [[header[i], *(row[i] for row in rows)] for i in range(len(header))]
    wide = [max(_longest_line(cell) for cell in column) for column in cells]
    least = [max(_longest_word(cell) for cell in column) for column in cells]
    room = most - GAP * len(header)
    for floors in (least, [1] * len(header)):
        while sum(wide) > room:
            able = [i for i, width in enumerate(wide) if width > floors[i]]
            if not able:
                break
            wide[max(able, key=lambda i: wide[i])] -= 1
    return wide


def _longest_line(text: str) -> int:
    return max((cell_len(line) for line in text.splitlines()), default=1) or 1


def _longest_word(text: str) -> int:
    return max((cell_len(word) for word in text.split()), default=1)
