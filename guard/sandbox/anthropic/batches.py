"""Message batches: made, looked at, cancelled, read as JSON lines, deleted."""

import json
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from guard.sandbox.anthropic import messages
from guard.sandbox.anthropic.state import ApiError, Batch, Call, State, invalid, missing
from guard.sandbox.clock import rfc3339

TAKES = timedelta(minutes=3)
CANCEL_TAKES = timedelta(seconds=30)
EXPIRES = timedelta(hours=24)
MOST = 100_000


def create(state: State, call: Call) -> dict[str, Any]:
    """POST /v1/messages/batches."""
    requests = call.body.get("requests")
    if not isinstance(requests, list) or not 1 <= len(requests) <= MOST:
        raise invalid(f"requests: expected 1 to {MOST} requests")
    names = [item.get("custom_id") for item in requests]
    if len(set(names)) != len(names) or not all(names):
        raise invalid("requests: custom_id must be there and unique")
    batch = Batch(state.new_id("msgbatch_"), state.world.now(), requests)
    state.batches[batch.id] = batch
    return document(state, batch, call)


def _ends_at(batch: Batch) -> datetime:
    ends = batch.created_at + TAKES
    return min(ends, batch.cancelled_at + CANCEL_TAKES) if batch.cancelled_at is not None else ends


def document(state: State, batch: Batch, call: Call) -> dict[str, Any]:
    """A batch as the service shows it."""
    ended = state.world.now() >= _ends_at(batch)
    number = len(batch.requests)
    counts = {"processing": 0 if ended else number, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
    if ended:
        for row in _results(state, batch):
            counts[row["result"]["type"]] += 1
    status = "ended" if ended else ("canceling" if batch.cancelled_at is not None else "in_progress")
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": counts,
        "created_at": rfc3339(batch.created_at),
        "ended_at": rfc3339(_ends_at(batch)) if ended else None,
        "expires_at": rfc3339(batch.created_at + EXPIRES),
        "archived_at": None,
        "cancel_initiated_at": rfc3339(batch.cancelled_at) if batch.cancelled_at is not None else None,
        "results_url": f"{call.base_url}anthropic/v1/messages/batches/{batch.id}/results" if ended else None,
    }


def _results(state: State, batch: Batch) -> list[dict[str, Any]]:
    """The answers, last request first: the service promises no order."""
    if batch.results is None:
        batch.results = [
            _result(state, item, cancelled=batch.cancelled_at is not None) for item in reversed(batch.requests)
        ]
    return batch.results


def _result(state: State, item: dict[str, Any], *, cancelled: bool) -> dict[str, Any]:
    result: dict[str, Any]
    if cancelled:
        result = {"type": "canceled"}
    else:
        try:
            result = {"type": "succeeded", "message": messages.answer(state, item.get("params", {}))}
        except ApiError as error:
            result = {"type": "errored", "error": error.body("req_batch")}
    return {"custom_id": item["custom_id"], "result": result}


def _find(state: State, call: Call) -> Batch:
    batch = state.batches.get(call.path["id"])
    if batch is None:
        raise missing(f"Batch not found: {call.path['id']}")
    return batch


def get(state: State, call: Call) -> dict[str, Any]:
    """GET /v1/messages/batches/ID."""
    return document(state, _find(state, call), call)


def listed(state: State, call: Call) -> dict[str, Any]:
    """GET /v1/messages/batches, newest first, by `limit` and `after_id`."""
    limit = int(call.query.get("limit", "20"))
    found = list(reversed(state.batches.values()))
    after = call.query.get("after_id")
    if after is not None:
        found = found[next((at + 1 for at, batch in enumerate(found) if batch.id == after), len(found)) :]
    data = [document(state, batch, call) for batch in found[:limit]]
    ids = [row["id"] for row in data]
    return {
        "data": data,
        "has_more": len(found) > limit,
        "first_id": ids[0] if ids else None,
        "last_id": ids[-1] if ids else None,
    }


def cancel(state: State, call: Call) -> dict[str, Any]:
    """POST /v1/messages/batches/ID/cancel."""
    batch = _find(state, call)
    if state.world.now() < _ends_at(batch) and batch.cancelled_at is None:
        batch.cancelled_at = state.world.now()
    return document(state, batch, call)


def results(state: State, call: Call) -> Response:
    """GET /v1/messages/batches/ID/results: JSON lines, once it ended."""
    batch = _find(state, call)
    if state.world.now() < _ends_at(batch):
        raise missing("The batch has not ended; there are no results yet.")
    lines = "".join(json.dumps(row) + "\n" for row in _results(state, batch))
    return Response(lines, media_type="application/x-jsonl")


def delete(state: State, call: Call) -> dict[str, Any]:
    """DELETE /v1/messages/batches/ID, once it ended."""
    batch = _find(state, call)
    if state.world.now() < _ends_at(batch):
        raise invalid("A batch in progress cannot be deleted; cancel it first.")
    del state.batches[batch.id]
    return {"id": batch.id, "type": "message_batch_deleted"}


ROUTES = (
    ("POST", "/v1/messages/batches", create),
    ("GET", "/v1/messages/batches", listed),
    ("GET", "/v1/messages/batches/{id}", get),
    ("POST", "/v1/messages/batches/{id}/cancel", cancel),
    ("GET", "/v1/messages/batches/{id}/results", results),
    ("DELETE", "/v1/messages/batches/{id}", delete),
)
