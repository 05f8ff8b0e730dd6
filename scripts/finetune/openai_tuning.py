"""Tuning at OpenAI: upload, create once, follow, find checkpoints. Every function continues what the run's record
says was begun.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.errors import RefusedError
from finetune.overfit import Checkpoint, Point
from finetune.runs import Run, sha256_of

if TYPE_CHECKING:
    import openai
    from openai.types.fine_tuning import FineTuningJob

ENDED = frozenset({"succeeded", "failed", "cancelled"})
RUN_MARK, KEY_MARK = "tuneguard_run", "tuneguard_key"
# Dates and wording: https://developers.openai.com/api/docs/deprecations, known on 2026-11-24.
WIND_DOWN = """OpenAI is winding fine-tuning down, as known on 2026-11-24:
  since 2026-05-07 organisations that never tuned can no longer create jobs;
  since 2026-07-02 neither can those without a call to a tuned model in the past 60 days;
  2027-01-06 is the last day for everybody; on 2027-01-14 the last tunable bases are shut down, and all tunes with them.
What to do instead: tune_gemini.py or tune_open_model.py with the same data (prepare_data.py --target gemini or open),
or no tuning: prompt_claude.py, or few-shot on gpt-6-luna (evaluate.py measures it)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for; None leaves the choice to OpenAI ("auto")."""

    model: str
    method: str = "supervised"
    epochs: int | None = None
    batch_size: int | None = None
    rate: float | None = None
    beta: float | None = None
    seed: int | None = None
    suffix: str | None = None
    metadata: dict[str, str] | None = None


def upload(client: openai.OpenAI, run: Run, part: str, path: Path, now: datetime) -> str:
    """Upload one file once; its id."""
    import openai

    digest = sha256_of(path)
    name = f"{run.name}-{part}-{digest[:16]}.jsonl"

    def find() -> dict[str, Any] | None:
        size = path.stat().st_size
        files = client.files.list(purpose="fine-tune")
        return next(({"id": file.id} for file in files if file.filename == name and file.bytes == size), None)

    def do() -> dict[str, Any]:
        with path.open("rb") as file:
            made = client.with_options(max_retries=0, timeout=600).files.create(file=(name, file), purpose="fine-tune")
        return {"id": made.id}

    return str(run.once(f"upload {part}", find=find, do=do, now=now, lost=(openai.APIConnectionError,))["id"])


def create(client: openai.OpenAI, run: Run, request: Request, train: str, validation: str | None, now: datetime) -> str:
    """Create the job once; its id.

    Raises:
        RefusedError: The organisation or the model is no longer eligible.
    """
    import openai

    numbers = {
        "n_epochs": request.epochs,
        "batch_size": request.batch_size,
        "learning_rate_multiplier": request.rate,
        "beta": request.beta if request.method == "dpo" else None,
    }
    chosen = {key: value for key, value in numbers.items() if value is not None}
    body: dict[str, Any] = {
        "model": request.model,
        "training_file": train,
        "method": {"type": request.method, request.method: {"hyperparameters": chosen}},
        "metadata": {**(request.metadata or {}), RUN_MARK: run.name, KEY_MARK: run.key},
    }
    optional = {"validation_file": validation, "seed": request.seed, "suffix": request.suffix}
    body |= {key: value for key, value in optional.items() if value is not None}

    def find() -> dict[str, Any] | None:
        jobs = client.fine_tuning.jobs.list(metadata={KEY_MARK: run.key})
        return next(({"id": job.id} for job in jobs), None)

    def do() -> dict[str, Any]:
        return {"id": client.with_options(max_retries=0).fine_tuning.jobs.create(**body).id}

    try:
        return str(run.once("create job", find=find, do=do, now=now, lost=(openai.APIConnectionError,))["id"])
    except (openai.PermissionDeniedError, openai.BadRequestError, openai.NotFoundError) as error:
        run.forget("create job")
        if not is_refusal(error):
            raise
        run.note(refused={"status": error.status_code, "message": error.message, "at": now.isoformat()})
        raise RefusedError(f"OpenAI refused the job: {error.message}\n{WIND_DOWN}") from error


def is_refusal(error: openai.APIStatusError) -> bool:
    """Whether an error says "not you" or "not this model any more". OpenAI has not published its code for it: words decide, too."""
    if error.status_code == 403 or error.code in {"model_not_available", "fine_tuning_not_available"}:
        return True
    text = str(error.message).lower()
    return any(
        word in text
        for word in ("not eligible", "no longer", "wound down", "not available for fine-tuning", "deprecated")
    )


def follow(
    client: openai.OpenAI,
    job_id: str,
    *,
    poll: float,
    told: Callable[[str], None],
    moved: Callable[[FineTuningJob, list[Point]], None],
) -> tuple[FineTuningJob, list[Point]]:
    """Wait for a job's end, telling each event once, in order.

    Args:
        client: May retry: it only reads.
        job_id: Which.
        poll: Machine seconds between looks.
        told: Called with each event's text.
        moved: Called after each look with the job and the curve so far.
    """
    seen: set[str] = set()
    curve: dict[int, Point] = {}
    while True:
        job = client.fine_tuning.jobs.retrieve(job_id)
        fresh = []
        for event in client.fine_tuning.jobs.list_events(job_id, limit=100):
            if event.id in seen:
                break  # newest first: all older ones are known
            fresh.append(event)
        for event in reversed(fresh):
            seen.add(event.id)
            point = _point(event.data)
            if point is not None:
                curve[point.step] = point
            told(f"{event.level}: {event.message}" if event.level != "info" else event.message)
        ordered = [curve[step] for step in sorted(curve)]
        moved(job, ordered)
        if job.status in ENDED:
            return job, ordered
        time.sleep(poll)


def _point(data: object) -> Point | None:
    if not isinstance(data, dict) or "step" not in data or "train_loss" not in data:
        return None
    valid = data.get("full_valid_loss", data.get("valid_loss"))
    return Point(
        step=int(data["step"]), train_loss=float(data["train_loss"]), valid_loss=None if valid is None else float(valid)
    )


def checkpoints(client: openai.OpenAI, job_id: str) -> list[Checkpoint]:
    """The states that OpenAI kept, oldest first."""
    found = []
    for item in client.fine_tuning.jobs.checkpoints.list(job_id):
        loss = item.metrics.full_valid_loss if item.metrics.full_valid_loss is not None else item.metrics.valid_loss
        found.append(Checkpoint(step=item.step_number, model=item.fine_tuned_model_checkpoint, valid_loss=loss))
    return sorted(found, key=lambda item: item.step)
