#!/usr/bin/env python3
"""Tune at OpenAI: upload, create the job, watch its loss, stop it, use the model. Every command can be repeated after Ctrl-C."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number
from finetune import clock, console, openai_tuning, overfit, starting
from finetune.clients import openai_client, talking_to
from finetune.console import Output
from finetune.errors import FINE, FOUND_SOMETHING, RefusedError, UserError
from finetune.limits import DEFAULT_MODEL
from finetune.options import Base, BatchSize, Detach, Epochs, Poll, Prices, Rate, RunName, Train, Validation, Yes
from finetune.report.loss import Loss
from finetune.runs import Run

SCRIPT = "tune_openai.py"

app = console.app(
    SCRIPT,
    "Tune a model at OpenAI, resumably. What is known of the wind-down of OpenAI's fine-tuning is said before you pay.",
)


@app.command
def start(
    *,
    run: RunName,
    train: Train,
    validation: Validation = None,
    model: Base = DEFAULT_MODEL["openai"],
    method: Annotated[
        Literal["supervised", "dpo"], Parameter(help="dpo learns from preferred and other answers.")
    ] = "supervised",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    rate: Rate = None,
    beta: Annotated[
        float | None, Parameter(help="Weight of the preference; only for dpo.", validator=Number(gt=0))
    ] = None,
    seed: Annotated[int | None, Parameter(help="Handed on to OpenAI.")] = None,
    suffix: Annotated[str | None, Parameter(help="Up to 64 characters in the model's name.")] = None,
    metadata: Annotated[tuple[str, ...], Parameter(help="KEY=VALUE, may be repeated.", negative="")] = (),
    prices: Prices = None,
    yes: Yes = False,
    detach: Detach = False,
    poll: Poll = 5.0,
    output: Output = "text",
) -> int:
    """Check, price, upload, create and follow a job; run it again to go on where it was left."""
    now = clock.now()
    record = Run.start(run, provider="openai", now=now)
    request = openai_tuning.Request(
        model=model,
        method=method,
        epochs=epochs,
        batch_size=batch_size,
        rate=rate,
        beta=beta,
        seed=seed,
        suffix=suffix if suffix is not None else run[:18],
        metadata=_pairs(metadata),
    )
    record.fix("parameters", asdict(request))
    if not starting.agreed(
        record,
        target="openai",
        model=model,
        train=train,
        validation=validation,
        epochs=epochs,
        prices=prices,
        now=now,
        yes=yes,
    ):
        return FOUND_SOMETHING
    client = openai_client()
    with talking_to("OpenAI", "uploading the data"):
        train_id = openai_tuning.upload(client, record, "train", train, now)
        validation_id = (
            openai_tuning.upload(client, record, "validation", validation, now) if validation is not None else None
        )
    try:
        with talking_to("OpenAI", "creating the job"):
            job_id = openai_tuning.create(client, record, request, train_id, validation_id, now)
    except RefusedError:
        console.err.print(f"The uploaded files are still there; teardown.py --run {run} removes them.", markup=False)
        raise
    if detach:
        return starting.detached(record, job_id, SCRIPT, output)
    return _follow(record, job_id, poll, output)


def _pairs(metadata: tuple[str, ...]) -> dict[str, str] | None:
    if any("=" not in item for item in metadata):
        raise UserError(f"--metadata: found {metadata!r}, expected KEY=VALUE.")
    return dict(item.split("=", 1) for item in metadata) or None


@app.command
def follow(*, run: RunName, poll: Poll = 5.0, output: Output = "text") -> int:
    """Watch a job to its end: events, loss, checkpoints, and an alarm if it learns the data by heart."""
    record = Run.open(run)
    return _follow(record, starting.job_of(record, SCRIPT, "id"), poll, output)


def _follow(record: Run, job_id: str, poll: float, output: Output) -> int:
    client = openai_client()
    with talking_to("OpenAI", "following the job"), Loss(job_id) as view:
        job, curve = openai_tuning.follow(
            client, job_id, poll=poll, told=view.told, moved=lambda job, points: view.moved(str(job.status), points)
        )
        kept = openai_tuning.checkpoints(client, job_id) if job.status == "succeeded" else []
    alarm = overfit.judge(curve, kept)
    results: dict[str, Any] = {
        "status": job.status,
        "model": job.fine_tuned_model,
        "trained_tokens": job.trained_tokens,
        "cost_usd": starting.cost_of(job.model, job.trained_tokens),
        "error": job.error.message if job.error is not None else None,
        "result_files": job.result_files,
        "curve": [asdict(point) for point in curve],
        "checkpoints": [asdict(item) for item in kept],
        "alarm": None if alarm is None else {"message": str(alarm), **asdict(alarm)},
    }
    record.note(**results)
    console.emit(output, record.data, lambda: _say(record, results))
    return FINE if job.status == "succeeded" else FOUND_SOMETHING


def _say(record: Run, results: dict[str, Any]) -> None:
    if results["model"] is None:
        console.out.print(f"The job ended as {results['status']}. {results['error'] or ''}", markup=False)
        return
    console.out.print(f"{results['model']}", markup=False)
    console.out.print(f"{results['trained_tokens']:,} tokens trained, {console.usd(results['cost_usd'])}", markup=False)
    for item in results["checkpoints"]:
        loss = "" if item["valid_loss"] is None else f" validation loss {item['valid_loss']:.3f}"
        console.out.print(f"  step {item['step']}:{loss} {item['model']}", markup=False)
    if results["alarm"] is not None:
        console.out.print(results["alarm"]["message"], markup=False)
    console.out.print(
        f"Next: evaluate.py --run {record.name} --test FILE, predict.py --run {record.name} TEXT, teardown.py --run {record.name}",
        markup=False,
    )


@app.command
def cancel(*, run: RunName, output: Output = "text") -> int:
    """Stop a job. What was trained so far may be billed."""
    record = Run.open(run)
    client = openai_client()
    job_id = starting.job_of(record, SCRIPT, "id")
    with talking_to("OpenAI", "cancelling the job"):
        job = client.fine_tuning.jobs.retrieve(job_id)
        if job.status not in openai_tuning.ENDED:
            job = client.with_options(max_retries=0).fine_tuning.jobs.cancel(job_id)
    record.note(status=job.status)
    console.emit(output, record.data, lambda: console.out.print(f"{job_id}: {job.status}", markup=False))
    return FINE


if __name__ == "__main__":
    console.run(app)
