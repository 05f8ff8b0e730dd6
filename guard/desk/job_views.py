"""Tuning jobs as the page shows them: state, loss curve, cost against estimate, expected end; when base models are shut down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from guard.core.names import is_provider
from guard.core.retirements import SOURCE, last_day
from guard.core.tunes import days_left
from guard.core.wording import instant
from guard.desk.jobs import jobs
from guard.desk.lines import words
from guard.desk.selecting import Selection
from guard.ports.ledger import Ledger

Document = Mapping[str, Any]
NO_LOSS_VERTEX = "Vertex AI's job says nothing of its loss; the job's page in the console draws it."
NO_LOSS_YET = "The service has told no step of it yet, or the job ended before the guard first looked."
SOON, LATER = 30, 90
"""Days: from when a shut-down is marked, and within which it counts as near."""
ROWS = 12
"""Most rows of a curve's table; the picture has all points."""


def tuning(ledger: Ledger, now: datetime) -> dict[str, Any]:
    """Jobs of Vertex AI and of the provider under `openai:`, running ones first, and the calendar of shut-downs, nearest first."""
    found = jobs(ledger, now, Selection())
    looks = found["providers"]
    judged = {str(one["subject"]): one for one in found["jobs"]}
    vertex = [one for subject, one in judged.items() if not is_provider(subject.split("/")[1])]
    everything = [
        *(_vertex(one, now) for one in vertex),
        *(_remote(one, str(look["provider"]), now, judged) for look in looks for one in look["jobs"]),
    ]
    everything.sort(key=lambda one: (not one["runs"], not one["waits"], _newest_first(one["since"])))
    return {
        "now": found["now"],
        "taken_at": found["taken_at"],
        "jobs": everything,
        "providers": [
            {key: look.get(key) for key in ("provider", "taken_at", "failing", "spent", "spent_unknown")}
            | {"tunes": len(look["tunes"]), "files": len(look["files"])}
            for look in looks
        ],
        "calendar": _calendar([*_vertex_tunes(vertex), *_remote_tunes(looks)], now),
    }


def _newest_first(since: str | None) -> float:
    return -datetime.fromisoformat(since).timestamp() if since else 0.0


def _vertex(document: Document, now: datetime) -> dict[str, Any]:
    evidence = document["evidence"]
    state, _, detail = str(evidence.get("state") or "unknown").partition(" ")
    state = words(state.removeprefix("JOB_STATE_")).lower()
    runs = state == "running"
    return {
        "subject": document["subject"],
        "name": document["name"],
        "provider": "vertex",
        "where": f"{document['project']} {document['location']}",
        "owner": document.get("owner"),
        "base": str(evidence.get("base_model") or "?"),
        "state": state,
        "detail": words(detail.removeprefix("TUNING_JOB_STATE_")).lower(),
        "runs": runs,
        "waits": not runs and not evidence.get("ended_at") and state not in ENDED,
        "since": evidence.get("started_at") or document.get("created_at"),
        "ended_at": evidence.get("ended_at"),
        "progress_at": evidence.get("progress_at"),
        **_expected(evidence.get("started_at") if runs else None, evidence, now),
        "cost": document["cost"],
        "cost_unknown": document["cost_unknown"],
        "estimate": evidence.get("estimate"),
        "left": list(evidence.get("endpoints") or ()),
        "warning": evidence.get("warning") or evidence.get("error"),
        "thinks": document.get("meaning") or words(document["reason"]),
        "loss": None,
        "loss_unknown": NO_LOSS_VERTEX,
    }


ENDED = frozenset({"succeeded", "failed", "cancelled", "expired", "partially succeeded"})


def _expected(started: str | None, evidence: Document, now: datetime) -> dict[str, Any]:
    """When it should end, from what that is known, and whether that is past."""
    hours = evidence.get("expected_hours")
    if started is None or hours is None:
        return {"ends_at": None, "ends_from": "", "late": False}
    end = datetime.fromisoformat(started) + timedelta(hours=float(hours))
    return {"ends_at": end.isoformat(), "ends_from": str(evidence.get("expected_from") or ""), "late": end < now}


def _remote(job: Document, provider: str, now: datetime, judged: Mapping[str, Document]) -> dict[str, Any]:
    """A job as the last look at the service saw it, with what was decided on it."""
    verdict = next((one for subject, one in judged.items() if subject.endswith(f"/tuningJobs/{job['id']}")), {})
    runs = job["state"] == "running"
    ends: str | None = job.get("estimated_finish") if runs else None
    losses = job.get("losses") or []
    return {
        "subject": verdict.get("subject"),
        "name": job["name"] or job["id"],
        "provider": provider,
        "where": provider,
        "owner": verdict.get("owner"),
        "base": job["base"],
        "state": words(job["state"]),
        "detail": "",
        "runs": runs,
        "waits": not runs and not job["finished_at"] and job["state"] not in ENDED,
        "since": job["created_at"],
        "ended_at": job["finished_at"],
        "progress_at": None,
        "ends_at": ends,
        "ends_from": "the service's own estimate" if ends else "",
        "late": ends is not None and datetime.fromisoformat(ends) < now,
        "cost": job["cost"],
        "cost_unknown": job["cost_unknown"],
        "estimate": None,
        "left": [job["tune"]] if job["tune"] else [],
        "warning": job["warning"] or job["error"],
        "thinks": verdict.get("meaning", "") if job["familiar"] else "a state that is not known; left alone",
        "loss": _curve(job["name"] or job["id"], losses, job.get("last_step")),
        "loss_unknown": None if len(losses) > 1 else NO_LOSS_YET,
    }


def _curve(name: str, losses: Sequence[Sequence[Any]], last_step: int | None) -> dict[str, Any] | None:
    """The picture of a loss curve; one point is none."""
    if len(losses) < 2:
        return None
    first, last = losses[0], losses[-1]
    series = [
        {"name": "training loss", "unit": "", "axis": "loss", "kind": "line", "values": [one[1] for one in losses]}
    ]
    if any(one[2] is not None for one in losses):
        valid = [one[2] for one in losses]
        series.append({"name": "validation loss", "unit": "", "axis": "loss", "kind": "points", "values": valid})
    every = max(1, -(-len(losses) // ROWS))
    shown = [*losses[:-1][::every], last]
    of = f" of {last_step}" if last_step else ""
    return {
        "title": f"Loss of {name}",
        "axes": {"loss": "loss"},
        "text": f"Training loss fell from {first[1]:.3f} to {last[1]:.3f}; step {last[0]}{of}."
        if last[1] < first[1]
        else f"Training loss went from {first[1]:.3f} to {last[1]:.3f}; step {last[0]}{of}.",
        "time": False,
        "x": [one[0] for one in losses],
        "series": series,
        "marks": [],
        "bands": [],
        "x_name": "step",
        "columns": [one["name"] for one in series],
        "rows": [[str(step), f"{train:.4f}", *(_number(valid) for _ in series[1:])] for step, train, valid in shown],
    }


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.4f}"


Tuned = tuple[str, str, date | None, dict[str, Any]]
"""Provider, base, last day, the tune."""


def _vertex_tunes(documents: Iterable[Document]) -> Iterator[Tuned]:
    for one in documents:
        evidence = one["evidence"]
        if evidence.get("endpoints") and evidence.get("base_model"):
            base = str(evidence["base_model"]).rsplit("/", 1)[-1]
            tune = {"name": one["name"], "subject": one["subject"], "owner": one.get("owner"), "used": None}
            told = evidence.get("last_day")
            yield "vertex", base, date.fromisoformat(str(told)) if told else last_day(base), tune


def _remote_tunes(looks: Iterable[Document]) -> Iterator[Tuned]:
    for look in looks:
        for one in look["tunes"]:
            day = date.fromisoformat(one["shut_down"]) if one["shut_down"] else None
            tune = {"name": one["id"], "subject": None, "owner": None, "used": _used(one)}
            yield str(look["provider"]), str(one["base"]), day, tune


def _used(tune: Document) -> str:
    if tune["last_used_unknown"]:
        return f"unknown: {tune['last_used_unknown']}"
    return f"last used {instant(tune['last_used_at'])}" if tune["last_used_at"] else "not seen in use"


def _calendar(found: Iterable[Tuned], now: datetime) -> list[dict[str, Any]]:
    """One line a base: its last day, how many days that is, the tunes that go with it; those without a day at the end."""
    bases: dict[tuple[str, str], dict[str, Any]] = {}
    for provider, base, day, tune in found:
        left = days_left(day, now)
        line = bases.setdefault(
            (provider, base),
            {
                "provider": provider,
                "base": base,
                "last_day": day.isoformat() if day else None,
                "days_left": left,
                "over": day is not None and day < now.date(),
                "level": "" if left is None or left > LATER else ("bad" if left <= SOON else "idle"),
                "source": SOURCE if provider == "vertex" else "the service itself",
                "tunes": [],
            },
        )
        line["tunes"].append(tune)
    return sorted(bases.values(), key=lambda one: (one["days_left"] is None, one["days_left"] or 0, one["base"]))
