"""What a look does when the platform fails it, how it pages, and what it lists when."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from guard.adapters.connection import Connection
from guard.adapters.vertex.inventory import VertexInventory
from guard.core.model import Endpoint, Snapshot, UnknownBilling
from guard.core.names import Scope
from guard.sandbox.server import Running
from tests.adapters.sandboxed import EU, ML, US, WEB, connected, serving


def fault(sandbox: Running, kind: str, **scope: str) -> None:
    sandbox.world.faults.add(kind, at=sandbox.world.now(), scope=scope)


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
