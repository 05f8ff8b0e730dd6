"""Tuning jobs: the unchanged google-genai client, and the job's life in virtual time."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from google import genai
from google.auth.credentials import AnonymousCredentials
from google.cloud import aiplatform_v1
from google.genai import errors, types
from google.oauth2.credentials import Credentials

from guard.sandbox.server import Running, start_in_thread
from tests.sandbox.conftest import SLOW, a_world

DATA = types.TuningDataset(gcs_uri="gs://elsewhere/train.jsonl")
P = "/v1beta1/projects/demo-research/locations/us-central1"


@pytest.fixture
def client(slow: Running) -> Iterator[Any]:
    with genai.Client(
        enterprise=True,
        project="demo-research",
        location="us-central1",
        credentials=Credentials(token="x"),
        http_options=types.HttpOptions(base_url=slow.http),
    ) as made:
        yield made


def tune(client: Any, **config: Any) -> Any:
    given = types.CreateTuningJobConfig(tuned_model_display_name="tm", labels={"owner": "vision"}, **config)
    return client.tunings.tune(base_model="gemini-2.5-flash", training_dataset=DATA, config=given)


def test_a_job_goes_from_queued_to_succeeded_in_virtual_time(slow: Running, client: Any) -> None:
    job = tune(client, epoch_count=2)
    assert job.state == types.JobState.JOB_STATE_QUEUED
    seen = []
    for _ in range(130):
        slow.world.advance(timedelta(minutes=1))
        now = client.tunings.get(name=job.name)
        step = (
            now.state.value.removeprefix("JOB_STATE_"),
            now.tuning_job_state.value if now.tuning_job_state else None,
        )
        if not seen or seen[-1] != step:
            seen.append(step)
    assert seen == [
        ("QUEUED", None),
        ("PENDING", None),
        ("RUNNING", "TUNING_JOB_STATE_WAITING_FOR_QUOTA"),
        ("RUNNING", "TUNING_JOB_STATE_PROCESSING_DATASET"),
        ("RUNNING", "TUNING_JOB_STATE_WAITING_FOR_CAPACITY"),
        ("RUNNING", "TUNING_JOB_STATE_TUNING"),
        ("RUNNING", "TUNING_JOB_STATE_POST_PROCESSING"),
        ("SUCCEEDED", None),
    ]
    done = client.tunings.get(name=job.name)
    assert done.tuned_model.model.endswith("@1")
    assert done.tuning_data_stats.supervised_tuning_data_stats.total_billable_token_count == 100_000
    assert done.start_time < done.end_time


def test_labels_go_to_the_model_and_to_each_checkpoints_endpoint(slow: Running, client: Any) -> None:
    job = tune(client, epoch_count=4)
    slow.world.advance(timedelta(hours=3))
    done = client.tunings.get(name=job.name)
    assert [one.epoch for one in done.tuned_model.checkpoints] == [1, 2, 3, 4]
    endpoints = {one.endpoint for one in done.tuned_model.checkpoints}
    assert len(endpoints) == 4
    assert done.tuned_model.endpoint in endpoints
    for name in endpoints:
        assert slow.world.store.get(name)["labels"] == {"owner": "vision"}
    model = client.models.get(model=done.tuned_model.model)
    assert model.labels["owner"] == "vision"
    assert [one.name for one in client.models.list(config={"query_base": False})] == [done.tuned_model.model[:-2]]


def test_the_audit_log_names_the_submitter_for_the_job_and_the_service_agent_for_what_it_makes(
    slow: Running, http: httpx.Client
) -> None:
    body = {"baseModel": "gemini-2.5-flash", "supervisedTuningSpec": {"trainingDatasetUri": "gs://elsewhere/t.jsonl"}}
    submitter = {"Authorization": "Bearer sandbox:support-team@example.com"}
    http.post(f"{P}/tuningJobs", json=body | {"labels": {}}, headers=submitter)
    slow.world.advance(timedelta(hours=3))
    makers = {one.method.rpartition(".")[2]: one.principal for one in slow.world.creations}
    agent = "service-100000000001@gcp-sa-aiplatform.iam.gserviceaccount.com"
    assert makers == {
        "CreateTuningJob": "support-team@example.com",
        "UploadModel": agent,
        "CreateEndpoint": agent,
        "DeployModel": agent,
    }


def test_only_the_last_checkpoint_is_served_when_asked_for(slow: Running, client: Any) -> None:
    tune(client, epoch_count=4, export_last_checkpoint_only=True)
    slow.world.advance(timedelta(hours=3))
    assert len(list(slow.world.store.all("endpoints"))) == 1


def test_a_tuned_model_answers_and_the_call_counts_as_traffic(slow: Running, client: Any) -> None:
    job = tune(client, epoch_count=1)
    slow.world.advance(timedelta(hours=3))
    endpoint = client.tunings.get(name=job.name).tuned_model.endpoint
    answer = client.models.generate_content(model=endpoint, contents="say it back")
    assert answer.text == "say it back"
    parts = endpoint.split("/")
    traffic = slow.world.traffic[parts[1], parts[3], parts[5]]
    now = slow.world.now()
    assert sum(traffic.counts(now - timedelta(hours=1), now + timedelta(minutes=1), timedelta(minutes=1))) == 1


def test_a_running_job_is_cancelled_and_an_ended_one_is_not(slow: Running, client: Any) -> None:
    job = tune(client)
    slow.world.advance(timedelta(hours=1))
    client.tunings.cancel(name=job.name)
    assert client.tunings.get(name=job.name).state == types.JobState.JOB_STATE_CANCELLING
    slow.world.advance(timedelta(hours=4))
    assert client.tunings.get(name=job.name).state == types.JobState.JOB_STATE_CANCELLED
    with pytest.raises(errors.ClientError, match="cannot be cancelled"):
        client.tunings.cancel(name=job.name)


def test_a_job_cancelled_just_before_its_end_makes_nothing(slow: Running, client: Any) -> None:
    job = tune(client)
    slow.world.advance(timedelta(hours=2, seconds=-30))
    client.tunings.cancel(name=job.name)
    slow.world.advance(timedelta(hours=1))
    assert client.tunings.get(name=job.name).state == types.JobState.JOB_STATE_CANCELLED
    assert list(slow.world.store.all("endpoints")) == []


def test_jobs_are_listed_with_their_pages(slow: Running, client: Any) -> None:
    names = {tune(client).name for _ in range(3)}
    assert {one.name for one in client.tunings.list(config={"page_size": 2})} == names


def test_an_open_model_leaves_weights_and_no_endpoint(slow: Running, http: httpx.Client) -> None:
    body = {
        "baseModel": "meta/llama3_1@llama-3.1-8b-instruct",
        "supervisedTuningSpec": {"trainingDatasetUri": "gs://elsewhere/train.jsonl"},
        "outputUri": "gs://elsewhere/out",
    }
    job = http.post(f"{P}/tuningJobs", json=body).json()
    slow.world.advance(timedelta(hours=3))
    done = http.get(f"/v1/{job['name']}").json()
    assert "endpoint" not in done["tunedModel"]
    model = http.get(f"/v1/{done['tunedModel']['model']}").json()
    assert model["artifactUri"] == "gs://elsewhere/out/postprocess/node-0/checkpoints/final"
    assert list(slow.world.store.all("endpoints")) == []


def test_the_generated_client_creates_a_job_too(slow: Running) -> None:
    gapic = aiplatform_v1.GenAiTuningServiceClient(
        client_options={"api_endpoint": slow.http}, transport="rest", credentials=AnonymousCredentials()
    )
    spec = {"training_dataset_uri": "gs://elsewhere/t.jsonl", "hyper_parameters": {"epoch_count": 2, "adapter_size": 2}}
    job = gapic.create_tuning_job(
        parent="projects/demo-research/locations/us-central1",
        tuning_job={"base_model": "gemini-2.5-flash", "supervised_tuning_spec": spec},
    )
    size = gapic.get_tuning_job(name=job.name).supervised_tuning_spec.hyper_parameters.adapter_size
    assert size.name == "ADAPTER_SIZE_FOUR"


def test_continuous_tuning_under_the_same_name_makes_a_new_version(slow: Running, client: Any) -> None:
    first = tune(client, epoch_count=1)
    slow.world.advance(timedelta(hours=3))
    tuned = client.tunings.get(name=first.name).tuned_model.model
    again = client.tunings.tune(
        base_model=tuned,
        training_dataset=DATA,
        config=types.CreateTuningJobConfig(tuned_model_display_name="tm", epoch_count=1),
    )
    slow.world.advance(timedelta(hours=3))
    assert client.tunings.get(name=again.name).tuned_model.model == tuned.replace("@1", "@2")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"supervisedTuningSpec": {"trainingDatasetUri": "train.jsonl"}}, "gs://"),
        ({"baseModel": "meta/llama3_1@llama-3.1-8b-instruct"}, "output_uri is required"),
        ({"labels": {"Upper": "x"}}, "Invalid label"),
        ({"preTunedModel": {"tunedModelName": "m"}}, "base_model and pre_tuned_model"),
        ({"preferenceOptimizationSpec": {}}, "Exactly one of supervisedTuningSpec"),
    ],
)
def test_a_wrong_job_is_refused(http: httpx.Client, change: dict[str, Any], said: str) -> None:
    body = {"baseModel": "gemini-2.5-flash", "supervisedTuningSpec": {"trainingDatasetUri": "gs://b/t.jsonl"}} | change
    answer = http.post(f"{P}/tuningJobs", json=body)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert said in answer.json()["error"]["message"]


def test_gemini_is_not_tuned_in_global(http: httpx.Client) -> None:
    body = {"baseModel": "gemini-2.5-flash", "supervisedTuningSpec": {"trainingDatasetUri": "gs://b/t.jsonl"}}
    answer = http.post("/v1/projects/demo-research/locations/global/tuningJobs", json=body).json()
    assert answer["error"]["status"] == "FAILED_PRECONDITION"


def test_a_scenarios_jobs_stall_fail_and_bear_chosen_ids() -> None:
    jobs = """
tuning_jobs:
  - {id: 1, project: demo-research, location: us, at: 0s, takes: 2h, model_id: 21, endpoint_id: 31}
  - {id: 2, project: demo-research, location: us, at: 0s, outcome: stalls, stalls_in: WAITING_FOR_CAPACITY}
  - {id: 3, project: demo-research, location: us, at: 0s, outcome: fails, error: no examples}
"""
    with start_in_thread(a_world(SLOW, jobs)) as running:
        running.world.advance(timedelta(days=3))
        with httpx.Client(base_url=running.http) as client:
            found = client.get("/v1/projects/demo-research/locations/us/tuningJobs").json()["tuningJobs"]
    assert [one["state"] for one in found] == ["JOB_STATE_SUCCEEDED", "JOB_STATE_RUNNING", "JOB_STATE_FAILED"]
    assert found[0]["tunedModel"]["model"] == "projects/100000000001/locations/us/models/21@1"
    assert found[0]["tunedModel"]["endpoint"] == "projects/100000000001/locations/us/endpoints/31"
    assert found[1]["tuningJobState"] == "TUNING_JOB_STATE_WAITING_FOR_CAPACITY"
    assert found[2]["error"]["message"] == "no examples"
