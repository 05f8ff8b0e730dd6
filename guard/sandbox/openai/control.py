"""The handles of the OpenAI side that no client has: eligibility, and tunes and uses that were there before."""

from datetime import datetime, timedelta
from typing import Any

from guard.sandbox.openai.bases import BASES
from guard.sandbox.openai.errors import invalid
from guard.sandbox.openai.state import ORGANIZATION, Call, State, Tune, Use


def settings(state: State, call: Call) -> dict[str, Any]:
    """POST /sandbox/openai `{"eligible": bool, "may_delete_models": bool, "tunes": [...]}`.

    A tune is `{"base", "suffix", "created_days_ago", "last_used_days_ago" (or null), "requests_per_day"}`.
    """
    seed(state, call.body)
    return show(state, call)


def seed(state: State, given: dict[str, Any]) -> None:
    """Apply such a document; a scenario may carry one under `openai`."""
    unknown = set(given) - {"eligible", "may_delete_models", "tunes"}
    if unknown:
        raise invalid(f"unknown key {min(unknown)!r}; expected eligible, may_delete_models, tunes")
    state.eligible = bool(given.get("eligible", state.eligible))
    state.may_delete_models = bool(given.get("may_delete_models", state.may_delete_models))
    for row in given.get("tunes", []):
        _tune(state, row)


def _tune(state: State, row: dict[str, Any]) -> None:
    base = str(row.get("base", "gpt-4.1-mini-2025-04-14"))
    if base not in BASES:
        raise invalid(f"tunes: unknown base {base!r}; one of {', '.join(BASES)}")
    now = state.world.now()
    created = now - timedelta(days=float(row.get("created_days_ago", 30)))
    name = f"ft:{base}:{ORGANIZATION}:{row.get('suffix', '')}:{state.new_id('')}"
    state.tunes[name] = Tune(name, base, int(created.timestamp()))
    if row.get("last_used_days_ago") is not None:
        last = now - timedelta(days=float(row["last_used_days_ago"]))
        state.uses += _uses(name, created, last, int(row.get("requests_per_day", 10)))


def _uses(name: str, created: datetime, last: datetime, daily: int) -> list[Use]:
    days = max(0, (last - created).days)
    return [Use(last - timedelta(days=day), name, 200 * daily, 20 * daily, daily) for day in range(days, -1, -1)]


def show(state: State, call: Call) -> dict[str, Any]:
    """GET /sandbox/openai: what is there, for tests that want an empty sandbox at the end."""
    del call
    return {
        "eligible": state.eligible,
        "files": sorted(state.files),
        "jobs": {job.id: job.status(state.now()) for job in state.jobs.values()},
        "tunes": sorted(state.tunes),
    }


ROUTES = (("GET", "/openai", show), ("POST", "/openai", settings))
