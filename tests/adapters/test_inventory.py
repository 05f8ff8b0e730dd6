"""What exists, read over the wire from the sandbox."""

from datetime import timedelta

import pytest

from guard.adapters.connection import Connection
from guard.adapters.vertex.inventory import VertexInventory
from guard.core.model import (
    Endpoint,
    HourlyDedicated,
    HourlyPool,
    JobState,
    PerToken,
    Provisioning,
    RegistryModel,
    ResourcePool,
    Snapshot,
    TuningJob,
    UnknownBilling,
)
from guard.ports.errors import NotFoundByName, PermissionMissing
from guard.sandbox.server import Running
from tests.adapters.sandboxed import EU, ML, US, WEB, connected, serving


@pytest.fixture
def inventory(connection: Connection) -> VertexInventory:
    return VertexInventory(connection)


@pytest.fixture
def snapshot(sandbox: Running, inventory: VertexInventory) -> Snapshot:
    return inventory.snapshot([ML, WEB], sandbox.world.now())


def endpoint(snapshot: Snapshot, id_: str) -> Endpoint:
    return next(one for one in snapshot.endpoints if one.name.endswith(f"/endpoints/{id_}"))


def incomplete(snapshot: Snapshot) -> set[str]:
    return {str(scope) for scope in snapshot.incomplete()}


class TestWhatALookSees:
    def test_every_project_and_location_is_listed_and_complete(self, snapshot: Snapshot) -> None:
        assert {str(report.scope) for report in snapshot.scopes} == {
            US,
            EU,
            "projects/123456/locations/us",
            "projects/654321/locations/us-central1",
        }
        assert incomplete(snapshot) == set()
        assert {one.project_id for one in snapshot.endpoints} == {"acme-ml", "acme-web"}

    def test_each_way_of_billing_is_told_apart(self, snapshot: Snapshot) -> None:
        billing = {one.id: one.billing for each in snapshot.endpoints for one in each.deployed}

        dedicated = billing["11"]
        assert isinstance(dedicated, HourlyDedicated)
        assert str(dedicated.machine) == "g2-standard-12 + 1 NVIDIA_L4"
        assert (dedicated.min_replicas, dedicated.max_replicas, dedicated.scales_to_zero) == (1, 1, False)
        spot = billing["31"]
        assert isinstance(spot, HourlyDedicated)
        assert spot.machine.provisioning is Provisioning.SPOT
        assert (spot.min_replicas, spot.max_replicas) == (2, 4)
        assert billing["41"] == HourlyPool(pool=f"{US}/deploymentResourcePools/shared")
        to_zero = billing["61"]
        assert isinstance(to_zero, HourlyDedicated)
        assert to_zero.scales_to_zero
        assert to_zero.min_replicas == 0
        assert isinstance(billing["71"], UnknownBilling)
        assert billing["91"] == PerToken()

    def test_an_endpoint_carries_its_split_versions_labels_and_times(self, snapshot: Snapshot) -> None:
        busy = endpoint(snapshot, "1001")

        assert busy.labels == {"owner": "ana", "env": "prod"}
        assert busy.dedicated
        assert busy.etag
        assert {(one.id, one.traffic_share, one.model_version) for one in busy.deployed} == {
            ("11", 80, "2"),
            ("12", 20, "1"),
        }
        assert all(one.model == f"{US}/models/2001" for one in busy.deployed)
        assert all(one.created_at is not None and one.available_replicas == 1 for one in busy.deployed)
        assert endpoint(snapshot, "1008").deployed == ()

    def test_a_pool_knows_who_shares_it(self, snapshot: Snapshot) -> None:
        pools = {one.name.rpartition("/")[2]: one for one in snapshot.pools}

        assert pools["shared"].sharers == (
            f"{US}/endpoints/1004/deployedModels/41",
            f"{US}/endpoints/1005/deployedModels/51",
        )
        assert str(pools["shared"].machine) == "n1-standard-8"
        assert (pools["shared"].min_replicas, pools["shared"].max_replicas) == (1, 2)
        assert pools["empty"].sharers == ()

    def test_a_registry_model_says_where_it_is_deployed(self, snapshot: Snapshot) -> None:
        models = {one.name: one for one in snapshot.models}

        assert set(models[f"{US}/models/2001"].deployed_at) == {f"{US}/endpoints/100{n}" for n in range(1, 8)}
        assert models[f"{US}/models/2001"].version == "2"
        assert models["projects/654321/locations/us-central1/models/2004"].display_name == "web"

    def test_a_tuning_job_names_every_endpoint_that_it_left(self, sandbox: Running, snapshot: Snapshot) -> None:
        (job,) = snapshot.jobs

        assert (job.state, job.display_name, job.base_model) == (JobState.SUCCEEDED, "support", "gemini-2.5-flash")
        assert job.final_endpoint == f"{US}/endpoints/1050"
        assert job.final_endpoint in job.endpoints
        assert len(job.endpoints) == 3
        assert set(job.endpoints) <= {one.name for one in snapshot.endpoints}
        stats = dict(sandbox.world.store.all("tuningJobs"))[job.name]["tuningDataStats"]["supervisedTuningDataStats"]
        assert (job.submitter, job.epochs) == ("bo", 3)
        assert job.dataset_tokens == int(stats["totalBillableTokenCount"]) > 0
        assert job.started_at is not None
        assert job.ended_at is not None

    def test_what_a_gemini_job_deployed_bills_by_the_token(self, snapshot: Snapshot) -> None:
        (job,) = snapshot.jobs
        left = [one for one in snapshot.endpoints if one.name in job.endpoints]

        assert [deployed.billing for one in left for deployed in one.deployed] == [PerToken()] * 3


class TestOneResourceAfresh:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            (f"{US}/endpoints/1001", Endpoint),
            (f"{US}/endpoints/1050", Endpoint),
            ("projects/123456/locations/us/endpoints/1009", Endpoint),
            (f"{US}/models/2001", RegistryModel),
            (f"{US}/tuningJobs/5001", TuningJob),
        ],
    )
    def test_it_equals_what_the_listing_showed(
        self, inventory: VertexInventory, snapshot: Snapshot, name: str, kind: type
    ) -> None:
        document = inventory.get(name)

        listed = {one.name: one for one in (*snapshot.endpoints, *snapshot.models, *snapshot.jobs)}
        assert isinstance(document.parsed, kind)
        assert document.parsed == listed[name]
        assert document.body is not None
        assert document.body["name"] == name

    def test_a_pool_is_read_without_its_sharers(self, inventory: VertexInventory) -> None:
        pool = inventory.get(f"{US}/deploymentResourcePools/shared").parsed

        assert isinstance(pool, ResourcePool)
        assert pool.sharers is None

    def test_a_model_is_read_by_version(self, inventory: VertexInventory) -> None:
        model = inventory.get(f"{US}/models/2001@1").parsed

        assert isinstance(model, RegistryModel)
        assert (model.name, model.version) == (f"{US}/models/2001", "1")

    def test_tuned_gemini_is_known_without_a_look_at_everything(self, connection: Connection) -> None:
        fresh = VertexInventory(connection).get("projects/123456/locations/us/endpoints/1009").parsed

        assert isinstance(fresh, Endpoint)
        assert fresh.deployed[0].billing == PerToken()

    def test_what_is_not_there_has_no_body(self, inventory: VertexInventory) -> None:
        assert inventory.get(f"{US}/endpoints/9").body is None

    def test_a_name_of_no_known_kind_is_refused(self, inventory: VertexInventory) -> None:
        with pytest.raises(NotFoundByName, match="is not the name of a resource"):
            inventory.get(f"{US}/customJobs/1")

    def test_all_versions_of_a_model_are_listed(self, inventory: VertexInventory) -> None:
        assert [raw["versionId"] for raw in inventory.versions(f"{US}/models/2001")] in (["1", "2"], ["2", "1"])

    def test_a_pool_says_itself_who_shares_it(self, inventory: VertexInventory, snapshot: Snapshot) -> None:
        pools = {one.name: one.sharers for one in snapshot.pools}

        assert (
            inventory.queried_sharers(f"{US}/deploymentResourcePools/shared")
            == pools[f"{US}/deploymentResourcePools/shared"]
        )
        assert inventory.queried_sharers(f"{US}/deploymentResourcePools/empty") == ()
        assert inventory.queried_sharers(f"{US}/deploymentResourcePools/none") is None


class TestOperations:
    def test_an_operation_is_running_until_it_is_done(self) -> None:
        import httpx

        with serving() as sandbox, connected(sandbox) as connection:
            inventory = VertexInventory(connection)
            name = f"{US}/endpoints/1002"
            begun = httpx.post(f"{sandbox.http}/v1/{name}:undeployModel", json={"deployedModelId": "21"}).json()
            (running,) = inventory.operations_running(name)
            before = inventory.operation(begun["name"])
            sandbox.world.advance(timedelta(hours=1))
            after = inventory.operation(begun["name"])

            assert (running.name, running.done, running.error) == (begun["name"], False, None)
            assert (before.done, before.known) == (False, True)
            assert (after.done, after.error_code, after.error) == (True, None, None)
            assert inventory.operations_running(name) == ()
            assert not inventory.operation(f"{US}/operations/404").known

    def test_a_failed_operation_tells_the_platforms_words(self) -> None:
        import httpx

        with serving() as sandbox, connected(sandbox) as connection:
            sandbox.world.faults.add(
                "operation_fails", at=sandbox.world.now(), params={"status": "INTERNAL", "message": "Internal error."}
            )
            name = f"{US}/endpoints/1002"
            begun = httpx.post(f"{sandbox.http}/v1/{name}:undeployModel", json={"deployedModelId": "21"}).json()
            sandbox.world.advance(timedelta(hours=1))
            state = VertexInventory(connection).operation(begun["name"])

        assert (state.done, state.error_code, state.error) == (True, 13, "Internal error.")


class TestProjects:
    def test_ids_and_numbers_resolve_to_the_same_project(self, inventory: VertexInventory) -> None:
        assert inventory.projects(["acme-ml", "123456", "acme-web"]) == (
            type(ML)(id="acme-ml", number="123456", labels={"team": "ml"}),
            WEB,
        )

    @pytest.mark.parametrize("wanted", ["acme-closed", "acme-nowhere"])
    def test_a_project_that_is_forbidden_or_not_there_is_told_by_name(
        self, inventory: VertexInventory, wanted: str
    ) -> None:
        with pytest.raises(
            PermissionMissing, match=f"Project '{wanted}' does not exist, or this identity may not see it"
        ):
            inventory.projects(["acme-ml", wanted])

    @pytest.mark.parametrize("folder", ["77", "folders/77"])
    def test_a_folder_resolves_to_its_active_projects(self, inventory: VertexInventory, folder: str) -> None:
        assert [one.id for one in inventory.folder_projects(folder)] == ["acme-ml", "acme-web"]

    def test_an_empty_folder_has_no_projects(self, inventory: VertexInventory) -> None:
        assert inventory.folder_projects("78") == ()
