"""Another provider's jobs, tunes and files as the same values that everything else is judged by. Pure.

Their names have the same form (guard.core.names.provider_name), so that keeps, approvals, history and acts work on them alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from guard.core.model import Artefact, Kind, ScopeReport, TuningJob
from guard.core.names import Scope, provider_name
from guard.core.tunes import RemoteFile, RemoteJob, Tune, TuneLook
from guard.core.units import Known, Maybe

USAGE_DAYS = timedelta(days=90)
"""How far back the last use of a tune is looked for; silence before it is not claimed."""


def tuning_job(job: RemoteJob, provider: str) -> TuningJob:
    """A fine-tuning job; when it began to run is not told, so only its events say whether it moves."""
    return TuningJob(
        name=provider_name(provider, "tuningJobs", job.id),
        project_id=provider,
        display_name=job.suffix or job.id,
        base_model=job.base,
        state=job.state,
        state_text=job.state_text,
        labels=job.metadata,
        created_at=job.created_at,
        started_at=None,
        ended_at=job.finished_at,
        progress_at=job.progress_at,
        tuned_model=job.tune,
        error=job.error or None,
    )


def tune_artefact(tune: Tune, provider: str, now: datetime) -> Artefact:
    """A tune with its last use, as far as usage data go back."""
    return Artefact(
        name=provider_name(provider, "models", tune.id),
        kind=Kind.MODEL,
        project_id=provider,
        id=tune.id,
        created_at=tune.created_at,
        last_used=tune.last_used,
        covered_from=now - USAGE_DAYS,
        base=tune.base,
        shut_down=tune.shut_down,
    )


def file_artefact(file: RemoteFile, jobs: Iterable[RemoteJob], provider: str) -> Artefact:
    """A file; it was last used when the last job that reads it ended."""
    readers = [job for job in jobs if file.id in job.files]
    ended = [job.finished_at for job in readers if job.finished_at is not None]
    last: Maybe[datetime | None] = Known(max(ended, default=None))
    return Artefact(
        name=provider_name(provider, "files", file.id),
        kind=Kind.FILE,
        project_id=provider,
        id=file.id,
        created_at=file.created_at,
        last_used=last,
        covered_from=file.created_at,
        used_by=tuple(job.id for job in readers if not job.state.has_ended),
    )


def things(look: TuneLook, provider: str) -> tuple[tuple[TuningJob, ...], tuple[Artefact, ...]]:
    """Everything of one look."""
    jobs = tuple(tuning_job(job, provider) for job in look.jobs)
    tunes = [tune_artefact(tune, provider, look.taken_at) for tune in look.tunes]
    return jobs, (*tunes, *(file_artefact(file, look.jobs, provider) for file in look.files))


def report(provider: str, problem: str) -> ScopeReport:
    """How the listing went; what could not be listed is unknown and stays."""
    return ScopeReport(scope=Scope(provider, "global"), project_id=provider, complete=not problem, problem=problem)
