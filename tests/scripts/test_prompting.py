"""The paths without tuning: passages with sources, a prompt that caches, a talk that fits its window."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from finetune import claude_prompt, deploying, memory
from finetune.errors import UserError
from finetune.memory import Person, Store
from finetune.model import Message
from finetune.prices import PriceBook
from finetune.retrieval import Library, passages_of
from finetune.tokens import count_messages

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)  # a Tuesday


def a_library(folder: Path) -> Library:
    (folder / "refunds.md").write_text(
        "# Refunds\n\nRefunds take five working days.\n\n# Parcels\n\nLost parcels are sent again.\n"
    )
    (folder / "deep").mkdir()
    (folder / "deep" / "hours.txt").write_text("We answer from nine to five.\n")
    (folder / "image.png").write_bytes(b"\x89PNG")
    return Library.of_folder(folder)


def test_the_passage_that_fits_is_found_with_file_line_and_heading(tmp_path: Path) -> None:
    best = a_library(tmp_path).find("How long does a refund take?")[0]

    assert (best.file.name, best.line, best.heading) == ("refunds.md", 3, "Refunds")
    assert "five working days" in best.text


def test_a_question_may_hold_any_signs_and_none_of_the_words(tmp_path: Path) -> None:
    library = a_library(tmp_path)

    assert library.find('") OR 1=1 --') == []
    assert library.find("???") == []
    assert library.find("zebra") == []


def test_long_documents_are_cut_between_paragraphs(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("# H\n\n" + "\n\n".join("word " * 60 + str(number) for number in range(6)))

    found = list(passages_of(path))

    assert len(found) == 3
    assert [item.heading for item in found] == ["H"] * 3
    assert path.read_text().splitlines()[found[1].line - 1].endswith("2")


def test_a_folder_without_texts_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no \.md"):
        Library.of_folder(tmp_path)
    with pytest.raises(UserError, match="no such folder"):
        Library.of_folder(tmp_path / "none")


def test_the_claude_prompt_keeps_what_never_changes_first_and_marks_it_for_the_cache() -> None:
    from tests.scripts.test_measuring import an_example

    prompt = claude_prompt.build("Sort it.", [an_example("a < b", "yes & no")], answer_format="yes|no", cache="1h")
    body = prompt.request("claude-haiku-5-5", "new one", max_tokens=5)

    [block] = body["system"]
    assert block["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert "<input>a &lt; b</input>" in block["text"]
    assert block["text"].index("<instructions>") < block["text"].index("<format>") < block["text"].index("<examples>")
    assert "new one" not in block["text"]


def test_cached_tokens_cost_their_own_rate_and_a_missing_cache_is_explained() -> None:
    price = PriceBook.load().model("claude-haiku-4-5")
    usage = SimpleNamespace(
        input_tokens=1000, cache_creation_input_tokens=1000, cache_read_input_tokens=1000, output_tokens=1000
    )
    million = Decimal(1_000_000)

    assert claude_prompt.cost(price, usage) == Decimal(1000) * (1 + Decimal("1.25") + Decimal("0.10") + 5) / million
    assert (
        claude_prompt.cost(price, usage, ttl="1h", batch=True)
        == Decimal(1000) * (1 + 2 + Decimal("0.10") + 5) / million / 2
    )
    none = SimpleNamespace(input_tokens=10, cache_creation_input_tokens=0, cache_read_input_tokens=0, output_tokens=1)
    assert "4,096" in (claude_prompt.cache_note("claude-haiku-4-5", none, wanted=True) or "")
    assert claude_prompt.cache_note("claude-haiku-4-5", none, wanted=False) is None
    assert claude_prompt.cost(None, none) is None


def test_an_unknown_cache_price_makes_the_cost_unknown() -> None:
    price = PriceBook.load().model("claude-haiku-5-5")
    usage = SimpleNamespace(input_tokens=1, cache_creation_input_tokens=0, cache_read_input_tokens=5, output_tokens=1)

    assert claude_prompt.cost(price, usage) is None


def test_the_newest_turns_fit_the_window_in_whole_pairs() -> None:
    turns = [
        Message(role=role, text=f"{role} says number {at} at some length")
        for at in range(30)
        for role in ("user", "assistant")
    ]  # type: ignore[arg-type]  # the two roles
    person = Person("ada", {"city": "Lisbon"}, turns)

    fitted = memory.compose(person, "and now?", instructions="Help.", shots=[], model="gpt-4.1", window=400)

    assert fitted.tokens == count_messages(fitted.messages, "gpt-4.1") <= 400
    assert 0 < fitted.left_out < 60
    assert fitted.left_out % 2 == 0
    assert "city: Lisbon" in fitted.messages[0].text
    assert fitted.messages[1].role == "user"
    assert fitted.messages[-2].text == turns[-1].text


def test_a_window_too_small_for_the_question_is_refused() -> None:
    with pytest.raises(UserError, match="--window"):
        memory.compose(Person("ada"), "why? " * 50, instructions="Help.", shots=[], model="gpt-4.1", window=20)


def test_a_profile_is_kept_and_forgotten(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.save(
        Person("ada", {"city": "Lisbon"}, [Message(role="user", text="hi"), Message(role="assistant", text="hello")])
    )

    assert store.load("ada").profile == {"city": "Lisbon"}
    assert [turn.text for turn in store.load("ada").turns] == ["hi", "hello"]
    assert store.forget("ada")
    assert not store.forget("ada")
    assert store.load("ada").turns == []


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden"])
def test_a_user_name_cannot_leave_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="--user"):
        Store(tmp_path).load(name)


@pytest.mark.parametrize(
    ("text", "zone", "until"),
    [
        ("Friday 18:00", "UTC", "2026-11-27T18:00:00+00:00"),
        ("friday 18:00", "Europe/Madrid", "2026-11-27T18:00:00+01:00"),
        ("Tuesday 09:00", "UTC", "2026-12-01T09:00:00+00:00"),
        ("Tuesday 11:00", "UTC", "2026-11-24T11:00:00+00:00"),
        ("2026-12-24T12:00", "Europe/Madrid", "2026-12-24T12:00:00+01:00"),
        ("2026-12-24T12:00+02:00", "UTC", "2026-12-24T12:00:00+02:00"),
        ("2026-12-24", "Europe/Madrid", "2026-12-24T23:59:59+01:00"),
        ("in 3 days", "UTC", "2026-11-27T23:59:59+00:00"),
        ("tomorrow 18:00", "Europe/Madrid", "2026-11-25T18:00:00+01:00"),
    ],
)
def test_the_end_of_a_keep_is_the_next_such_time_in_its_zone(text: str, zone: str, until: str) -> None:
    assert deploying.keep_until(text, zone, NOW).isoformat() == until


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Someday 18:00", "UTC"),
        ("Friday 25:00", "UTC"),
        ("2026-11-01", "UTC"),
        ("next Friday", "UTC"),
        ("Friday 18:00", "Mars/Base"),
    ],
)
def test_an_end_that_makes_no_sense_is_refused(text: str, zone: str) -> None:
    with pytest.raises(UserError):
        deploying.keep_until(text, zone, NOW)


@pytest.mark.parametrize(
    ("machine", "accelerator", "number"),
    [
        ("n1-standard-4", None, 0),
        ("g2-standard-12", "NVIDIA_L4", 1),
        ("g2-standard-48", "NVIDIA_L4", 4),
        ("a2-highgpu-1g", "NVIDIA_TESLA_A100", 1),
        ("a2-ultragpu-1g", "NVIDIA_A100_80GB", 1),
        ("a3-highgpu-8g", "NVIDIA_H100_80GB", 8),
    ],
)
def test_a_machine_brings_the_accelerators_that_belong_to_it(
    machine: str, accelerator: str | None, number: int
) -> None:
    found = deploying.Machines.of(machine, 1)

    assert (found.accelerator, found.accelerators) == (accelerator, number)
