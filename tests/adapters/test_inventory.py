"""What exists, read over the wire from the sandbox."""

from collections.abc import Iterator
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
from guard.core.names import Scope
from guard.ports.errors import NotFoundByName, PermissionMissing
from guard.sandbox.server import Running
from tests.adapters.sandboxed import EU, ML, US, WEB, connected, serving


def fault(sandbox: Running, kind: str, **scope: str) -> None:
    params = {key: scope.pop(key) for key in ("status", "keep") if key in scope}
    sandbox.world.faults.add(kind, at=sandbox.world.now(), scope=scope, params=params)


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


class TestWhenSomethingFails:
    def test_a_permission_lost_in_one_location_leaves_the_others_whole(
        self, sandbox: Running, inventory: VertexInventory
    ) -> None:
        fault(sandbox, "permission_lost", permission="aiplatform.endpoints.list", location="europe-west4")

        seen = inventory.snapshot([ML, WEB], sandbox.world.now())

        assert incomplete(seen) == {EU}
        (report,) = [one for one in seen.scopes if not one.complete]
        assert "endpoints.list" in report.problem
        assert "403 PERMISSION_DENIED" in report.problem
        assert "tuneguard doctor" in report.problem
        assert len([one for one in seen.endpoints if one.name.startswith(US)]) == 11

    @pytest.mark.parametrize("kind", ["endpoints", "deploymentResourcePools", "models", "tuningJobs"])
    def test_any_kind_that_cannot_be_listed_makes_its_location_incomplete(
        self, sandbox: Running, inventory: VertexInventory, kind: str
    ) -> None:
        fault(
            sandbox, "permission_lost", permission=f"aiplatform.{kind}.list", location="us-central1", project="acme-ml"
        )

        assert incomplete(inventory.snapshot([ML, WEB], sandbox.world.now())) == {US}

    def test_without_the_models_tuned_gemini_is_not_guessed(self, sandbox: Running, inventory: VertexInventory) -> None:
        fault(sandbox, "permission_lost", permission="aiplatform.models.list", location="us")

        seen = inventory.snapshot([ML], sandbox.world.now())

        assert isinstance(endpoint(seen, "1009").deployed[0].billing, UnknownBilling)

    def test_without_the_endpoints_a_pools_sharers_are_not_known(
        self, sandbox: Running, inventory: VertexInventory
    ) -> None:
        fault(sandbox, "permission_lost", permission="aiplatform.endpoints.list", location="us-central1")

        assert {pool.sharers for pool in inventory.snapshot([ML], sandbox.world.now()).pools} == {None}

    def test_a_busy_platform_is_asked_again(self, sandbox: Running, connection: Connection) -> None:
        sandbox.world.faults.add("rate_limited", at=sandbox.world.now(), scope={"method": "ListEndpoints"}, count=2)
        sandbox.world.faults.add("server_error", at=sandbox.world.now(), scope={"method": "ListModels"}, count=1)

        seen = VertexInventory(connection).snapshot([WEB], sandbox.world.now())

        assert incomplete(seen) == set()
        assert connection.calls.by_outcome()["endpoints.list", "RateLimited"] == 2
        assert connection.calls.by_outcome()["models.list", "Unavailable"] == 1

    def test_a_platform_that_stays_down_is_told_after_three_tries(
        self, sandbox: Running, connection: Connection
    ) -> None:
        fault(sandbox, "server_error", method="ListEndpoints", project="acme-web")

        seen = VertexInventory(connection).snapshot([ML, WEB], sandbox.world.now())

        assert incomplete(seen) == {"projects/654321/locations/us-central1"}
        assert connection.calls.by_outcome()["endpoints.list", "Unavailable"] == 3

    def test_an_answer_cut_off_is_asked_for_again(self, sandbox: Running, connection: Connection) -> None:
        sandbox.world.faults.add("answer_dropped", at=sandbox.world.now(), scope={"method": "ListEndpoints"}, count=1)

        assert incomplete(VertexInventory(connection).snapshot([WEB], sandbox.world.now())) == set()
        assert connection.calls.by_outcome()["endpoints.list", "Unavailable"] == 1

    def test_no_answer_at_all_is_a_time_out_of_that_scope(self, sandbox: Running, inventory: VertexInventory) -> None:
        fault(sandbox, "timeout", method="ListTuningJobs", location="europe-west4")

        seen = inventory.snapshot([ML], sandbox.world.now())

        assert incomplete(seen) == {EU}
        assert "tuningJobs.list" in seen.scopes[1].problem

    def test_locations_that_cannot_be_listed_make_the_project_incomplete(
        self, sandbox: Running, inventory: VertexInventory
    ) -> None:
        fault(sandbox, "permission_lost", permission="aiplatform.locations.list", project="acme-ml")

        seen = inventory.snapshot([ML, WEB], sandbox.world.now())

        assert incomplete(seen) == {"projects/123456/locations/-"}
        assert {one.project_id for one in seen.endpoints} == {"acme-web"}

    def test_known_locations_outlive_a_failure_to_list_them(self, sandbox: Running, inventory: VertexInventory) -> None:
        now = sandbox.world.now()
        inventory.snapshot([ML], now)
        fault(sandbox, "permission_lost", permission="aiplatform.locations.list", project="acme-ml")

        seen = inventory.snapshot([ML], now + timedelta(days=2))

        assert incomplete(seen) == set()
        assert len(seen.scopes) == 3

    def test_names_written_with_the_project_id_become_the_same_names(
        self, sandbox: Running, inventory: VertexInventory, snapshot: Snapshot
    ) -> None:
        fault(sandbox, "name_as_project_id")

        again = inventory.snapshot([ML, WEB], sandbox.world.now())

        assert again.endpoints == snapshot.endpoints
        assert again.pools == snapshot.pools
        assert again.models == snapshot.models
        assert again.jobs == snapshot.jobs


MANY = """
start: 2026-11-02T00:00:00Z
projects: [{id: acme-ml, number: "123456", locations: [us-central1]}]
models: [{id: "2001"}]
endpoints:
""" + "\n".join(f'  - {{id: "{n}", deploy: [{{model: "2001"}}]}}' for n in range(1000, 1250))


@pytest.fixture(scope="module")
def many() -> Iterator[Running]:
    with serving(MANY) as running:
        yield running


class TestPages:
    def test_all_pages_are_read(self, many: Running) -> None:
        many.world.faults.clear()
        with connected(many) as connection:
            seen = VertexInventory(connection).snapshot([ML], many.world.now())

        assert len(seen.endpoints) == 250
        assert incomplete(seen) == set()
        assert connection.calls.by_kind()["endpoints.list"] == 3

    def test_a_page_that_comes_twice_makes_the_listing_incomplete(self, many: Running) -> None:
        many.world.faults.clear()
        many.world.faults.add("page_repeated", at=many.world.now(), count=1)
        with connected(many) as connection:
            seen = VertexInventory(connection).snapshot([ML], many.world.now())

        assert incomplete(seen) == {US}
        assert "came twice" in seen.scopes[0].problem

    def test_a_page_that_cannot_be_had_makes_the_listing_incomplete(self, many: Running) -> None:
        many.world.faults.clear()
        with connected(many) as connection:
            inventory = VertexInventory(connection)
            pages = iter([None, *["server_error"] * 3])

            class FailsLater:
                """Lets the first page through, then breaks."""

                def __init__(self, session: object) -> None:
                    self._session = session

                def request(self, verb: str, url: str, **kwargs: object) -> object:
                    if url.endswith("/endpoints") and next(pages, None):
                        many.world.faults.add(
                            "server_error", at=many.world.now(), scope={"method": "ListEndpoints"}, count=1
                        )
                    return self._session.request(verb, url, **kwargs)  # type: ignore[attr-defined]

                def close(self) -> None:
                    self._session.close()  # type: ignore[attr-defined]

            object.__setattr__(connection.world, "session", FailsLater(connection.world.session))
            seen = inventory.snapshot([ML], many.world.now())

        assert incomplete(seen) == {US}
        assert len(seen.endpoints) == 100


class TestWhatIsListedWhen:
    EMPTY = """
start: 2026-11-02T00:00:00Z
projects: [{id: acme-ml, number: "123456", locations: [us-central1, europe-west4]}]
models: [{id: "2001", location: us-central1}]
"""

    def test_an_empty_location_is_asked_for_endpoints_only_for_six_hours(self) -> None:
        with serving(self.EMPTY) as sandbox, connected(sandbox) as connection:
            inventory, now = VertexInventory(connection), sandbox.world.now()
            for hours in (0, 1, 5):
                inventory.snapshot([ML], now + timedelta(hours=hours))
            first = dict(connection.calls.by_kind())
            inventory.snapshot([ML], now + timedelta(hours=6))
            later = dict(connection.calls.by_kind())

        assert first["endpoints.list"] == 6
        assert first["models.list"] == 3 + 1
        assert later["models.list"] == 3 + 1 + 2

    def test_a_clock_that_goes_back_makes_everything_due(self) -> None:
        with serving(self.EMPTY) as sandbox, connected(sandbox) as connection:
            inventory, now = VertexInventory(connection), sandbox.world.now()
            inventory.snapshot([ML], now)
            inventory.snapshot([ML], now - timedelta(hours=1))

            assert connection.calls.by_kind()["models.list"] == 4

    def test_locations_named_in_the_file_are_the_only_ones(self, sandbox: Running, connection: Connection) -> None:
        seen = VertexInventory(connection, locations=["us"]).snapshot([ML], sandbox.world.now())

        assert {report.scope for report in seen.scopes} == {Scope("123456", "us")}
        assert "locations.list" not in connection.calls.by_kind()

    def test_locations_are_asked_for_once_a_day(self, sandbox: Running, connection: Connection) -> None:
        inventory, now = VertexInventory(connection), sandbox.world.now()
        for hours in (0, 1, 23):
            inventory.snapshot([ML], now + timedelta(hours=hours))
        assert connection.calls.by_kind()["locations.list"] == 1
        inventory.snapshot([ML], now + timedelta(hours=24))
        assert connection.calls.by_kind()["locations.list"] == 2

    def test_pools_metrics_are_needed_until_a_whole_look_found_no_pool(
        self, sandbox: Running, inventory: VertexInventory
    ) -> None:
        assert inventory.has_pools(WEB)
        inventory.snapshot([ML, WEB], sandbox.world.now())

        assert not inventory.has_pools(WEB)
        assert inventory.has_pools(ML)


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
