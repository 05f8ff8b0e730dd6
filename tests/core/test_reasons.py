"""The page docs/reference/reasons.md says what the code says: each reason once, its meaning, its way out."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from guard.core.reasons import MEANING, WAY_OUT, BlockReason, KeepReason, RemoveReason

PAGE = (Path(__file__).parents[2] / "docs/reference/reasons.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))


def headings(title: str) -> list[str]:
    return re.findall(r"^### `(\w+)`$", SECTIONS[title], re.MULTILINE)


@pytest.mark.parametrize(
    ("title", "reasons"),
    [
        ("Kept, and known to be right to stay", [reason for reason in KeepReason if not reason.is_unknown]),
        ("Kept, because something is not known", [reason for reason in KeepReason if reason.is_unknown]),
        ("May go", list(RemoveReason)),
        ("May go, but not now", list(BlockReason)),
    ],
)
def test_the_page_lists_each_reason_in_its_section(title: str, reasons: list[StrEnum]) -> None:
    assert headings(title) == [reason.value for reason in reasons]


@pytest.mark.parametrize("reason", list(MEANING), ids=lambda reason: reason.value)
def test_the_page_gives_the_codes_meaning_and_way_out(reason: KeepReason | RemoveReason | BlockReason) -> None:
    entry = f"### `{reason.value}`\n\n{MEANING[reason]}\n"
    way = WAY_OUT.get(reason) if not isinstance(reason, RemoveReason) else None

    assert entry + (f"\nWay out: {way}\n" if way else "") in PAGE


def test_no_word_means_two_things() -> None:
    words = [reason.value for reason in MEANING]

    assert len(words) == len(set(words))
