"""The JSON reader and the official clients see the same resources, field by field.

The generated v1beta1 client over REST is the oracle for endpoints, models, pools and tuning jobs; google-genai, which knows
every tuning method, is a second one for jobs.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials

from guard.adapters.connection import Connection
from guard.adapters.vertex.inventory import VertexInventory
from guard.core.model import (
    DeployedModel,
    HourlyDedicated,
    HourlyPool,
    PerToken,
    Provisioning,
    Snapshot,
    UnknownBilling,
)
from guard.sandbox.server import Running
from tests.adapters.sandboxed import ML, connected

LOCATIONS = ("us-central1", "europe-west4", "us")


@pytest.fixture(scope="module")
def snapshot(fleet: Running) -> Iterator[Snapshot]:
    fleet.world.faults.clear()
    with connected(fleet) as connection:
        yield VertexInventory(connection).snapshot([ML], fleet.world.now())


@pytest.fixture(scope="module")
def gapic(fleet: Running) -> Any:
    from google.cloud import aiplatform_v1beta1

    def client(name: str) -> Any:
        return getattr(aiplatform_v1beta1, name)(
            client_options={"api_endpoint": fleet.http}, transport="rest", credentials=AnonymousCredentials()
        )

    return client


def theirs(listing: Any) -> dict[str, Any]:
    return {one.name: one for location in LOCATIONS for one in listing(parent=f"projects/acme-ml/locations/{location}")}


def same_instant(ours: datetime | None, their: Any) -> bool:
    return (ours is None and not their) or (ours is not None and their is not None and ours == their)


def test_endpoints_agree(snapshot: Snapshot, gapic: Any) -> None:
    oracle = theirs(gapic("EndpointServiceClient").list_endpoints)

    assert {one.name for one in snapshot.endpoints} == set(oracle)
    assert len(oracle) == 13
    for ours in snapshot.endpoints:
        their = oracle[ours.name]
        assert ours.display_name == their.display_name
        assert dict(ours.labels) == dict(their.labels)
        assert ours.etag == their.etag
        assert ours.dedicated == their.dedicated_endpoint_enabled
        assert same_instant(ours.created_at, their.create_time)
        assert same_instant(ours.updated_at, their.update_time)
        assert [one.id for one in ours.deployed] == [one.id for one in their.deployed_models]
        assert {one.id: one.traffic_share for one in ours.deployed if one.traffic_share} == dict(their.traffic_split)


def test_deployed_models_agree(snapshot: Snapshot, gapic: Any) -> None:
    oracle = {
        f"{endpoint.name}/deployedModels/{one.id}": one
        for endpoint in theirs(gapic("EndpointServiceClient").list_endpoints).values()
        for one in endpoint.deployed_models
    }
    ours = {one.name: one for endpoint in snapshot.endpoints for one in endpoint.deployed}

    assert set(ours) == set(oracle)
    kinds = set()
    for name, deployed in ours.items():
        their = oracle[name]
        assert deployed.model == their.model
        assert deployed.model_version == their.model_version_id
        assert deployed.display_name == their.display_name
        assert (deployed.checkpoint_id or "") == their.checkpoint_id
        assert same_instant(deployed.created_at, their.create_time)
        assert (deployed.available_replicas or 0) == their.status.available_replica_count
        kinds.add(agrees_on_billing(deployed, their))
    assert kinds == {HourlyDedicated, HourlyPool, PerToken, UnknownBilling}


def agrees_on_billing(ours: DeployedModel, their: Any) -> type:
    resources = type(their).pb(their).WhichOneof("prediction_resources")
    billing = ours.billing
    match resources:
        case "dedicated_resources":
            machines = their.dedicated_resources
            assert isinstance(billing, HourlyDedicated)
            assert billing.machine.machine_type == machines.machine_spec.machine_type
            name = machines.machine_spec.accelerator_type.name
            assert billing.machine.accelerator_type == (None if name == "ACCELERATOR_TYPE_UNSPECIFIED" else name)
            assert billing.machine.accelerator_count == machines.machine_spec.accelerator_count
            assert (billing.machine.provisioning is Provisioning.SPOT) == machines.spot
            assert billing.min_replicas == machines.min_replica_count
            assert billing.max_replicas == machines.max_replica_count
            assert billing.scales_to_zero == ("scale_to_zero_spec" in machines or machines.min_replica_count == 0)
        case "shared_resources":
            assert billing == HourlyPool(pool=their.shared_resources)
        case "automatic_resources":
            assert isinstance(billing, UnknownBilling)
        case None:
            assert billing == PerToken()
    return type(billing)


def test_pools_agree(snapshot: Snapshot, gapic: Any) -> None:
    client = gapic("DeploymentResourcePoolServiceClient")
    oracle = {
        one.name: one for one in client.list_deployment_resource_pools(parent="projects/acme-ml/locations/us-central1")
    }

    assert {one.name for one in snapshot.pools} == set(oracle)
    for ours in snapshot.pools:
        machines = oracle[ours.name].dedicated_resources
        assert ours.machine.machine_type == machines.machine_spec.machine_type
        assert (ours.min_replicas, ours.max_replicas) == (machines.min_replica_count, machines.max_replica_count)
        assert same_instant(ours.created_at, oracle[ours.name].create_time)
        said = client.query_deployed_models(deployment_resource_pool=ours.name)
        assert ours.sharers is not None
        assert len(ours.sharers) == sum(len(page.deployed_model_refs) for page in said.pages)


def test_registry_models_agree(snapshot: Snapshot, gapic: Any) -> None:
    oracle = theirs(gapic("ModelServiceClient").list_models)

    assert {one.name for one in snapshot.models} == {name.partition("@")[0] for name in oracle}
    for name, their in oracle.items():
        (ours,) = [one for one in snapshot.models if one.name == name.partition("@")[0]]
        assert ours.display_name == their.display_name
        assert dict(ours.labels) == dict(their.labels)
        assert ours.version == their.version_id
        assert same_instant(ours.created_at, their.create_time)
        assert same_instant(ours.updated_at, their.update_time)
        assert set(ours.deployed_at) == {one.endpoint for one in their.deployed_models}
        assert ours.source == their.model_source_info.source_type.name.replace("MODEL_SOURCE_TYPE_UNSPECIFIED", "")
        assert ours.has_artifacts == bool(their.artifact_uri)


def test_tuning_jobs_agree(snapshot: Snapshot, gapic: Any) -> None:
    oracle = theirs(gapic("GenAiTuningServiceClient").list_tuning_jobs)

    assert {one.name for one in snapshot.jobs} == set(oracle)
    for ours in snapshot.jobs:
        their = oracle[ours.name]
        assert ours.state_text.split()[0] == their.state.name
        assert ours.base_model == their.base_model
        assert ours.display_name == their.tuned_model_display_name
        assert dict(ours.labels) == dict(their.labels)
        assert same_instant(ours.created_at, their.create_time)
        assert same_instant(ours.started_at, their.start_time)
        assert same_instant(ours.ended_at, their.end_time)
        assert same_instant(ours.progress_at, their.update_time)
        assert ours.tuned_model == their.tuned_model.model
        assert ours.final_endpoint == their.tuned_model.endpoint
        assert ours.epochs == their.supervised_tuning_spec.hyper_parameters.epoch_count
        stats = their.tuning_data_stats.supervised_tuning_data_stats
        assert ours.dataset_tokens == stats.total_billable_token_count


def test_tuning_jobs_agree_with_genai_too(snapshot: Snapshot, fleet: Running) -> None:
    from google import genai
    from google.genai.types import HttpOptions
    from google.oauth2.credentials import Credentials

    client = genai.Client(
        enterprise=True,
        project="acme-ml",
        location="us-central1",
        credentials=Credentials(token="sandbox:tests@example.com"),
        http_options=HttpOptions(base_url=fleet.http),
    )
    (their,) = client.tunings.list()
    (ours,) = snapshot.jobs

    assert their.state is not None
    assert ours.state_text.split()[0] == their.state.value
    assert their.tuned_model is not None
    assert their.tuned_model.checkpoints is not None
    assert set(ours.endpoints) == {
        their.tuned_model.endpoint,
        *(checkpoint.endpoint for checkpoint in their.tuned_model.checkpoints),
    }
    client.close()


def test_a_pages_worth_and_more_is_the_same_by_both(fleet: Running, gapic: Any) -> None:
    """The client asks for no page size, the reader for 100: the same resources come out."""
    with connected(fleet) as connection:
        names = read_names(connection, size="2")
    their = [
        one.name
        for one in gapic("EndpointServiceClient").list_endpoints(parent="projects/acme-ml/locations/us-central1")
    ]

    assert names == their


def read_names(connection: Connection, *, size: str) -> list[str]:
    from guard.adapters.connection import Read

    url = f"{connection.world.vertex('us-central1')}/v1beta1/projects/123456/locations/us-central1/endpoints"
    pages = connection.pages(url, Read("vertex", "endpoints.list", "here"), {"pageSize": size})
    return [raw["name"] for page in pages for raw in page["endpoints"]]
