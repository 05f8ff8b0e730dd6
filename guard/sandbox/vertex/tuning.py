"""Tuning jobs on the wire: create, get, list, cancel."""

import copy
from typing import Any, Final

from guard.sandbox.errors import invalid, precondition
from guard.sandbox.vertex import registry, tuning_run
from guard.sandbox.vertex.documents import Document
from guard.sandbox.vertex.labels import check_labels
from guard.sandbox.vertex.names import split_version
from guard.sandbox.vertex.request import Request

SPECS: Final = (
    "supervisedTuningSpec",
    "preferenceOptimizationSpec",
    "reinforcementTuningSpec",
    "distillationSpec",
    "fullFineTuningSpec",
)
OPEN_MODEL_LOCATIONS: Final = frozenset(
    {"global", "us-central1", "europe-west4", "us-west1", "us-east5", "asia-southeast1"}
)
_OUTPUT_ONLY: Final = (
    "state",
    "tuningJobState",
    "createTime",
    "updateTime",
    "startTime",
    "endTime",
    "tunedModel",
    "error",
)


def create(request: Request) -> Document:
    """POST tuningJobs -> the job itself, not an operation."""
    job = copy.deepcopy({key: value for key, value in request.body.items() if key not in _OUTPUT_ONLY})
    check_labels(job.get("labels", {}))
    specs = [key for key in SPECS if key in job]
    if len(specs) != 1:
        raise invalid(f"Exactly one of {', '.join(SPECS)} is expected.")
    if bool(job.get("baseModel")) == bool(job.get("preTunedModel")):
        raise invalid("Exactly one of base_model and pre_tuned_model is expected.")
    spec = job[specs[0]]
    uri = spec.get("trainingDatasetUri") or spec.get("trainingDataset", {}).get("gcsUri") or ""
    if specs[0] != "reinforcementTuningSpec" and not str(uri).startswith("gs://"):
        raise invalid(f"training_dataset_uri must be a Cloud Storage URI (gs://...); got {uri!r}.")
    if "epochCount" in (parameters := spec.get("hyperParameters", {})) and int(parameters["epochCount"]) < 1:
        raise invalid(f"hyper_parameters.epoch_count must be positive; got {parameters['epochCount']}.")
    if "preTunedModel" in job:
        tuned = request.canonical(job["preTunedModel"].get("tunedModelName"), what="pre_tuned_model.tuned_model_name")
        registry.find(request.world, *split_version(tuned))
    if len(str(job.get("tunedModelDisplayName", ""))) > 128:
        raise invalid("tuned_model_display_name can be up to 128 characters long.")
    _check_place(request, job)
    name = f"{request.collection}/{request.world.new_id()}"
    return tuning_run.begin(request.world, name, job, request.now)


def get(request: Request) -> Document:
    """GET tuningJobs/ID."""
    return request.resource("TuningJob")


def cancel(request: Request) -> Document:
    """POST tuningJobs/ID:cancel: CANCELLING now, CANCELLED a little later; refused once the job has ended."""
    job = request.resource("TuningJob")
    if job["state"] in tuning_run.ENDED:
        raise precondition(f"TuningJob {request.name} cannot be cancelled: it is in state {job['state']}.")
    tuning_run.cancel(request.world, job, request.now)
    return {}


def is_open_model(base: Any) -> bool:
    """Open models are named `publisher/family@version`; Google's own without a publisher."""
    return "/" in str(base) and "@" in str(base)


def _check_place(request: Request, job: Document) -> None:
    base, location = job.get("baseModel", ""), request.path.location
    if is_open_model(base) or job.get("customBaseModel"):
        if location not in OPEN_MODEL_LOCATIONS:
            raise precondition(f"Tuning of {base} is not supported in {location}.")
        if not str(job.get("outputUri", "")).startswith("gs://"):
            raise invalid("output_uri is required for the tuning of open models (gs://...).")
    elif location == "global":
        raise precondition(f"Tuning of {base or 'this model'} is not supported in the location global.")
