"""Raw documents that the sandbox does not make: odd, old, new and broken ones."""

import copy
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from guard.adapters.vertex.endpoints import endpoint_from
from guard.adapters.vertex.fields import Naming
from guard.adapters.vertex.jobs import gemini_model_of, job_from
from guard.adapters.vertex.machines import NO_RESOURCES
from guard.adapters.vertex.models import is_tuned_gemini, model_from
from guard.core.model import (
    Endpoint,
    HourlyDedicated,
    HourlyPool,
    JobState,
    Machine,
    Provisioning,
    TuningJob,
    UnknownBilling,
)
from guard.ports.errors import Malformed

NAMING = Naming({"acme-ml": "123456"})
HERE = "projects/123456/locations/us-central1"

ENDPOINT: dict[str, Any] = {
    "name": f"{HERE}/endpoints/1001",
    "displayName": "chat",
    "labels": {"owner": "ana"},
    "etag": "AMEw9y",
    "createTime": "2026-11-01T10:00:00.123456789Z",
    "updateTime": "2026-11-01T12:00:00+01:00",
    "trafficSplit": {"77": 100},
    "deployedModels": [
        {
            "id": "77",
            "model": f"{HERE}/models/2001@3",
            "modelVersionId": "3",
            "displayName": "chat",
            "createTime": "2026-11-01T10:05:00Z",
            "dedicatedResources": {
                "machineSpec": {"machineType": "g2-standard-12", "acceleratorType": "NVIDIA_L4", "acceleratorCount": 1},
                "minReplicaCount": 1,
                "maxReplicaCount": 2,
            },
            "status": {"message": "fine", "lastUpdateTime": "2026-11-02T00:00:00Z", "availableReplicaCount": 1},
        }
    ],
}


def endpoint(**changes: Any) -> Endpoint:
    return endpoint_from({**copy.deepcopy(ENDPOINT), **changes}, "acme-ml", NAMING)


def deployed(**changes: Any) -> Endpoint:
    raw = {**copy.deepcopy(ENDPOINT["deployedModels"][0]), **changes}
    return endpoint(deployedModels=[{key: value for key, value in raw.items() if value is not None}])


def billing(**resources: Any) -> Any:
    return deployed(**{"dedicatedResources": None, **resources}).deployed[0].billing


class TestBilling:
    def test_a_machine_left_out_is_the_platforms_default(self) -> None:
        assert billing(dedicatedResources={"minReplicaCount": 1}) == HourlyDedicated(
            machine=Machine(machine_type="n1-standard-2"), min_replicas=1, max_replicas=1
        )

    def test_dedicated_resources_that_are_empty_are_dedicated_still(self) -> None:
        assert isinstance(billing(dedicatedResources={}), HourlyDedicated)

    def test_counts_may_come_as_text(self) -> None:
        found = billing(dedicatedResources={"minReplicaCount": "2", "maxReplicaCount": "5"})

        assert (found.min_replicas, found.max_replicas) == (2, 5)

    @pytest.mark.parametrize(
        ("resources", "expected"),
        [
            ({"spot": True}, Provisioning.SPOT),
            ({"flexStart": {"maxRuntimeDuration": "3600s"}}, Provisioning.FLEX_START),
            ({"flexStart": {}}, Provisioning.FLEX_START),
            (
                {"machineSpec": {"reservationAffinity": {"reservationAffinityType": "SPECIFIC_RESERVATION"}}},
                Provisioning.RESERVATION,
            ),
            (
                {"machineSpec": {"reservationAffinity": {"reservationAffinityType": "ANY_RESERVATION"}}},
                Provisioning.RESERVATION,
            ),
            (
                {"machineSpec": {"reservationAffinity": {"reservationAffinityType": "A_NEW_KIND"}}},
                Provisioning.RESERVATION,
            ),
            (
                {"machineSpec": {"reservationAffinity": {"reservationAffinityType": "NO_RESERVATION"}}},
                Provisioning.ON_DEMAND,
            ),
            ({}, Provisioning.ON_DEMAND),
        ],
    )
    def test_how_machines_are_bought_is_told_apart(self, resources: dict[str, Any], expected: Provisioning) -> None:
        assert billing(dedicatedResources={"minReplicaCount": 1, **resources}).machine.provisioning is expected

    def test_an_accelerator_that_is_not_known_keeps_its_name(self) -> None:
        spec = {"machineType": "a9-mega-1g", "acceleratorType": "NVIDIA_NEXT", "acceleratorCount": 8}

        machine = billing(dedicatedResources={"machineSpec": spec, "minReplicaCount": 1}).machine

        assert (machine.machine_type, machine.accelerator_type, machine.accelerator_count) == (
            "a9-mega-1g",
            "NVIDIA_NEXT",
            8,
        )

    def test_an_unspecified_accelerator_is_none(self) -> None:
        spec = {"machineType": "n1-standard-4", "acceleratorType": "ACCELERATOR_TYPE_UNSPECIFIED"}

        assert billing(dedicatedResources={"machineSpec": spec}).machine.accelerator_type is None

    def test_scale_to_zero_shows_by_its_minimum_or_its_spec(self) -> None:
        assert billing(dedicatedResources={"maxReplicaCount": 1}).scales_to_zero
        assert billing(
            dedicatedResources={"minReplicaCount": 1, "scaleToZeroSpec": {"idleScaledownPeriod": "3600s"}}
        ).scales_to_zero
        assert not billing(dedicatedResources={"minReplicaCount": 1}).scales_to_zero

    def test_a_pools_name_becomes_canonical(self) -> None:
        pool = "projects/acme-ml/locations/us-central1/deploymentResourcePools/p"

        assert billing(sharedResources=pool) == HourlyPool(pool=f"{HERE}/deploymentResourcePools/p")

    def test_automatic_resources_bill_in_a_way_that_is_not_known(self) -> None:
        assert isinstance(billing(automaticResources={"minReplicaCount": 1}), UnknownBilling)

    def test_nothing_recognisable_is_unknown(self) -> None:
        assert billing() is NO_RESOURCES
        assert billing(someNewResources={"machines": 3}) is NO_RESOURCES

    def test_two_kinds_at_once_are_unknown(self) -> None:
        found = billing(dedicatedResources={"minReplicaCount": 1}, sharedResources=f"{HERE}/deploymentResourcePools/p")

        assert isinstance(found, UnknownBilling)
        assert "dedicatedResources, sharedResources" in found.why


class TestNamesAndTimes:
    def test_id_and_number_give_the_same_value(self) -> None:
        by_id = json.loads(json.dumps(ENDPOINT).replace("projects/123456/", "projects/acme-ml/"))

        assert endpoint_from(by_id, "acme-ml", NAMING) == endpoint()

    def test_a_model_of_another_project_keeps_its_project(self) -> None:
        elsewhere = "projects/999/locations/us-central1/models/5"

        assert deployed(model=elsewhere).deployed[0].model == elsewhere

    def test_times_are_utc_whatever_their_offset_or_precision(self) -> None:
        found = endpoint()

        assert found.created_at == datetime(2026, 11, 1, 10, 0, 0, 123456, tzinfo=UTC)
        assert found.updated_at == datetime(2026, 11, 1, 11, 0, tzinfo=UTC)

    def test_a_time_that_is_missing_is_not_made_up(self) -> None:
        assert deployed(createTime=None).deployed[0].created_at is None


class TestDigest:
    def test_it_does_not_move_with_what_the_platform_changes_by_itself(self) -> None:
        before = endpoint()
        after = endpoint(
            etag="other",
            updateTime="2026-11-03T00:00:00Z",
            displayName="renamed",
            deployedModels=[{**ENDPOINT["deployedModels"][0], "status": {"availableReplicaCount": 2}}],
        )

        assert after.digest == before.digest
        assert after.deployed[0].digest == before.deployed[0].digest

    def test_it_does_not_hang_on_the_order_of_keys_or_models(self) -> None:
        second = {**ENDPOINT["deployedModels"][0], "id": "78"}
        one = endpoint(deployedModels=[ENDPOINT["deployedModels"][0], second])
        other = endpoint(deployedModels=[dict(reversed(second.items())), ENDPOINT["deployedModels"][0]])

        assert one.digest == other.digest

    @pytest.mark.parametrize(
        "change",
        [
            {"model": f"{HERE}/models/2001@4"},
            {"modelVersionId": "4"},
            {"createTime": "2026-11-02T10:05:00Z"},
            {"serviceAccount": "x@acme-ml.iam.gserviceaccount.com"},
            {"dedicatedResources": {"machineSpec": {"machineType": "n1-standard-4"}, "minReplicaCount": 1}},
            {
                "dedicatedResources": {
                    **ENDPOINT["deployedModels"][0]["dedicatedResources"],
                    "minReplicaCount": 2,
                }
            },
        ],
    )
    def test_it_moves_with_what_a_removal_relies_on(self, change: dict[str, Any]) -> None:
        before, after = endpoint(), deployed(**change)

        assert after.deployed[0].digest != before.deployed[0].digest
        assert after.digest != before.digest

    @pytest.mark.parametrize(
        "change", [{"trafficSplit": {"77": 90, "78": 10}}, {"encryptionSpec": {"kmsKeyName": "k"}}]
    )
    def test_an_endpoints_digest_moves_with_split_and_encryption(self, change: dict[str, Any]) -> None:
        assert endpoint(**change).digest != endpoint().digest


class TestBrokenDocuments:
    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"name": None}, "name"),
            ({"name": ""}, "name is missing"),
            ({"createTime": "yesterday"}, "createTime is 'yesterday'"),
            ({"createTime": "2026-11-01T10:00:00"}, "without a zone"),
            ({"deployedModels": {"id": "1"}}, "deployedModels"),
            ({"deployedModels": [{"model": "m"}]}, "id is missing"),
            ({"labels": ["a"]}, "labels"),
            ({"trafficSplit": {"77": -1}}, "77 is -1"),
            ({"trafficSplit": {"77": "all"}}, "77 is 'all'"),
            ({"dedicatedEndpointEnabled": "yes"}, "dedicatedEndpointEnabled"),
        ],
    )
    def test_a_shape_that_is_not_the_documented_one_is_told(self, change: dict[str, Any], named: str) -> None:
        with pytest.raises(Malformed, match=named):
            endpoint(**change)

    @pytest.mark.parametrize("count", [-1, 1.5, True, None, "many"])
    def test_a_replica_count_that_is_none_is_told(self, count: Any) -> None:
        with pytest.raises(Malformed, match="minReplicaCount"):
            billing(dedicatedResources={"minReplicaCount": count})


def job(**changes: Any) -> TuningJob:
    raw = {"name": f"{HERE}/tuningJobs/1", "baseModel": "gemini-2.5-flash", "state": "JOB_STATE_RUNNING", **changes}
    return job_from(raw, "acme-ml", NAMING)


class TestTuningJobs:
    @pytest.mark.parametrize(
        ("state", "step", "expected"),
        [
            ("JOB_STATE_QUEUED", "", JobState.QUEUED),
            ("JOB_STATE_PENDING", "", JobState.PENDING),
            ("JOB_STATE_RUNNING", "", JobState.RUNNING),
            ("JOB_STATE_RUNNING", "TUNING_JOB_STATE_TUNING", JobState.RUNNING),
            ("JOB_STATE_RUNNING", "TUNING", JobState.RUNNING),
            ("JOB_STATE_RUNNING", "TUNING_JOB_STATE_WAITING_FOR_CAPACITY", JobState.WAITING_FOR_CAPACITY),
            ("JOB_STATE_RUNNING", "WAITING_FOR_QUOTA", JobState.WAITING_FOR_CAPACITY),
            ("JOB_STATE_RUNNING", "TUNING_JOB_STATE_DREAMING", JobState.UNFAMILIAR),
            ("JOB_STATE_SUCCEEDED", "TUNING_JOB_STATE_TUNING", JobState.SUCCEEDED),
            ("JOB_STATE_PARTIALLY_SUCCEEDED", "", JobState.PARTIALLY_SUCCEEDED),
            ("JOB_STATE_EXPIRED", "", JobState.EXPIRED),
            ("JOB_STATE_UPDATING", "", JobState.UNFAMILIAR),
            ("JOB_STATE_ASLEEP", "", JobState.UNFAMILIAR),
            ("", "", JobState.UNFAMILIAR),
        ],
    )
    def test_states_are_told_apart_and_new_ones_are_unfamiliar(self, state: str, step: str, expected: JobState) -> None:
        found = job(state=state, tuningJobState=step)

        assert found.state is expected
        assert state in found.state_text

    def test_every_method_gives_its_epochs_and_tokens(self) -> None:
        found = job(
            preferenceOptimizationSpec={"trainingDatasetUri": "gs://b/t", "hyperParameters": {"epochCount": "2"}},
            tuningDataStats={"preferenceOptimizationDataStats": {"totalBillableTokenCount": "1200"}},
        )

        assert (found.epochs, found.dataset_tokens) == (2, 1200)

    def test_what_is_not_known_yet_is_none(self) -> None:
        found = job()

        assert (found.epochs, found.dataset_tokens, found.started_at, found.tuned_model, found.endpoints) == (
            None,
            None,
            None,
            None,
            (),
        )

    def test_a_continued_tuning_names_the_model_that_it_started_from(self) -> None:
        found = job(baseModel="", preTunedModel={"tunedModelName": f"{HERE}/models/9@1", "checkpointId": "2"})

        assert found.base_model == f"{HERE}/models/9@1"

    def test_checkpoints_and_the_final_endpoint_are_named_once_each(self) -> None:
        ends = [f"projects/acme-ml/locations/us-central1/endpoints/{n}" for n in (1, 2, 3)]
        found = job(
            tunedModel={
                "model": f"{HERE}/models/4@1",
                "endpoint": ends[2],
                "checkpoints": [{"checkpointId": str(n), "endpoint": one} for n, one in enumerate(ends)],
            }
        )

        assert set(found.endpoints) == {f"{HERE}/endpoints/{n}" for n in (1, 2, 3)}
        assert len(found.endpoints) == 3
        assert found.final_endpoint == f"{HERE}/endpoints/3"

    def test_an_open_models_job_is_not_taken_for_gemini(self) -> None:
        raw = {"tunedModel": {"model": f"{HERE}/models/4@1"}, "baseModel": "meta/llama3_1@llama-3.1-8b-instruct"}

        assert gemini_model_of(raw, NAMING) is None
        assert gemini_model_of({**raw, "baseModel": "gemini-2.5-flash"}, NAMING) == f"{HERE}/models/4"

    def test_a_failed_job_says_why(self) -> None:
        assert job(state="JOB_STATE_FAILED", error={"code": 3, "message": "bad line"}).error == "bad line"


class TestModels:
    @pytest.mark.parametrize(
        ("raw", "expected"),
        [
            ({"modelSourceInfo": {"sourceType": "GENIE"}}, True),
            ({"labels": {"tune-type": "sft"}}, True),
            ({"baseModelSource": {"genieSource": {"baseModelUri": "x"}}}, True),
            ({"modelSourceInfo": {"sourceType": "CUSTOM"}}, False),
            ({"modelSourceInfo": {"sourceType": "MODEL_GARDEN"}}, False),
            ({}, False),
        ],
    )
    def test_tuned_gemini_is_known_by_its_marks(self, raw: dict[str, Any], expected: bool) -> None:
        assert is_tuned_gemini(raw) is expected

    def test_a_new_version_or_deployment_moves_the_digest(self) -> None:
        raw = {"name": f"{HERE}/models/1", "versionId": "1", "createTime": "2026-01-01T00:00:00Z"}
        before = model_from(raw, "acme-ml", NAMING)

        assert model_from({**raw, "versionId": "2"}, "acme-ml", NAMING).digest != before.digest
        placed = {**raw, "deployedModels": [{"endpoint": f"{HERE}/endpoints/1", "deployedModelId": "3"}]}
        assert model_from(placed, "acme-ml", NAMING).digest != before.digest
        assert model_from({**raw, "updateTime": "2026-02-01T00:00:00Z"}, "acme-ml", NAMING).digest == before.digest


def test_a_thousand_endpoints_are_read_in_a_moment() -> None:
    """They take about 40 ms on an idle core; the bound is wide, since test machines are shared."""
    raw = [{**ENDPOINT, "name": f"{HERE}/endpoints/{n}"} for n in range(1000)]
    start = time.process_time()
    found = [endpoint_from(one, "acme-ml", NAMING) for one in raw]

    assert len(found) == 1000
    assert time.process_time() - start < 1.0
