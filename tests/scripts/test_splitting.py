"""A split is repeatable, near its shares, and never puts two alike into different parts."""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from finetune import similar
from finetune.errors import UserError
from finetune.model import Example
from finetune.prepare import prepare
from finetune.split import Fractions
from finetune.tickets import tickets
from finetune.trained import examples_of

from tests.scripts.writing import chat, lines, pairs


def a_file(folder: Path, number: int = 300) -> Path:
    return lines(folder / "raw.jsonl", [chat(item.text, item.answer) for item in tickets(number, seed=3)])


def parts_of(folder: Path) -> dict[str, list[Example]]:
    return {
        part: examples_of(folder / f"{part}.jsonl")
        for part in ("train", "validation", "test")
        if (folder / f"{part}.jsonl").stat().st_size
    }


def split(source: Path, folder: Path, **more: object) -> dict[str, list[Example]]:
    prepare([source], folder, target="openai", fractions=Fractions.parse("80/10/10"), seed=7, **more)  # type: ignore[arg-type]  # options by name
    return parts_of(folder)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    source = a_file(tmp_path)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        prepare([source], tmp_path / name, target="openai", fractions=Fractions.parse("80/10/10"), seed=seed)

    texts = {name: (tmp_path / name / "test.jsonl").read_bytes() for name in "abc"}
    assert texts["a"] == texts["b"] != texts["c"]


def test_the_parts_are_near_their_shares_and_together_the_whole(tmp_path: Path) -> None:
    parts = split(a_file(tmp_path), tmp_path / "out")

    assert {part: len(found) for part, found in parts.items()} == pytest.approx(
        {"train": 240, "validation": 30, "test": 30}, abs=8
    )
    assert sum(map(len, parts.values())) == 300


def test_no_question_stands_in_two_parts_not_even_nearly(tmp_path: Path) -> None:
    rows = [chat(item.text, item.answer) for item in tickets(200, seed=3)]
    twins = [chat(row["messages"][0]["content"].replace("Reference", "reference no."), "other") for row in rows[:60]]
    parts = split(lines(tmp_path / "raw.jsonl", rows + twins), tmp_path / "out")

    homes: dict[int, set[str]] = defaultdict(set)
    signatures = similar.Signatures()
    for found in parts.values():
        for item in found:
            signatures.add(item.question)
    clusters = signatures.clusters()
    for at, part in enumerate(part for part, found in parts.items() for _ in found):
        homes[int(clusters[at])].add(part)
    assert all(len(home) == 1 for home in homes.values())


def test_rows_of_one_group_stay_together(tmp_path: Path) -> None:
    rows = [{**row, "customer": at % 20} for at, row in enumerate(pairs(200))]
    source = lines(tmp_path / "raw.jsonl", rows)
    parts = split(source, tmp_path / "out", group_field="customer")

    owner = {row["messages"][0]["content"]: row["customer"] for row in rows}
    homes: dict[int, set[str]] = defaultdict(set)
    for part, found in parts.items():
        for item in found:
            homes[owner[item.question]].add(part)
    assert all(len(home) == 1 for home in homes.values())
    assert len(parts["test"]) > 0


@pytest.mark.parametrize("text", ["80/20", "a/b/c", "0/50/50", "80/-10/30"])
def test_shares_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="three shares"):
        Fractions.parse(text)


def test_a_source_without_a_usable_row_writes_nothing(tmp_path: Path) -> None:
    source = lines(tmp_path / "raw.jsonl", [{"foo": 1}])

    with pytest.raises(UserError, match=r"raw\.jsonl:1: found the keys foo"):
        split(source, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_examples_that_the_target_cannot_express_are_left_out_by_line_or_written_without(tmp_path: Path) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    source = lines(tmp_path / "raw.jsonl", [*pairs(20), chat("with a tool", "a", tools=[tool])])

    kept = prepare([source], tmp_path / "a", target="open", fractions=Fractions.parse("100/0/0"), seed=1)
    whole = prepare(
        [source], tmp_path / "b", target="open", fractions=Fractions.parse("100/0/0"), seed=1, lossy="write"
    )

    assert (kept.examples["train"], kept.skipped_for_loss) == (20, 1)
    assert [place.line for place, _ in kept.losses] == [21]
    assert whole.examples["train"] == 21
    assert [place.line for place, _ in whole.losses] == [21]


def test_a_system_message_is_given_to_those_without_one(tmp_path: Path) -> None:
    rows = [*pairs(12), {"messages": [{"role": "system", "content": "Mine"}, *chat("own", "yes")["messages"]]}]
    prepare(
        [lines(tmp_path / "raw.jsonl", rows)],
        tmp_path / "o",
        target="openai",
        fractions=Fractions.parse("1/0/0"),
        seed=1,
        system="Theirs",
    )

    systems = [
        json.loads(line)["messages"][0]["content"] for line in (tmp_path / "o" / "train.jsonl").read_text().splitlines()
    ]
    assert sorted(set(systems)) == ["Mine", "Theirs"]
    assert systems.count("Mine") == 1
