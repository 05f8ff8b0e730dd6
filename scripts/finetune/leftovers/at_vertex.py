"""What a run left on Google Cloud: a running job, endpoints with machines, models, objects in the bucket."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from finetune import bucket, vertex_tuning
from finetune.clients import VertexRest, genai_client, storage_client
from finetune.guard_side import Changes
from finetune.leftovers.item import Leftover
from finetune.runs import Run
from finetune.tuned import place_of

if TYPE_CHECKING:
    from google.cloud import storage


def find(run: Run, poll: float) -> list[Leftover]:
    """Everything, in the order in which it can be removed: job, endpoints, models, objects."""
    place = place_of(run)
    rest = VertexRest(place)
    changes = Changes(rest, poll)
    client = genai_client(place)
    out = [
        Leftover(
            kind="job",
            name=str(job.name),
            bills="training tokens while it runs",
            remove=partial(_cancel, changes, client, str(job.name), poll),
        )
        for job in client.tunings.list()
        if (job.labels or {}).get(vertex_tuning.KEY) == run.key and _state(job) not in vertex_tuning.ENDED
    ]
    mark = f"labels.{vertex_tuning.KEY}={run.key}"
    for endpoint in rest.listed(f"{rest.parent}/endpoints", "endpoints", filter=mark):
        out += _endpoint(changes, endpoint)
    out += [
        Leftover(
            kind="model",
            name=model["name"],
            bills="nothing known",
            warning="cannot be undone" if run.data["provider"] == "gemini" else None,
            remove=partial(changes.delete_model, model["name"]),
        )
        for model in rest.listed(f"{rest.parent}/models", "models", filter=mark)
    ]
    return out + _objects(changes, storage_client(place), run)


def _state(job: Any) -> str:
    return str(job.state.value if job.state else "")


def _endpoint(changes: Changes, endpoint: dict[str, Any]) -> list[Leftover]:
    """The models on an endpoint, then the endpoint. Models go one by one, each leaving its traffic to those that remain."""
    name = endpoint["name"]
    shares = {key: int(share) for key, share in endpoint.get("trafficSplit", {}).items()}
    out = []
    for deployed in endpoint.get("deployedModels", []):
        machines = deployed.get("dedicatedResources", {}).get("machineSpec", {}).get("machineType")
        shares = {key: share for key, share in shares.items() if key != deployed["id"] and share}
        out.append(
            Leftover(
                kind="deployed model",
                name=f"{deployed['id']} on {name}",
                bills=f"{machines}, by the hour, called or not" if machines else "nothing while nobody calls it",
                remove=partial(changes.undeploy, name, deployed["id"], _rescaled(shares)),
            )
        )
    bills = "nothing known once it is empty"
    return [*out, Leftover(kind="endpoint", name=name, bills=bills, remove=partial(changes.delete_endpoint, name))]


def _cancel(changes: Changes, client: Any, name: str, poll: float) -> None:
    changes.cancel_job(name)
    vertex_tuning.follow(client, name, poll=poll, told=lambda _text: None)


def _rescaled(shares: dict[str, int]) -> dict[str, int]:
    if not shares:
        return {}
    total = sum(shares.values())
    out = {key: share * 100 // total for key, share in shares.items()}
    first = next(iter(out))
    out[first] += 100 - sum(out.values())
    return out


def _objects(changes: Changes, client: storage.Client, run: Run) -> list[Leftover]:
    """Objects of the run's folder, weights included; the bucket itself stays."""
    from google.cloud.exceptions import NotFound

    name, prefix = bucket.split_uri(run.data["parameters"]["bucket"])
    folder = "/".join(part for part in (prefix, run.name) if part) + "/"
    try:
        blobs = list(client.list_blobs(name, prefix=folder))
    except NotFound:
        return []
    return [
        Leftover(
            kind="object",
            name=f"gs://{name}/{blob.name}",
            bills=f"storage of {blob.size or 0:,} bytes",
            remove=partial(changes.delete_object, name, blob.name, int(blob.generation)),
        )
        for blob in blobs
    ]
