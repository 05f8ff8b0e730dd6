"""What the two tuning scripts for Vertex AI do alike: upload and create, stop."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

from finetune import bucket, console, vertex_tuning
from finetune.clients import Place, genai_client, storage_client, talking_to
from finetune.runs import Run
from finetune.starting import job_of
from finetune.tuned import place_of


def upload_and_create(
    record: Run,
    place: Place,
    request: vertex_tuning.Request,
    *,
    train: Path,
    validation: Path | None,
    bucket_uri: str,
    owner: str,
    now: datetime,
) -> str:
    """Upload the data and create the job, each once; the job's resource name.

    Raises:
        RefusedError: The service does not tune this model, here or at all.
    """
    store = storage_client(place)
    addresses: dict[str, str] = {}
    with talking_to("Cloud Storage", "uploading the data"), console.progress("Uploading") as show:
        for part, path in (("train", train), ("validation", validation)):
            if path is not None:
                addresses[part] = bucket.upload(store, record, part, path, bucket_uri, now, partial(show, part))
    with talking_to("Vertex AI", "creating the job"):
        return vertex_tuning.create(
            genai_client(place), record, request, addresses["train"], addresses.get("validation"), owner, now
        )


def cancel(record: Run, script: str) -> str:
    """Ask for the job's end unless it has ended; its resource name."""
    client = genai_client(place_of(record))
    name = job_of(record, script, "name")
    with talking_to("Vertex AI", "cancelling the job"):
        state = client.tunings.get(name=name).state
        if str(state.value if state else "") not in vertex_tuning.ENDED:
            client.tunings.cancel(name=name)
    return name
