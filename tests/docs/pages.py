"""The pages that people read, cut into what a test can check."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
MADE = {"cli.md"}
"""Made from the help itself."""

FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
END = frozenset({"|", "||", "&&", ";", ">", ">>", "2>", "<", "&"})


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@dataclass(frozen=True)
class Shown:
    """A command line on a page; `whole` where it stands as something to type, else it may only be mentioned."""

    page: str
    words: tuple[str, ...]
    whole: bool

    def __str__(self) -> str:
        return f"{self.page}: tuneguard {' '.join(self.words)}"


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Language and text of each fenced block."""
    for _, language, text in FENCE.findall(page.read_text("utf-8")):
        yield language, text


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text("utf-8"))


def shown_commands(page: Path) -> Iterator[Shown]:
    """Each `tuneguard ...` of a page: lines of blocks, and inline code."""
    for _, text in blocks(page):
        for line in text.replace("\\\n", " ").splitlines():
            words = words_of(line.strip().removeprefix("$ "))
            if words is not None:
                yield Shown(name_of(page), words, whole=True)
    for code in INLINE.findall(prose(page)):
        words = words_of(code)
        if words is not None:
            yield Shown(name_of(page), words, whole=False)


def words_of(line: str) -> tuple[str, ...] | None:
    """The words after `tuneguard` up to a comment or the shell's next word; None for another command or prose."""
    line = re.sub(r"^(\w+=\S+ +)+", "", line)
    if not re.match(r"(\.venv/bin/)?tuneguard( |$)", line):
        return None
    try:
        found = shlex.split(re.sub(r"[\[\]…]|\.\.\.", " ", line), comments=True)
    except ValueError:
        return None
    found = found[1:]
    end = next((i for i, word in enumerate(found) if word in END), len(found))
    return tuple(found[:end])


def anchor(heading: str) -> str:
    """A heading's address on GitHub."""
    text = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
    return text.strip().replace(" ", "-")
