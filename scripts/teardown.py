#!/usr/bin/env python3
"""Find everything that a run left at its provider, show it, ask, remove it, and look again. Safe to repeat."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number
from finetune import clock, console, options
from finetune.clients import openai_client, talking_to
from finetune.console import Output
from finetune.errors import FINE, FOUND_SOMETHING
from finetune.leftovers import at_openai, at_vertex
from finetune.leftovers.item import Leftover
from finetune.runs import Run

app = console.app(
    "teardown.py", "Remove what a run left: jobs that run, deployed models, endpoints, models, files, bucket objects."
)
_PROVIDERS = {"openai": "OpenAI", "gemini": "Google Cloud", "open": "Google Cloud"}


@app.default
def main(
    *,
    run: options.Run,
    yes: Annotated[bool, Parameter(help="Remove without being asked.", negative="")] = False,
    keep_model: Annotated[bool, Parameter(help="Leave tuned models, remove the rest.", negative="")] = False,
    poll: Annotated[float, Parameter(help="Seconds between looks at operations.", validator=Number(gte=0.01))] = 2.0,
    output: Output = "text",
) -> int:
    """Tear a run down. Exit code 0 when nothing is left, 1 when something is."""
    record = Run.open(run)
    provider = _PROVIDERS.get(record.data["provider"], "the provider")
    with talking_to(provider, "looking for what is left"):
        found = _find(record, poll, keep_model=keep_model)
    for item in found:
        note = f"; {item.warning}" if item.warning else ""
        console.err.print(f"{item.kind:<15} {item.name}  (bills {item.bills}{note})", markup=False)
    removed: list[str] = []
    if found and console.confirm(f"Remove {len(found)} things?", yes=yes):
        with console.progress("Removing") as show:
            for number, item in enumerate(found):
                show(item.name, number / len(found))
                with talking_to(provider, f"removing {item.kind} {item.name}"):
                    item.remove()
                removed.append(f"{item.kind} {item.name}")
        with talking_to(provider, "looking again"):
            found = _find(record, poll, keep_model=keep_model)
    left = [f"{item.kind} {item.name}" for item in found]
    if not left:
        record.note(torn_down_at=clock.now())
    value = {"run": run, "removed": removed, "left": left}

    def text() -> None:
        console.out.print(f"{len(removed)} removed, {len(left)} left.", markup=False)

    console.emit(output, value, text)
    return FOUND_SOMETHING if left else FINE


def _find(record: Run, poll: float, *, keep_model: bool) -> list[Leftover]:
    if record.data["provider"] == "openai":
        found = at_openai.find(openai_client(), record)
    elif record.data["provider"] in {"gemini", "open"}:
        found = at_vertex.find(record, poll)
    else:
        found = []
    return [item for item in found if not (keep_model and item.kind in {"model", "endpoint", "deployed model"})]


if __name__ == "__main__":
    console.run(app)
