"""Usage and costs of the organisation, in buckets of virtual time."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from guard.sandbox.openai import course, models
from guard.sandbox.openai.bases import BASES, base_name
from guard.sandbox.openai.errors import ApiError, invalid
from guard.sandbox.openai.state import Call, State, Use

_WIDTHS = {"1m": (60, 60, 1440), "1h": (3600, 24, 168), "1d": (86400, 7, 31)}
MILLION = Decimal(1_000_000)


def _many(call: Call, name: str) -> list[str]:
    return [*call.query.get(name, []), *call.query.get(f"{name}[]", [])]


def _buckets(
    state: State, call: Call, widths: dict[str, tuple[int, int, int]], fill: Callable[[int, int], list[dict[str, Any]]]
) -> dict[str, Any]:
    """Cut the asked span into buckets; `next_page` is the start of the next one."""
    start_text = call.one("start_time")
    if start_text is None or not start_text.isdigit():
        raise invalid("Missing required parameter: 'start_time'.", param="start_time")
    width_name = call.one("bucket_width", "1d") or "1d"
    if width_name not in widths:
        raise invalid(f"bucket_width: expected one of {sorted(widths)}", param="bucket_width")
    width, default, most = widths[width_name]
    limit_text = call.one("limit", str(default)) or ""
    if not limit_text.isdigit() or not 1 <= int(limit_text) <= most:
        raise invalid(f"limit: expected 1 to {most}", param="limit")
    end = int(call.one("end_time") or state.now() + 1)
    at = int(call.one("page") or int(start_text))
    data: list[dict[str, Any]] = []
    while at < end and len(data) < int(limit_text):
        upper = min(end, (at // width + 1) * width)
        data.append({"object": "bucket", "start_time": at, "end_time": upper, "results": fill(at, upper)})
        at = upper
    return {"object": "page", "data": data, "has_more": at < end, "next_page": str(at) if at < end else None}


def completions(state: State, call: Call) -> dict[str, Any]:
    """GET /organization/usage/completions."""
    group, wanted = _many(call, "group_by"), _many(call, "models")
    unknown = set(group) - {"project_id", "user_id", "api_key_id", "model", "batch", "service_tier", "api_source"}
    if unknown:
        raise invalid(f"group_by: unknown {min(unknown)!r}", param="group_by")

    def fill(start: int, end: int) -> list[dict[str, Any]]:
        sums: dict[str | None, list[int]] = defaultdict(lambda: [0, 0, 0])
        for use in _within(state.uses, start, end):
            if not wanted or use.model in wanted:
                row = sums[use.model if "model" in group else None]
                row[0] += use.input_tokens
                row[1] += use.output_tokens
                row[2] += use.requests
        return [
            {
                "object": "organization.usage.completions.result",
                "input_tokens": row[0],
                "output_tokens": row[1],
                "num_model_requests": row[2],
                "input_cached_tokens": 0,
                "input_audio_tokens": 0,
                "output_audio_tokens": 0,
                "project_id": "proj_sandbox" if "project_id" in group else None,
                "user_id": None,
                "api_key_id": None,
                "model": model,
                "batch": None,
            }
            for model, row in sums.items()
        ]

    return _buckets(state, call, _WIDTHS, fill)


def _within(uses: Iterable[Use], start: int, end: int) -> list[Use]:
    return [use for use in uses if start <= use.at.timestamp() < end]


def costs(state: State, call: Call) -> dict[str, Any]:
    """GET /organization/costs: calls and finished training, by line item."""
    group = _many(call, "group_by")
    models.settle(state)

    def fill(start: int, end: int) -> list[dict[str, Any]]:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for use in _within(state.uses, start, end):
            base = BASES[base_name(use.model)]
            tuned = use.model.startswith("ft:")
            rates = (base.tuned_input, base.tuned_output) if tuned else (base.input, base.output)
            sums[f"{use.model}, input"] += use.input_tokens * (rates[0] or base.input) / MILLION
            sums[f"{use.model}, output"] += use.output_tokens * (rates[1] or base.output) / MILLION
        for job in state.jobs.values():
            ended = job.moment(course.RUNNING_AFTER + job.duration)
            if job.settled and start <= ended < end:
                sums[f"{job.model}, training"] += (
                    job.trained_tokens * (BASES[job.model].training or Decimal(0)) / MILLION
                )
        rows = sums if "line_item" in group else {None: sum(sums.values(), Decimal(0))} if sums else {}
        return [
            {
                "object": "organization.costs.result",
                "amount": {"value": float(amount), "currency": "usd"},
                "line_item": item,
                "project_id": None,
                "organization_id": None,
            }
            for item, amount in rows.items()
        ]

    return _buckets(state, call, {"1d": (86400, 7, 180)}, fill)


def guarded(handle: Callable[[State, Call], dict[str, Any]]) -> Callable[[State, Call], dict[str, Any]]:
    """A handler that answers only while the sandbox's usage data is to be had."""

    def respond(state: State, call: Call) -> dict[str, Any]:
        if state.world.faults.take("permission_lost", service="openai", resource="organization/usage"):
            raise ApiError(403, "You have insufficient permissions for this operation. Missing scopes: api.usage.read.")
        return handle(state, call)

    return respond


ROUTES = (
    ("GET", "/organization/usage/completions", guarded(completions)),
    ("GET", "/organization/costs", guarded(costs)),
)
