"""The life of a tuning job in virtual time, and what it leaves behind: a model, its endpoint, those of its checkpoints."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from guard.sandbox.clock import rfc3339
from guard.sandbox.learn.vertex import note_job
from guard.sandbox.vertex import documents, fleet, registry
from guard.sandbox.vertex.documents import Document, save
from guard.sandbox.vertex.names import last, parent_of, split_version
from guard.sandbox.world import Creation, World

ENDED: Final = frozenset(
    {
        "JOB_STATE_SUCCEEDED",
        "JOB_STATE_FAILED",
        "JOB_STATE_CANCELLED",
        "JOB_STATE_EXPIRED",
        "JOB_STATE_PARTIALLY_SUCCEEDED",
    }
)
_STAGES: Final = (
    ("JOB_STATE_PENDING", None, 0.02),
    ("JOB_STATE_RUNNING", "WAITING_FOR_QUOTA", 0.05),
    ("JOB_STATE_RUNNING", "PROCESSING_DATASET", 0.08),
    ("JOB_STATE_RUNNING", "WAITING_FOR_CAPACITY", 0.15),
    ("JOB_STATE_RUNNING", "TUNING", 0.20),
    ("JOB_STATE_RUNNING", "POST_PROCESSING", 0.95),
)
"""State, stage, and the share of the job's time at which it begins."""
_DEFAULT_EPOCHS: Final = 3
_CANCEL_TAKES: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a job goes: what a scenario says of it, or the defaults for a job that a call created."""

    takes: timedelta = timedelta(hours=2)
    outcome: str = "succeeds"  # succeeds, fails or stalls
    stalls_in: str = "TUNING"
    examples: int = 500
    tokens: int = 100_000
    truncated: int = 0
    error: str = "The training data could not be read."
    ids: dict[str, str] = field(default_factory=dict)


def begin(world: World, name: str, body: Document, at: datetime, course: Course | None = None) -> Document:
    """Queue a job and put its whole course on the agenda; returns its document."""
    project = world.projects[name.split("/")[1]]
    job = dict(body)
    job["name"] = name
    job["state"] = "JOB_STATE_QUEUED"
    job["experiment"] = f"{parent_of(name)}/metadataStores/default/contexts/tuning-experiment-{last(name)}"
    job["createTime"] = job["updateTime"] = rfc3339(at)
    world.store.put(name, job)
    scope = {
        "service": "aiplatform",
        "method": "CreateTuningJob",
        "project": project.id,
        "location": name.split("/")[3],
        "resource": name,
    }
    if course is None:
        course = Course(**{**note_job(world, job), **world.settings.get("tuning", {})})
    outcome = course.outcome
    if world.faults.take("tuning_stalls", **scope) is not None:
        outcome = "stalls"
    elif world.faults.take("tuning_fails", **scope) is not None:
        outcome = "fails"
    for state, stage, share in _STAGES:
        world.at(at + course.takes * share, _mover(world, job, state, stage))
        if outcome == "stalls" and stage == course.stalls_in:
            return job
    if outcome == "fails":
        world.at(at + course.takes * 0.5, lambda when: _fail(world, job, course.error, when))
    else:
        world.at(at + course.takes, lambda when: _succeed(world, job, course, when))
    return job


def cancel(world: World, job: Document, at: datetime) -> None:
    """Ask a job to stop: it is CANCELLING, and CANCELLED a minute later."""
    _move(world, job, "JOB_STATE_CANCELLING", None, at)

    def finish(when: datetime) -> None:
        _move(world, job, "JOB_STATE_CANCELLED", None, when)

    world.at(at + _CANCEL_TAKES, finish)


def checkpoints_of(epochs: int) -> list[int]:
    """Epochs that leave a checkpoint: each of up to 10, else about ten in all."""
    if epochs <= 10:
        return list(range(1, epochs + 1))
    return [round(epochs * part / 10) for part in range(1, 11)]


def _mover(world: World, job: Document, state: str, stage: str | None) -> Any:
    def move(at: datetime) -> None:
        if job["state"] not in ENDED and job["state"] != "JOB_STATE_CANCELLING":
            _move(world, job, state, stage, at)

    return move


def _move(world: World, job: Document, state: str, stage: str | None, at: datetime) -> None:
    job["state"] = state
    job["updateTime"] = rfc3339(at)
    job.pop("tuningJobState", None)
    if stage is not None:
        job["tuningJobState"] = f"TUNING_JOB_STATE_{stage}"
    if state == "JOB_STATE_RUNNING":
        job.setdefault("startTime", rfc3339(at))
    if state in ENDED:
        job["endTime"] = rfc3339(at)
    world.store.put(job["name"], job)


def _fail(world: World, job: Document, message: str, at: datetime) -> None:
    if job["state"] in ENDED or job["state"] == "JOB_STATE_CANCELLING":
        return
    job["error"] = {"code": 3, "message": message}
    _move(world, job, "JOB_STATE_FAILED", None, at)


def _succeed(world: World, job: Document, course: Course, at: datetime) -> None:
    if job["state"] in ENDED or job["state"] == "JOB_STATE_CANCELLING":
        return
    spec = job.get("supervisedTuningSpec") or job.get("preferenceOptimizationSpec") or {}
    epochs = int(spec.get("hyperParameters", {}).get("epochCount") or _DEFAULT_EPOCHS)
    steps = max(course.examples * epochs // 8, 1)
    if "outputUri" in job:
        model = _register(world, job, course, at, open_model=True)
        job["tunedModel"] = {"model": f"{model['name']}@{model['versionId']}"}
    else:
        model = _register(world, job, course, at, open_model=False)
        _serve(world, job, model, spec, epochs, steps, course, at)
    job["tuningDataStats"] = {
        "supervisedTuningDataStats": {
            "tuningDatasetExampleCount": str(course.examples),
            "totalBillableTokenCount": str(course.tokens),  # of the data set; the meter bills them once an epoch
            "totalTruncatedExampleCount": str(course.truncated),
            "tuningStepCount": str(steps),
        }
    }
    _move(world, job, "JOB_STATE_SUCCEEDED", None, at)


def _register(world: World, job: Document, course: Course, at: datetime, *, open_model: bool) -> Document:
    parent = parent_of(job["name"])
    if "/locations/global" in parent:  # the resources of a global job live in a real region
        parent = parent.replace("/locations/global", "/locations/us-central1")
    earlier = job.get("preTunedModel", {}).get("tunedModelName")
    name = f"{parent}/models/{course.ids.get('model') or world.new_id()}"
    display = job.get("tunedModelDisplayName") or f"tuned-{last(job['name'])}"
    if earlier:
        bare, _ = split_version(earlier)
        parts = bare.split("/")
        project = world.project(parts[1])
        parts[1] = project.number if project else parts[1]
        before = world.store.get("/".join(parts))
        if before is not None and before["displayName"] == display:
            name = before["name"]
    labels = {**job.get("labels", {}), "google-vertex-llm-tuning-job-id": last(job["name"]), "tune-type": "sft"}
    body: Document = {
        "displayName": display,
        "labels": labels,
        "modelSourceInfo": {"sourceType": "MODEL_GARDEN" if open_model else "GENIE"},
        "baseModelSource": {"genieSource": {"baseModelUri": str(job.get("baseModel", ""))}},
        "supportedDeploymentResourcesTypes": ["DEDICATED_RESOURCES"] if open_model else [],
    }
    if open_model:
        body["artifactUri"] = f"{job['outputUri'].rstrip('/')}/postprocess/node-0/checkpoints/final"
    _note(world, "ModelService.UploadModel", name, at)
    return registry.add_version(world, name, body, at)


def _note(world: World, method: str, name: str, at: datetime) -> None:
    """What a job makes, the platform's service agent makes: the submitter stands at the job's own entry only."""
    agent = f"service-{name.split('/')[1]}@gcp-sa-aiplatform.iam.gserviceaccount.com"
    full = f"google.cloud.aiplatform.v1.{method}"
    world.creations.append(Creation(at=at, method=full, resource=name, principal=agent))


def _serve(
    world: World,
    job: Document,
    model: Document,
    spec: Document,
    epochs: int,
    steps: int,
    course: Course,
    at: datetime,
) -> None:
    """Deploy the tuned model, and each checkpoint on an endpoint of its own unless only the last one was wanted."""
    marks = checkpoints_of(epochs)
    if spec.get("exportLastCheckpointOnly"):
        marks = marks[-1:]
    listed = []
    for number, epoch in enumerate(marks, start=1):
        final = epoch == marks[-1]
        endpoint_id = course.ids.get("endpoint" if final else f"checkpoint-{number}") or world.new_id()
        endpoint = f"{parent_of(model['name'])}/endpoints/{endpoint_id}"
        suffix = "" if final else f"-checkpoint-{number}"
        body = {"displayName": f"{model['displayName']}{suffix}", "labels": job.get("labels", {})}
        save(world, documents.endpoint(endpoint, body), at, created=True)
        deployed_id = world.new_id()[-10:].lstrip("0")
        deployed = {
            "id": deployed_id,
            "model": f"{model['name']}@{model['versionId']}",
            "displayName": body["displayName"],
            "checkpointId": str(number),
        }
        fleet.attach(world, endpoint, deployed, {deployed_id: 100}, at)
        for method in ("CreateEndpoint", "DeployModel"):
            _note(world, f"EndpointService.{method}", endpoint, at)
        listed.append(
            {
                "checkpointId": str(number),
                "epoch": str(epoch),
                "step": str(steps * epoch // epochs),
                "endpoint": endpoint,
            }
        )
    final_endpoint = listed[-1]["endpoint"]
    job["tunedModel"] = {"model": f"{model['name']}@{model['versionId']}", "endpoint": final_endpoint}
    if len(listed) > 1:
        job["tunedModel"]["checkpoints"] = listed
    model["checkpoints"] = [{key: one[key] for key in ("checkpointId", "epoch", "step")} for one in listed]
