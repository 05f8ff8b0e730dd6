#!/usr/bin/env python3
"""Tune Gemini on Vertex AI: upload to Cloud Storage, create the job, follow it, use the model. Repeatable after Ctrl-C."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter
from finetune import at_vertex, bucket, clock, console, starting, vertex_tuning
from finetune.clients import Place, genai_client, talking_to
from finetune.console import Output
from finetune.errors import FINE, FOUND_SOMETHING, UserError
from finetune.limits import DEFAULT_MODEL
from finetune.options import (
    Base,
    Detach,
    Epochs,
    Location,
    Owner,
    Poll,
    Prices,
    Project,
    Rate,
    RunName,
    Train,
    Validation,
    Yes,
)
from finetune.runs import Run
from finetune.tuned import place_of

SCRIPT = "tune_gemini.py"

app = console.app(
    SCRIPT,
    "Tune a Gemini model on Vertex AI, resumably. The tuned model answers per token; nothing has to be deployed.",
)


@app.command
def start(
    *,
    run: RunName,
    train: Train,
    bucket_uri: Annotated[str, Parameter(name="--bucket", help="gs://BUCKET or gs://BUCKET/FOLDER for the data.")],
    owner: Owner,
    validation: Validation = None,
    model: Base = DEFAULT_MODEL["gemini"],
    epochs: Epochs = None,
    rate: Rate = None,
    adapter_size: Annotated[int | None, Parameter(help="1, 2, 4, 8 or 16.")] = None,
    every_checkpoint: Annotated[
        bool,
        Parameter(
            help="Keep a checkpoint an epoch. Each gets an endpoint of its own, about ten in all, hence off.",
            negative="",
        ),
    ] = False,
    project: Project = None,
    location: Location = None,
    prices: Prices = None,
    yes: Yes = False,
    detach: Detach = False,
    poll: Poll = 10.0,
    output: Output = "text",
) -> int:
    """Check, price, upload, create and follow a job; run it again to go on where it was left."""
    if adapter_size is not None and adapter_size not in vertex_tuning.ADAPTERS:
        raise UserError(
            f"--adapter-size: found {adapter_size}, expected one of {', '.join(map(str, vertex_tuning.ADAPTERS))}."
        )
    now = clock.now()
    bucket.split_uri(bucket_uri)
    place = Place.of(project, location)
    record = Run.start(run, provider="gemini", now=now)
    vertex_tuning.labels(record, owner)
    request = vertex_tuning.Request(
        model=model, epochs=epochs, rate=rate, adapter_size=adapter_size, every_checkpoint=every_checkpoint
    )
    record.fix("parameters", {**asdict(request), "owner": owner, "bucket": bucket_uri, **asdict(place)})
    if not starting.agreed(
        record,
        target="gemini",
        model=model,
        train=train,
        validation=validation,
        epochs=epochs,
        prices=prices,
        now=now,
        yes=yes,
        also="A tuned Gemini model costs nothing known while nobody calls it.",
    ):
        return FOUND_SOMETHING
    name = at_vertex.upload_and_create(
        record, place, request, train=train, validation=validation, bucket_uri=bucket_uri, owner=owner, now=now
    )
    if detach:
        return starting.detached(record, name, SCRIPT, output)
    return _follow(record, name, poll, output)


@app.command
def follow(*, run: RunName, poll: Poll = 10.0, output: Output = "text") -> int:
    """Watch a job to its end."""
    record = Run.open(run)
    return _follow(record, starting.job_of(record, SCRIPT, "name"), poll, output)


def _follow(record: Run, name: str, poll: float, output: Output) -> int:
    client = genai_client(place_of(record))
    with talking_to("Vertex AI", "following the job"):
        job = vertex_tuning.follow(client, name, poll=poll, told=lambda text: console.err.print(text, markup=False))
    results = vertex_tuning.results_of(job)
    results["cost_usd"] = starting.cost_of(record.data["parameters"]["model"], results["trained_tokens"])
    record.note(**results)
    console.emit(output, record.data, lambda: _say(record))
    return FINE if results["status"] in vertex_tuning.GOOD else FOUND_SOMETHING


def _say(record: Run) -> None:
    results = record.data["results"]
    if results["model"] is None:
        console.out.print(f"The job ended as {results['status']}. {results['error'] or ''}", markup=False)
        return
    console.out.print(f"model    {results['model']}\nendpoint {results['endpoint']}", markup=False)
    if results["trained_tokens"] is not None:
        console.out.print(
            f"{results['trained_tokens']:,} tokens will be billed, about ${results['cost_usd']}", markup=False
        )
    for item in results["checkpoints"]:
        console.out.print(f"  epoch {item['epoch']}, step {item['step']}: {item['model']}", markup=False)
    console.out.print(
        f"Next: evaluate.py --run {record.name} --test FILE, predict.py --run {record.name} TEXT, teardown.py --run {record.name}",
        markup=False,
    )


@app.command
def cancel(*, run: RunName, output: Output = "text") -> int:
    """Stop a job."""
    name = at_vertex.cancel(Run.open(run), SCRIPT)
    console.emit(output, {"name": name}, lambda: console.out.print(f"{name}: cancelling", markup=False))
    return FINE


if __name__ == "__main__":
    console.run(app)
