"""Tuning on Vertex AI through google-genai: create once, follow, read what the job left. For Gemini and for open models."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from finetune.errors import RefusedError, UserError
from finetune.runs import Run

if TYPE_CHECKING:
    from google import genai

# `has_ended` of google-genai 2.34.0 leaves PARTIALLY_SUCCEEDED out; with it alone a script would wait for ever.
ENDED = frozenset({
    "JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED", "JOB_STATE_EXPIRED", "JOB_STATE_PARTIALLY_SUCCEEDED",
})  # fmt: skip
GOOD = frozenset({"JOB_STATE_SUCCEEDED", "JOB_STATE_PARTIALLY_SUCCEEDED"})
# Not `tuneguard-...`: the guard reads each label of that family that it does not understand as "keep".
OWNER, RUN, KEY = "owner", "tuning-run", "tuning-run-key"
ADAPTERS = {1: "ONE", 2: "TWO", 4: "FOUR", 8: "EIGHT", 16: "SIXTEEN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for. `output_uri` is for open models only, `adapter_size` and `rate` for Gemini."""

    model: str
    epochs: int | None = None
    rate: float | None = None
    adapter_size: int | None = None
    batch_size: int | None = None
    every_checkpoint: bool = False
    output_uri: str | None = None


def labels(run: Run, owner: str) -> dict[str, str]:
    """Labels that Vertex AI copies from the job to the model and its endpoint: how the guard knows whose they are.

    Raises:
        UserError: The owner cannot be a label.
    """
    value = owner.lower()
    if not value or len(value) > 63 or any(not (letter.isalnum() or letter in "_-") for letter in value):
        raise UserError(
            f'--owner: found "{owner}", expected up to 63 letters, digits, "_" and "-": it becomes a label.'
        )
    return {OWNER: value, RUN: run.name, KEY: run.key}


def create(
    client: genai.Client, run: Run, request: Request, train: str, validation: str | None, owner: str, now: datetime
) -> str:
    """Create the job once; its resource name.

    Raises:
        RefusedError: The service does not tune this model, here or at all.
    """
    from google.genai import errors, types

    config = types.CreateTuningJobConfig(
        epoch_count=request.epochs,
        learning_rate_multiplier=request.rate,
        adapter_size=f"ADAPTER_SIZE_{ADAPTERS[request.adapter_size]}" if request.adapter_size else None,
        batch_size=request.batch_size,
        output_uri=request.output_uri,
        validation_dataset=types.TuningValidationDataset(gcs_uri=validation) if validation else None,
        tuned_model_display_name=run.name,
        # Each intermediate checkpoint would be deployed to an endpoint of its own: ten things to forget in place of one.
        export_last_checkpoint_only=None if request.output_uri else not request.every_checkpoint,
        labels=labels(run, owner),
    )

    def find() -> dict[str, Any] | None:
        for job in client.tunings.list():
            if (job.labels or {}).get(KEY) == run.key:
                return {"name": job.name}
        return None

    def do() -> dict[str, Any]:
        job = client.tunings.tune(
            base_model=request.model, training_dataset=types.TuningDataset(gcs_uri=train), config=config
        )
        return {"name": job.name}

    try:
        return str(run.once("create job", find=find, do=do, now=now, lost=lost_errors())["name"])
    except errors.ClientError as error:
        run.forget("create job")
        if error.code not in {400, 403, 404}:
            raise
        run.note(refused={"status": error.code, "message": error.message, "at": now.isoformat()})
        raise RefusedError(
            f"Vertex AI refused the job: {error.message}\n"
            "Known on 2026-11-24: Gemini 3.5 Flash and 3.1 Flash-Lite are tuned in us-central1 and europe-west4 "
            "only, never in `global`; "
            "open models want an output folder (gs://...) and a name such as meta/llama3_1@llama-3.1-8b-instruct."
        ) from error


def lost_errors() -> tuple[type[Exception], ...]:
    """Exceptions of the google clients after which it is not known whether a call worked."""
    import httpx
    import requests

    return (httpx.TransportError, requests.ConnectionError, requests.Timeout)


def follow(client: genai.Client, name: str, *, poll: float, told: Callable[[str], None]) -> Any:
    """Wait for the job's end, telling each change of state once."""
    last = ""
    while True:
        job = client.tunings.get(name=name)
        state = str(job.state.value if job.state is not None else "unknown")
        stage = getattr(job, "tuning_job_state", None)
        shown = (
            f"{state} {getattr(stage, 'value', stage) or ''}".strip()
            .replace("TUNING_JOB_STATE_", "")
            .replace("JOB_STATE_", "")
        )
        if shown != last:
            told(shown)
            last = shown
        if state in ENDED:
            return job
        time.sleep(poll)


def results_of(job: Any) -> dict[str, Any]:
    """What the job left: model, endpoint, checkpoints each on an endpoint of its own, tokens that will be billed."""
    made = job.tuned_model
    stats = getattr(getattr(job, "tuning_data_stats", None), "supervised_tuning_data_stats", None)
    tokens = getattr(stats, "total_billable_token_count", None)  # of the data set: billed once an epoch
    spec = getattr(job, "supervised_tuning_spec", None)
    epochs = getattr(getattr(spec, "hyper_parameters", None), "epoch_count", None)
    kept = [
        {"step": int(item.step or 0), "epoch": int(item.epoch or 0), "model": item.endpoint, "valid_loss": None}
        for item in (made.checkpoints if made is not None else None) or []
    ]
    return {
        "status": str(job.state.value),
        "model": made.model if made is not None else None,
        "endpoint": made.endpoint if made is not None else None,
        "checkpoints": kept,
        "trained_tokens": int(tokens) * int(epochs) if tokens and epochs else None,
        "error": job.error.message if job.error is not None else None,
    }
