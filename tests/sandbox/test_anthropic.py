"""The official Anthropic client, unchanged, against the sandbox: messages, streams, caching, counts, citations, batches."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import anthropic
import pytest

from guard.sandbox.server import start_in_thread
from guard.sandbox.world import World

MODEL = "claude-sonnet-5-5"
HELLO: Any = [{"role": "user", "content": "tell me about marble fountains"}]


@pytest.fixture
def served() -> Iterator[tuple[World, anthropic.Anthropic]]:
    with (
        start_in_thread(World(start=datetime(2026, 11, 24, tzinfo=UTC))) as running,
        anthropic.Anthropic(base_url=f"{running.http}/anthropic", api_key="key", max_retries=0) as client,
    ):
        yield running.world, client


@pytest.fixture
def client(served: tuple[World, anthropic.Anthropic]) -> anthropic.Anthropic:
    return served[1]


def test_a_stream_says_the_same_as_a_whole_message(client: anthropic.Anthropic) -> None:
    whole = client.messages.create(model=MODEL, max_tokens=50, messages=HELLO)
    with client.messages.stream(model=MODEL, max_tokens=50, messages=HELLO) as stream:
        streamed = stream.get_final_message()

    assert [block.text for block in streamed.content] == [block.text for block in whole.content]  # type: ignore[union-attr]  # text blocks
    assert streamed.usage.output_tokens == whole.usage.output_tokens


def test_the_count_before_is_the_count_that_is_billed(client: anthropic.Anthropic) -> None:
    counted = client.messages.count_tokens(model=MODEL, messages=HELLO, system="Be kind.").input_tokens
    billed = client.messages.create(model=MODEL, max_tokens=50, messages=HELLO, system="Be kind.").usage.input_tokens

    assert counted == billed


def cached(client: anthropic.Anthropic, words: int, ttl: str = "5m") -> tuple[int, int]:
    block: Any = {"type": "text", "text": "word " * words, "cache_control": {"type": "ephemeral", "ttl": ttl}}
    usage = client.messages.create(model=MODEL, max_tokens=9, system=[block], messages=HELLO).usage
    return usage.cache_creation_input_tokens or 0, usage.cache_read_input_tokens or 0


def test_a_long_prefix_is_written_then_read_until_its_time_is_over(served: tuple[World, anthropic.Anthropic]) -> None:
    world, client = served
    written, _ = cached(client, 1000)

    assert written > 1024
    assert cached(client, 1000) == (0, written)
    world.advance(timedelta(minutes=6))
    assert cached(client, 1000) == (written, 0)
    assert cached(client, 1001, "1h")[0] > 0
    world.advance(timedelta(minutes=59))
    assert cached(client, 1001, "1h")[1] > 0


def test_a_short_prefix_is_silently_not_cached(client: anthropic.Anthropic) -> None:
    assert cached(client, 100) == (0, 0)
    assert cached(client, 100) == (0, 0)


def test_an_answer_from_search_results_cites_them_streamed_or_not(client: anthropic.Anthropic) -> None:
    def result(source: str, text: str) -> Any:
        return {
            "type": "search_result",
            "source": source,
            "title": source,
            "content": [{"type": "text", "text": text}],
            "citations": {"enabled": True},
        }

    turn: Any = [
        result("sky.md", "The sky is blue."),
        result("grass.md", "Grass is green. It grows."),
        {"type": "text", "text": "What colour is grass?"},
    ]
    asked: Any = {"model": MODEL, "max_tokens": 50, "messages": [{"role": "user", "content": turn}]}
    whole = client.messages.create(**asked)
    with client.messages.stream(**asked) as stream:
        streamed = stream.get_final_message()

    for message in (whole, streamed):
        [citation] = message.content[0].citations or []  # type: ignore[union-attr]  # a text block
        assert (citation.source, citation.cited_text) == ("grass.md", "Grass is green.")  # type: ignore[union-attr]  # a search result's


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"model": "claude-none"}, anthropic.NotFoundError),
        ({"messages": []}, anthropic.BadRequestError),
        ({"messages": [{"role": "assistant", "content": "I begin"}]}, anthropic.BadRequestError),
        ({"messages": [{"role": "user", "content": ""}]}, anthropic.BadRequestError),
        ({"max_tokens": 0}, anthropic.BadRequestError),
    ],
)
def test_what_the_service_refuses_is_refused(
    client: anthropic.Anthropic, more: dict[str, Any], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        client.messages.create(**{"model": MODEL, "max_tokens": 9, "messages": HELLO, **more})


def batch_of(client: anthropic.Anthropic, number: int) -> Any:
    rows: Any = [
        {"custom_id": f"q{at}", "params": {"model": MODEL, "max_tokens": 9, "messages": HELLO}} for at in range(number)
    ]
    return client.messages.batches.create(requests=rows)


def test_a_batch_ends_in_virtual_time_and_its_results_are_matched_by_id(
    served: tuple[World, anthropic.Anthropic],
) -> None:
    world, client = served
    made = batch_of(client, 5)
    assert made.processing_status == "in_progress"
    with pytest.raises(anthropic.AnthropicError):
        list(client.messages.batches.results(made.id))
    world.advance(timedelta(minutes=5))

    assert client.messages.batches.retrieve(made.id).request_counts.succeeded == 5
    assert {item.custom_id for item in client.messages.batches.results(made.id)} == {f"q{at}" for at in range(5)}
    assert client.messages.batches.delete(made.id).type == "message_batch_deleted"
    assert list(client.messages.batches.list()) == []


def test_a_cancelled_batch_ends_soon_without_answers(served: tuple[World, anthropic.Anthropic]) -> None:
    world, client = served
    made = batch_of(client, 2)

    assert client.messages.batches.cancel(made.id).processing_status == "canceling"
    world.advance(timedelta(minutes=1))
    assert {item.result.type for item in client.messages.batches.results(made.id)} == {"canceled"}


def test_batches_are_listed_newest_first_over_pages(client: anthropic.Anthropic) -> None:
    made = [batch_of(client, 1).id for _ in range(5)]

    assert [item.id for item in client.messages.batches.list(limit=2)] == made[::-1]


def test_models_tell_their_life(client: anthropic.Anthropic) -> None:
    models = list(client.models.list())

    assert {model.lifecycle for model in models} == {"active"}
    assert client.models.retrieve(MODEL).max_input_tokens == 200_000
