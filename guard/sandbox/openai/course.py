"""The life of one fine-tuning job in virtual time: phases, events, curve, checkpoints; learned at the moment training starts."""

import base64
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from guard.sandbox.learn.conversation import training_examples
from guard.sandbox.learn.learner import Learner, Step
from guard.sandbox.learn.text import tokens
from guard.sandbox.openai.state import ORGANIZATION, State, StoredFile, Tune

QUEUED_AFTER = 10
RUNNING_AFTER = 30
SECONDS_BASE = 240
# Seconds of training per 1,000 trained tokens. The order of magnitude of real small jobs of 2024: 2.3 million tokens in 2,900 s.
SECONDS_PER_1000_TOKENS = 1.5
CHECKPOINTS = 3
MIN_EXAMPLES = 10


@dataclass(slots=True)
class Job:
    """A job: what was asked for, when it stood still, and what it learned."""

    id: str
    created_at: int
    model: str
    training_file: str
    validation_file: str | None
    method: dict[str, Any]
    epochs: int
    batch_size: int
    rate_multiplier: float
    seed: int
    suffix: str
    metadata: dict[str, str] | None
    train: bytes
    validation: bytes | None
    integrations: list[Any] | None = None
    error: dict[str, Any] | None = None
    trained_tokens: int = 0
    pauses: list[tuple[int, int | None]] = field(default_factory=list)
    cancelled_at: int | None = None
    learner: Learner | None = None
    result_file: str | None = None
    settled: bool = False
    stalls: bool = False  # stands still after a third of its training

    @property
    def tune(self) -> str:
        """The name of the finished model."""
        return f"ft:{self.model}:{ORGANIZATION}:{self.suffix}:{self.id.removeprefix('ftjob-')}"

    @property
    def duration(self) -> float:
        """Seconds from the start of training to its end."""
        return SECONDS_BASE + self.trained_tokens * SECONDS_PER_1000_TOKENS / 1000

    def active(self, now: int) -> float:
        """Seconds in which the job was not paused, up to now or to its cancellation."""
        end = min(now, self.cancelled_at) if self.cancelled_at is not None else now
        still = sum(min(end, until if until is not None else end) - min(end, since) for since, until in self.pauses)
        ran = end - self.created_at - still
        return min(ran, int(RUNNING_AFTER + self.duration / 3)) if self.stalls else ran

    def moment(self, seconds: float) -> int:
        """The instant at which so many active seconds had passed."""
        at = self.created_at + seconds
        for since, until in self.pauses:
            if since <= at and until is not None:
                at += until - since
        return int(at)

    def status(self, now: int) -> str:
        """The status word."""
        ran = self.active(now)
        if self.error is not None and ran >= QUEUED_AFTER:
            return "failed"
        if ran >= RUNNING_AFTER + self.duration:
            return "succeeded"
        if self.cancelled_at is not None and self.cancelled_at <= now:
            return "cancelled"
        if self.pauses and self.pauses[-1][1] is None:
            return "paused"
        if ran >= RUNNING_AFTER:
            return "running"
        return "queued" if ran >= QUEUED_AFTER else "validating_files"

    def step_moment(self, step: Step, last: int) -> float:
        """Active seconds at which a step was done."""
        return RUNNING_AFTER + self.duration * step.number / last


def check(job: Job) -> None:
    """Look at the files as the service does after the job was made; sets `error` or the token count."""
    try:
        examples = training_examples(job.train.splitlines())
    except (ValueError, AttributeError, TypeError) as problem:
        job.error = {
            "code": "invalid_training_file",
            "message": f"Invalid file format: {problem}",
            "param": "training_file",
        }
        return
    if len(examples) < MIN_EXAMPLES:
        message = f"Training file has {len(examples)} example(s), but must have at least {MIN_EXAMPLES} examples"
        job.error = {"code": "invalid_n_examples", "message": message, "param": "training_file"}
        return
    job.trained_tokens = job.epochs * sum(tokens(line.decode("utf-8", "replace")) for line in job.train.splitlines())


def advance(state: State, job: Job) -> None:
    """Do what time has brought: train once training began, register the models once it ended."""
    now = state.now()
    if job.error is not None or job.active(now) < RUNNING_AFTER:
        return
    with state.lock:
        if job.learner is None:
            learner = Learner(training_examples(job.train.splitlines()), seed=job.seed)
            held = training_examples((job.validation or b"").splitlines())
            learner.train(
                epochs=job.epochs, batch_size=job.batch_size, rate_multiplier=job.rate_multiplier, validation=held
            )
            job.learner = learner
        if not job.settled and job.status(now) == "succeeded":
            job.settled = True
            _register(state, job, job.learner)


def _register(state: State, job: Job, learner: Learner) -> None:
    ended = job.moment(RUNNING_AFTER + job.duration)
    state.tunes[job.tune] = Tune(job.tune, job.model, ended, learner.answer)
    for step in checkpoint_steps(job)[:-1]:
        name = f"{job.tune}:ckpt-step-{step.number}"
        state.tunes[name] = Tune(name, job.model, ended, partial(learner.answer, epoch=step.epoch))
    rows = [
        f"{step.number},{step.train_loss:.5f},{step.train_accuracy:.5f},{step.valid_loss or ''},{step.valid_accuracy or ''}"
        for step in learner.steps
    ]
    text = "\n".join(["step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy", *rows])
    file = StoredFile(
        state.new_id("file-"), "step_metrics.csv", "fine-tune-results", ended, base64.b64encode(text.encode())
    )
    state.files[file.id] = file
    job.result_file = file.id


def checkpoint_steps(job: Job) -> list[Step]:
    """The last step of each of the last three epochs: the service keeps no more."""
    if job.learner is None:
        return []
    ends = {step.epoch: step for step in job.learner.steps}
    return [ends[epoch] for epoch in sorted(ends)][-CHECKPOINTS:]


def events(job: Job, now: int) -> list[dict[str, Any]]:
    """Everything that happened so far, newest first."""
    told: list[tuple[float, str, str, dict[str, Any] | None]] = [
        (0, "info", f"Created fine-tuning job: {job.id}", None),
        (0, "info", f"Validating training file: {job.training_file}", None),
    ]
    if job.error is not None:
        told.append((QUEUED_AFTER, "error", job.error["message"], None))
    else:
        told += [
            (QUEUED_AFTER, "info", "Files validated, moving job to queued state", None),
            (RUNNING_AFTER, "info", "Fine-tuning job started", None),
        ]
    if job.learner is not None:
        last = job.learner.steps[-1].number
        for step in job.learner.steps:
            valid = "" if step.valid_loss is None else f", validation loss={step.valid_loss:.2f}"
            message = f"Step {step.number}/{last}: training loss={step.train_loss:.2f}{valid}"
            told.append((job.step_moment(step, last), "info", message, metrics(step, last)))
        told.append((RUNNING_AFTER + job.duration, "info", f"New fine-tuned model created: {job.tune}", None))
        told.append((RUNNING_AFTER + job.duration, "info", "The job has successfully completed", None))
    ran = job.active(now)
    seen = [item for item in told if item[0] <= ran]
    if job.cancelled_at is not None and job.status(now) == "cancelled":
        seen.append((ran, "info", "Fine-tuning job cancelled", None))
    return [
        {
            "id": f"ftevent-{job.id.removeprefix('ftjob-')}-{number:05d}",
            "object": "fine_tuning.job.event",
            "created_at": job.moment(seconds),
            "level": level,
            "message": message,
            "type": "metrics" if data is not None else "message",
            "data": data,
        }
        for number, (seconds, level, message, data) in reversed(list(enumerate(seen)))
    ]


def metrics(step: Step, last: int) -> dict[str, Any]:
    """A step's figures under the service's names."""
    out: dict[str, Any] = {
        "step": step.number,
        "total_steps": last,
        "train_loss": step.train_loss,
        "train_mean_token_accuracy": step.train_accuracy,
    }
    if step.valid_loss is not None:
        out |= {
            "valid_loss": step.valid_loss,
            "valid_mean_token_accuracy": step.valid_accuracy,
            "full_valid_loss": step.valid_loss,
            "full_valid_mean_token_accuracy": step.valid_accuracy,
        }
    return out


def document(state: State, job: Job) -> dict[str, Any]:
    """The job as the service shows it."""
    advance(state, job)
    now = state.now()
    status = job.status(now)
    ended = status in {"succeeded", "failed", "cancelled"}
    finished = {
        "succeeded": job.moment(RUNNING_AFTER + job.duration),
        "failed": job.moment(QUEUED_AFTER),
        "cancelled": job.cancelled_at,
    }.get(status)
    numbers = {"n_epochs": job.epochs, "batch_size": job.batch_size, "learning_rate_multiplier": job.rate_multiplier}
    kind = job.method.get("type", "supervised")
    return {
        "id": job.id,
        "object": "fine_tuning.job",
        "created_at": job.created_at,
        "finished_at": finished,
        "estimated_finish": job.moment(RUNNING_AFTER + job.duration) if status == "running" else None,
        "model": job.model,
        "fine_tuned_model": job.tune if status == "succeeded" else None,
        "organization_id": f"org-{ORGANIZATION}",
        "status": status,
        "trained_tokens": job.trained_tokens if ended and status == "succeeded" else None,
        "training_file": job.training_file,
        "validation_file": job.validation_file,
        "result_files": [job.result_file] if job.result_file else [],
        "error": job.error if status == "failed" else None,
        "hyperparameters": numbers,
        "method": {"type": kind, kind: {"hyperparameters": numbers}},
        "seed": job.seed,
        "integrations": job.integrations or [],
        "metadata": job.metadata,
        "user_provided_suffix": job.suffix or None,
    }
