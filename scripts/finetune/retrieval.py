"""Find passages in a folder of documents, for an answer with citations.

The library is SQLite's FTS5, which Python brings along: BM25 ranking, stemming, Unicode, an index on disk that needs little memory,
and decades of upkeep, with nothing to install. Ranking by words is the right first step; embeddings would need a model
of their own.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from finetune.errors import UserError

SUFFIXES = frozenset({".md", ".txt", ".rst"})
PASSAGE_WORDS = 120  # long enough to hold an answer, short enough that ten of them fit into any prompt
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of a document: its file, the heading above it, its first line (from 1), its text."""

    file: Path
    heading: str
    line: int
    text: str

    @property
    def source(self) -> str:
        """What a citation shows."""
        return f"{self.file}:{self.line}"


class Library:
    """An index over passages, in memory or in a file."""

    def __init__(self, passages: Iterable[Passage], path: Path | None = None) -> None:
        self._database = sqlite3.connect(str(path) if path is not None else ":memory:")
        self._database.execute(
            "CREATE VIRTUAL TABLE passages USING fts5(file UNINDEXED, line UNINDEXED, heading, text, tokenize='porter unicode61')"
        )
        rows = ((str(item.file), item.line, item.heading, item.text) for item in passages)
        self._database.executemany("INSERT INTO passages VALUES (?, ?, ?, ?)", rows)

    @classmethod
    def of_folder(cls, folder: Path) -> Library:
        """Index every text and Markdown file below a folder.

        Raises:
            UserError: There is no such folder, or nothing in it can be read.
        """
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder. Expected one with .md, .txt or .rst files.")
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
        if not files:
            raise UserError(f"{folder}: no .md, .txt or .rst file in it.")
        return cls(passage for path in files for passage in passages_of(path))

    def find(self, question: str, number: int = 5) -> list[Passage]:
        """The passages that fit best; words in the heading count double. None if no word of the question occurs."""
        words = _WORD.findall(question)
        if not words:
            return []
        query = " OR ".join(f'"{word}"' for word in words)
        rows = self._database.execute(
            "SELECT file, line, heading, text FROM passages WHERE passages MATCH ? ORDER BY bm25(passages, 0, 0, 2.0, 1.0) LIMIT ?",
            (query, number),
        )
        return [Passage(file=Path(file), line=line, heading=heading, text=text) for file, line, heading, text in rows]


def passages_of(path: Path) -> Iterator[Passage]:
    """Cut a document at headings and blank lines into passages of about PASSAGE_WORDS words.

    Raises:
        UserError: The file is not UTF-8 text.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text (byte {error.start + 1}).") from error
    heading, begin = path.stem, 1
    held: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        is_heading = line.startswith("#")
        full = sum(len(item.split()) for item in held) >= PASSAGE_WORDS
        if (is_heading or number > len(lines) or (full and not line.strip())) and any(item.strip() for item in held):
            yield Passage(file=path, heading=heading, line=begin, text="\n".join(held).strip())
            held = []
        if is_heading:
            heading, held = line.lstrip("# ").strip(), []
        elif line.strip() or held:
            begin = number if not held else begin
            held.append(line)
