"""Ask every variant every question, once: answers are kept as they come, so that an interrupted evaluation goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path

from finetune.chat import Reply
from finetune.evaluation.variants import Variant
from finetune.model import Example, ToolCall


def ask_all(
    variant: Variant,
    examples: Sequence[Example],
    folder: Path,
    *,
    parallel: int,
    progress: Callable[[int], None],
) -> list[Reply]:
    """The replies to all examples, in their order.

    Args:
        variant: Who is asked, and how.
        examples: What.
        folder: Where replies are kept, a file a variant; those already there are not asked for again.
        parallel: How many calls run at once.
        progress: Called with the number of replies so far.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = hashlib.blake2b(variant.chat.model.encode(), digest_size=6).hexdigest()
    path = folder / f"{variant.name}-{model}-{variant.mark}.jsonl"
    known = _read(path)
    keys = [hashlib.blake2b(example.context.encode(), digest_size=12).hexdigest() for example in examples]
    missing = [at for at, key in enumerate(keys) if key not in known]
    pool = ThreadPoolExecutor(parallel)
    running: dict[Future[Reply], int] = {}
    try:
        with path.open("a", encoding="utf-8") as file:
            while missing or running:
                while missing and len(running) < parallel:
                    at = missing.pop(0)
                    example = examples[at]
                    running[pool.submit(variant.chat.ask, variant.messages(example), example.tools)] = at
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    at = running.pop(future)
                    reply = future.result()
                    known[keys[at]] = reply
                    file.write(json.dumps({"key": keys[at], **asdict(reply)}, ensure_ascii=False) + "\n")
                    file.flush()
                progress(len(known))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # Ctrl-C does not wait for calls under way
    return [known[key] for key in keys]


def _read(path: Path) -> dict[str, Reply]:
    """Replies kept by an earlier try; a last line cut short by a crash is left out and asked for again."""
    out: dict[str, Reply] = {}
    if not path.exists():
        return out
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    for line in whole.splitlines():
        data = json.loads(line)
        key = data.pop("key")
        data["calls"] = tuple(ToolCall(**call) for call in data["calls"])
        out[key] = Reply(**data)
    return out
