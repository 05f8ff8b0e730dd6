"""Tuning jobs from raw documents. A state that is not known here is UNFAMILIAR, which nothing acts on."""

from __future__ import annotations

from collections.abc import Mapping

from guard.adapters.vertex.fields import Naming, Raw, instant, integer, labels, part, parts, required, text
from guard.core.model import JobState, TuningJob
from guard.core.names import last_part, model_and_version

_STATES: Mapping[str, JobState] = {
    "JOB_STATE_QUEUED": JobState.QUEUED,
    "JOB_STATE_PENDING": JobState.PENDING,
    "JOB_STATE_RUNNING": JobState.RUNNING,
    "JOB_STATE_SUCCEEDED": JobState.SUCCEEDED,
    "JOB_STATE_PARTIALLY_SUCCEEDED": JobState.PARTIALLY_SUCCEEDED,
    "JOB_STATE_FAILED": JobState.FAILED,
    "JOB_STATE_CANCELLING": JobState.CANCELLING,
    "JOB_STATE_CANCELLED": JobState.CANCELLED,
    "JOB_STATE_PAUSED": JobState.PAUSED,
    "JOB_STATE_EXPIRED": JobState.EXPIRED,
}
"""JOB_STATE_UPDATING is left out on purpose: what may be done to a job meanwhile is not documented."""

_STEP_PREFIX = "TUNING_JOB_STATE_"
_WAITING = {"WAITING_FOR_QUOTA", "WAITING_FOR_CAPACITY"}
_STEPS = {"", "UNSPECIFIED", "PROCESSING_DATASET", "TUNING", "POST_PROCESSING"}

SUBMITTER_LABELS = ("submitter", "submitted-by")
"""Labels by which a tuning script may say whose run it is; else the audit log knows."""


def job_from(raw: Raw, project_id: str, naming: Naming) -> TuningJob:
    """Read one tuning job of any method (supervised, preference, distillation, reinforcement, open models)."""
    name = naming(required(raw, "name"))
    tuned = part(raw, "tunedModel")
    final = naming(text(tuned, "endpoint"))
    checkpoints = [naming(text(one, "endpoint")) for one in parts(tuned, "checkpoints")]
    found = labels(raw)
    return TuningJob(
        name=name,
        project_id=project_id,
        display_name=text(raw, "tunedModelDisplayName") or last_part(name),
        base_model=base_model_of(raw),
        state=_state(raw),
        state_text=" ".join(filter(None, (text(raw, "state"), text(raw, "tuningJobState")))),
        labels=found,
        created_at=instant(raw, "createTime"),
        started_at=instant(raw, "startTime"),
        ended_at=instant(raw, "endTime"),
        progress_at=instant(raw, "updateTime"),
        submitter=next((found[key] for key in SUBMITTER_LABELS if found.get(key)), None),
        tuned_model=naming(text(tuned, "model")) or None,
        endpoints=tuple(dict.fromkeys(name for name in (final, *checkpoints) if name)),
        final_endpoint=final or None,
        epochs=_epochs(raw),
        dataset_tokens=_billable_tokens(raw),
        error=text(part(raw, "error"), "message") or None,
    )


def base_model_of(raw: Raw) -> str:
    """The model that was tuned; for a continued tuning the model that it started from."""
    before = part(raw, "preTunedModel")
    return text(raw, "baseModel") or text(before, "baseModel") or text(before, "tunedModelName")


def gemini_model_of(raw: Raw, naming: Naming) -> str | None:
    """Canonical name of the registry model of a Gemini tuning job; None for open models, which serve on machines."""
    model = text(part(raw, "tunedModel"), "model")
    base = last_part(base_model_of(raw))
    return model_and_version(naming(model))[0] if model and base.startswith("gemini") else None


def _state(raw: Raw) -> JobState:
    state = _STATES.get(text(raw, "state"), JobState.UNFAMILIAR)
    if state is not JobState.RUNNING:
        return state
    step = text(raw, "tuningJobState").removeprefix(_STEP_PREFIX)
    if step in _WAITING:
        return JobState.WAITING_FOR_CAPACITY
    return state if step in _STEPS else JobState.UNFAMILIAR


def _epochs(raw: Raw) -> int | None:
    for key in raw:
        if key.endswith("Spec") and isinstance(raw[key], Mapping):
            settings = part(raw[key], "hyperParameters")
            if "epochCount" in settings:
                return integer(settings, "epochCount")
    return None


def _billable_tokens(raw: Raw) -> int | None:
    for stats in part(raw, "tuningDataStats").values():
        if isinstance(stats, Mapping) and "totalBillableTokenCount" in stats:
            return integer(stats, "totalBillableTokenCount")
    return None
