"""Without tuning, through the scripts as processes: advice, state in the prompt, Claude with caching, documents and batches."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from finetune.claude_prompt import CACHE_FROM

from tests.scripts.forking import Forker
from tests.scripts.test_walk_openai import raw_tickets
from tests.scripts.walking import Walk, a_walk
from tests.scripts.writing import chat, lines

MODEL = "claude-sonnet-5-5"


@pytest.fixture
def walk(tmp_path: Path, forker: Forker) -> Iterator[Walk]:
    with a_walk(tmp_path, forker) as made:
        yield made


def test_claude_from_raw_data_to_a_batch_with_an_interruption_at_every_step(walk: Walk) -> None:
    raw_tickets(walk)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data", "--target", "anthropic")
    prompt = ("--model", MODEL, "--examples", "data/train.jsonl", "--shots", "60")

    walk.world.clock.set_speed(0)  # a cache lasts an hour, which the fast clock would have over in two seconds
    first = walk.answer("prompt_claude.py", "ask", "my invoice is wrong", *prompt, "--cache", "1h")
    second = walk.answer("prompt_claude.py", "ask", "my parcel is late", *prompt, "--cache", "1h")
    assert first["usage"]["cache_creation_input_tokens"] > CACHE_FROM[MODEL]
    assert second["usage"]["cache_read_input_tokens"] == first["usage"]["cache_creation_input_tokens"]
    assert float(second["usd"]) < float(first["usd"]) / 5
    assert first["counted_before"] == first["usage"]["input_tokens"] + first["usage"]["cache_creation_input_tokens"]
    assert "queue=" in first["text"]

    walk.world.clock.set_speed(2400)
    batch = ("batch", "--run", "cl", "--questions", "data/test.jsonl", *prompt, "--poll", "0.05")
    assert walk.disturb("prompt_claude.py", *batch) >= {"POST messages", "GET messages"}
    found = walk.answer("prompt_claude.py", *batch)
    assert all("queue=" in row["answer"] for row in found["answers"])
    assert sum(call.method == "POST messages" and "batches" in call.resource for call in walk.world.calls) <= 2

    evaluate = (
        "--run",
        "cl-eval",
        "--test",
        "data/test.jsonl",
        "--base",
        MODEL,
        "--shots-from",
        "data/train.jsonl",
        "--limit",
        "20",
    )
    assert "POST messages" in walk.disturb("evaluate.py", *evaluate)
    names = [item["name"] for item in walk.answer("evaluate.py", *evaluate)["variants"]]
    assert names == ["base", "few-shot"]
    assert walk.answer("teardown.py", "--run", "cl-eval", "--yes")["left"] == []


def test_an_answer_from_documents_cites_file_and_line(walk: Walk) -> None:
    (walk.folder / "docs").mkdir()
    (walk.folder / "docs" / "refunds.md").write_text("# Refunds\n\nRefunds take five working days.\n")

    found = walk.answer("prompt_claude.py", "ask", "How long does a refund take?", "--documents", "docs")

    assert found["citations"] == [{"source": "docs/refunds.md:3", "text": "Refunds take five working days."}]
    assert walk.answer("prompt_claude.py", "ask", "zebra?", "--documents", "docs", code=1)["text"] is None


@pytest.mark.parametrize("model", ["gpt-4.1-mini-2025-04-14", "gemini-3.5-flash", "claude-haiku-5-5"])
def test_what_is_remembered_reaches_every_provider(walk: Walk, model: str) -> None:
    walk.run("personalise.py", "remember", "city=Lisbon", "--user", "ada")
    said = walk.answer("personalise.py", "ask", "Which city do I live in?", "--user", "ada", "--model", model)

    assert "Lisbon" in said["text"]
    assert walk.answer("personalise.py", "show", "--user", "ada")["profile"] == {"city": "Lisbon"}
    walk.run("personalise.py", "forget", "--user", "ada")
    walk.run("personalise.py", "forget", "--user", "ada", code=1)


def advice(walk: Walk, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = walk.answer("advise.py", "raw.jsonl", *arguments)
    return found


def test_advice_measures_before_it_says_tune_and_does_not_ask_twice(walk: Walk) -> None:
    raw_tickets(walk)
    measured = ("--base", "gpt-4.1-mini-2025-04-14", "--prompt", "prompt.txt", "--goal", "narrow", "--limit", "30")

    found = advice(walk, *measured)
    calls = walk.calls("POST chat/completions")
    again = advice(walk, *measured, "--calls-a-month", "100000")

    assert (found["choice"], calls) == ("tune", 60)
    assert found["measured"]["prompted"]["value"] < 0.5
    assert float(found["costs"]["training"]) > 0
    assert walk.calls("POST chat/completions") == calls
    assert "repaid" in {reason["why"] for reason in again["reasons"]}


def test_a_task_that_a_prompt_solves_ends_in_do_not_tune(walk: Walk) -> None:
    """The stand-in follows examples in the prompt; where they are enough, tuning is not the answer."""
    words = ("apple", "bread", "cheese", "hammer", "chisel", "pliers")
    rows = [
        chat(f"note {at}: {words[at % 6]} number {at * 7919 % 997}", "food" if at % 6 < 3 else "tool")
        for at in range(240)
    ]
    lines(walk.folder / "raw.jsonl", rows)

    found = advice(
        walk,
        "--base",
        "gpt-4.1-mini-2025-04-14",
        "--goal",
        "narrow",
        "--shots",
        "40",
        "--good-enough",
        "0.8",
        "--limit",
        "40",
    )

    assert (found["choice"], found["reasons"][0]["why"]) == ("few-shot", "few-shot-suffices")
    assert walk.run("advise.py", "raw.jsonl", "--goal", "knowledge").startswith("Don't tune: retrieval.")


def test_without_a_goal_and_a_terminal_it_says_what_is_missing(walk: Walk) -> None:
    raw_tickets(walk, 20)

    walk.run("advise.py", "raw.jsonl", code=2)
