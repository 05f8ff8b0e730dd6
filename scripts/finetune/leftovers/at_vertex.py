"""What a run left on Google Cloud: a running job, endpoints with machines, models, objects in the bucket."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from finetune import bucket, vertex_tuning
from finetune.clients import VertexError, VertexRest, genai_client, storage_client
from finetune.deploying import is_gone, wait
from finetune.leftovers.item import Leftover
from finetune.runs import Run
from finetune.tuned import place_of

if TYPE_CHECKING:
    from google.cloud import storage

PATIENCE_S = 60.0  # right after an undeploy a delete can be refused for a while: python-aiplatform issue 2807


def find(run: Run, poll: float) -> list[Leftover]:
    """Everything, in the order in which it can be removed: job, endpoints, models, objects."""
    place = place_of(run)
    rest = VertexRest(place)
    out: list[Leftover] = []
    client = genai_client(place)
    for job in client.tunings.list():
        name = str(job.name)
        if (job.labels or {}).get(vertex_tuning.KEY) == run.key and str(
            job.state.value if job.state else ""
        ) not in vertex_tuning.ENDED:
            out.append(
                Leftover(
                    kind="job",
                    name=name,
                    bills="training tokens while it runs",
                    remove=lambda name=name: _cancel(client, name, poll),  # type: ignore[misc]  # the default binds the name
                )
            )
    mark = f"labels.{vertex_tuning.KEY}={run.key}"
    for endpoint in rest.listed(f"{rest.parent}/endpoints", "endpoints", filter=mark):
        out += _endpoint(rest, endpoint, poll)
    for model in rest.listed(f"{rest.parent}/models", "models", filter=mark):
        out.append(
            Leftover(
                kind="model",
                name=model["name"],
                bills="nothing known",
                warning="cannot be undone" if run.data["provider"] == "gemini" else None,
                remove=_deleter(rest, model["name"], poll),
            )
        )
    return out + _objects(storage_client(place), run)


def _endpoint(rest: VertexRest, endpoint: dict[str, Any], poll: float) -> list[Leftover]:
    name = endpoint["name"]
    out = []
    for deployed in endpoint.get("deployedModels", []):
        machines = deployed.get("dedicatedResources", {}).get("machineSpec", {}).get("machineType")
        out.append(
            Leftover(
                kind="deployed model",
                name=f"{deployed['id']} on {name}",
                bills=f"{machines}, by the hour, called or not" if machines else "nothing while nobody calls it",
                remove=lambda deployed=deployed: _undeploy(rest, name, deployed["id"], poll),  # type: ignore[misc]  # the default binds it
            )
        )
    return [
        *out,
        Leftover(kind="endpoint", name=name, bills="nothing known once it is empty", remove=_deleter(rest, name, poll)),
    ]


def _cancel(client: Any, name: str, poll: float) -> None:
    client.tunings.cancel(name=name)
    vertex_tuning.follow(client, name, poll=poll, told=lambda _text: None)


def _undeploy(rest: VertexRest, endpoint: str, deployed_id: str, poll: float) -> None:
    try:
        current = rest.call("GET", endpoint)
        others = {key: share for key, share in current.get("trafficSplit", {}).items() if key != deployed_id and share}
        body: dict[str, Any] = {"deployedModelId": deployed_id}
        if others:
            body["trafficSplit"] = _rescaled(others)
        wait(rest, rest.call("POST", f"{endpoint}:undeployModel", body), poll, lambda _text: None)
    except VertexError as error:
        if not is_gone(error):
            raise


def _rescaled(shares: dict[str, int]) -> dict[str, int]:
    total = sum(shares.values())
    out = {key: share * 100 // total for key, share in shares.items()}
    first = next(iter(out))
    out[first] += 100 - sum(out.values())
    return out


def _deleter(rest: VertexRest, name: str, poll: float) -> Callable[[], None]:
    def remove() -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                wait(rest, rest.call("DELETE", name), poll, lambda _text: None)
            except VertexError as error:
                if is_gone(error):
                    return
                if error.status != "FAILED_PRECONDITION" or time.monotonic() > deadline:
                    raise
                time.sleep(poll)
            else:
                return

    return remove


def _objects(client: storage.Client, run: Run) -> list[Leftover]:
    """Objects of the run's folder, weights included; the bucket itself stays."""
    from google.cloud.exceptions import NotFound

    name, prefix = bucket.split_uri(run.data["parameters"]["bucket"])
    folder = "/".join(part for part in (prefix, run.name) if part) + "/"
    try:
        blobs = list(client.list_blobs(name, prefix=folder))
    except NotFound:
        return []

    def remover(blob: Any) -> Callable[[], None]:
        def remove() -> None:
            try:
                blob.delete()
            except NotFound:
                return

        return remove

    return [
        Leftover(
            kind="object",
            name=f"gs://{name}/{blob.name}",
            bills=f"storage of {blob.size or 0:,} bytes",
            remove=remover(blob),
        )
        for blob in blobs
    ]
