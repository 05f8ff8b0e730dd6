"""Fine-tuning jobs: create, list, get, cancel, pause, resume, events, checkpoints."""

from typing import Any

from guard.sandbox.openai import course, files
from guard.sandbox.openai.bases import BASES, base_name
from guard.sandbox.openai.course import Job
from guard.sandbox.openai.errors import ApiError, invalid
from guard.sandbox.openai.pages import page
from guard.sandbox.openai.state import Call, State

_ENDED = frozenset({"succeeded", "failed", "cancelled"})
_METHODS = frozenset({"supervised", "dpo", "reinforcement"})


def create(state: State, call: Call) -> dict[str, Any]:
    """POST /fine_tuning/jobs."""
    body = call.body
    _check_right(state)
    model = str(body.get("model", ""))
    base = BASES.get(base_name(model))
    if base is None or base.training is None:
        raise invalid(
            f"Model {model} is not available for fine-tuning or does not exist.",
            param="model",
            code="model_not_available",
        )
    if base.shutdown_date is not None and state.world.now().date().isoformat() >= base.shutdown_date:
        raise invalid(
            f"Model {model} has been shut down and is not available for fine-tuning.",
            param="model",
            code="model_not_available",
        )
    train = _file(state, body.get("training_file"), "training_file")
    held = _file(state, body["validation_file"], "validation_file") if body.get("validation_file") else None
    method = body.get("method") or {
        "type": "supervised",
        "supervised": {"hyperparameters": body.get("hyperparameters") or {}},
    }
    if method.get("type") not in _METHODS:
        raise invalid(f"method.type: expected one of {sorted(_METHODS)}", param="method")
    numbers = (method.get(method["type"]) or {}).get("hyperparameters") or {}
    lines = max(1, sum(1 for line in train.splitlines() if line.strip()))
    job = Job(
        id=state.new_id("ftjob-"),
        created_at=state.now(),
        model=base_name(model),
        training_file=str(body["training_file"]),
        validation_file=body.get("validation_file"),
        method=method,
        epochs=int(_number(numbers, "n_epochs", 1, 50, auto=_auto_epochs(lines))),
        batch_size=int(_number(numbers, "batch_size", 1, 256, auto=max(1, min(256, lines // 250)))),
        rate_multiplier=_number(numbers, "learning_rate_multiplier", 1e-6, 100, auto=1.0),
        seed=_seed(body.get("seed"), lines),
        suffix=_suffix(body.get("suffix")),
        metadata=_metadata(body.get("metadata")),
        train=train,
        validation=held,
        integrations=body.get("integrations"),
    )
    course.check(job)
    job.stalls = state.world.faults.take("tuning_stalls", service="openai", resource=job.id) is not None
    with state.lock:
        state.jobs[job.id] = job
    return course.document(state, job)


def _check_right(state: State) -> None:
    """Whether this organisation may still tune, on this day. The real wording and code are not known."""
    if not state.eligible or state.world.now().date() > state.tuning_ends:
        raise ApiError(
            403,
            "Your organization is not eligible to create fine-tuning jobs. "
            "Fine-tuning is being wound down; see the deprecations page.",
            code="fine_tuning_not_available",
            type="permission_error",
        )


def _file(state: State, file_id: Any, param: str) -> bytes:
    try:
        file = files.find(state, str(file_id))
    except ApiError as error:
        raise invalid(f"invalid {param}: {file_id}", param=param) from error
    if file.purpose != "fine-tune":
        raise invalid(f"invalid {param}: {file_id} has purpose {file.purpose}, expected fine-tune", param=param)
    return file.content


def _auto_epochs(lines: int) -> int:
    return min(25, 100 // lines) if lines * 3 < 100 else 3


def _number(numbers: dict[str, Any], name: str, low: float, high: float, *, auto: float) -> float:
    value = numbers.get(name, "auto")
    if value == "auto":
        return auto
    if not isinstance(value, (int, float)) or not low <= value <= high:
        raise invalid(
            f"{name}: expected 'auto' or a number from {low} to {high}, got {value!r}", param=f"hyperparameters.{name}"
        )
    return float(value)


def _seed(value: Any, lines: int) -> int:
    if value is None:
        return lines
    if not isinstance(value, int) or not 0 <= value <= 2_147_483_647:
        raise invalid("seed: expected 0 to 2147483647", param="seed")
    return value


def _suffix(value: Any) -> str:
    text = "" if value is None else str(value)
    if len(text) > 64:
        raise invalid("suffix: expected 1 to 64 characters", param="suffix")
    return text


def _metadata(value: Any) -> dict[str, str] | None:
    if value is None:
        return None
    good = (
        isinstance(value, dict)
        and len(value) <= 16
        and all(len(str(key)) <= 64 and len(str(item)) <= 512 for key, item in value.items())
    )
    if not good:
        raise invalid(
            "metadata: expected up to 16 pairs, keys up to 64 and values up to 512 characters", param="metadata"
        )
    return dict(value)


def find(state: State, job_id: str) -> Job:
    """A job that is there."""
    job = state.jobs.get(job_id)
    if not isinstance(job, Job):
        raise ApiError(404, f"Could not find fine tune: {job_id}", code="fine_tune_not_found", param="fine_tune_id")
    return job


def listed(state: State, call: Call) -> dict[str, Any]:
    """GET /fine_tuning/jobs, newest first; filters metadata[k]=v and metadata=null."""
    with state.lock:
        jobs = [job for job in reversed(state.jobs.values()) if _matches(job, call)]
    return page([course.document(state, job) for job in jobs], call, default=20, largest=100)


def _matches(job: Job, call: Call) -> bool:
    if call.one("metadata") == "null":
        return not job.metadata
    wanted = {name[9:-1]: values[-1] for name, values in call.query.items() if name.startswith("metadata[")}
    return all((job.metadata or {}).get(key) == value for key, value in wanted.items())


def get(state: State, call: Call) -> dict[str, Any]:
    """GET /fine_tuning/jobs/ID."""
    return course.document(state, find(state, call.path["id"]))


def cancel(state: State, call: Call) -> dict[str, Any]:
    """POST /fine_tuning/jobs/ID/cancel: at once, unless it has ended."""
    job = find(state, call.path["id"])
    course.advance(state, job)
    if job.status(state.now()) in _ENDED:
        raise invalid(
            f"Job {job.id} has status {job.status(state.now())} and cannot be cancelled.", code="invalid_job_status"
        )
    job.cancelled_at = state.now()
    return course.document(state, job)


def pause(state: State, call: Call) -> dict[str, Any]:
    """POST /fine_tuning/jobs/ID/pause, while it runs."""
    job = find(state, call.path["id"])
    if job.status(state.now()) != "running":
        raise invalid(f"Job {job.id} is not running and cannot be paused.", code="invalid_job_status")
    job.pauses.append((state.now(), None))
    return course.document(state, job)


def resume(state: State, call: Call) -> dict[str, Any]:
    """POST /fine_tuning/jobs/ID/resume, while it is paused."""
    job = find(state, call.path["id"])
    if job.status(state.now()) != "paused":
        raise invalid(f"Job {job.id} is not paused and cannot be resumed.", code="invalid_job_status")
    job.pauses[-1] = (job.pauses[-1][0], state.now())
    return course.document(state, job)


def events(state: State, call: Call) -> dict[str, Any]:
    """GET /fine_tuning/jobs/ID/events."""
    job = find(state, call.path["id"])
    course.advance(state, job)
    return page(course.events(job, state.now()), call, default=20, largest=100)


def checkpoints(state: State, call: Call) -> dict[str, Any]:
    """GET /fine_tuning/jobs/ID/checkpoints, newest first, once they were reached."""
    job = find(state, call.path["id"])
    course.advance(state, job)
    steps = course.checkpoint_steps(job)
    last = job.learner.steps[-1].number if job.learner else 1
    ran = job.active(state.now())
    found = [
        {
            "id": f"ftckpt_{job.id.removeprefix('ftjob-')}{step.number:06d}",
            "object": "fine_tuning.job.checkpoint",
            "created_at": job.moment(job.step_moment(step, last)),
            "fine_tuned_model_checkpoint": job.tune if step is steps[-1] else f"{job.tune}:ckpt-step-{step.number}",
            "step_number": step.number,
            "fine_tuning_job_id": job.id,
            "metrics": {key: value for key, value in course.metrics(step, last).items() if key != "total_steps"},
        }
        for step in reversed(steps)
        if job.step_moment(step, last) <= ran
    ]
    return page(found, call, default=10, largest=100)


ROUTES = (
    ("POST", "/fine_tuning/jobs", create),
    ("GET", "/fine_tuning/jobs", listed),
    ("GET", "/fine_tuning/jobs/{id}", get),
    ("POST", "/fine_tuning/jobs/{id}/cancel", cancel),
    ("POST", "/fine_tuning/jobs/{id}/pause", pause),
    ("POST", "/fine_tuning/jobs/{id}/resume", resume),
    ("GET", "/fine_tuning/jobs/{id}/events", events),
    ("GET", "/fine_tuning/jobs/{id}/checkpoints", checkpoints),
)
