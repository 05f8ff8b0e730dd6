"""Invariant 11, the reading side: a failure in one project, place, kind or thing stops no look elsewhere, and hides there
as an incomplete scope, never as an empty one.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from guard.adapters.monitoring.traffic import MonitoringTraffic
from guard.adapters.vertex.inventory import VertexInventory
from guard.sandbox.server import Running
from tests.adapters.sandboxed import ML, WEB, connected, last_hours, serving

WIRE_FAULTS = ["rate_limited", "server_error", "answer_dropped", "timeout", "permission_lost"]


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    with serving() as running:
        yield running


@pytest.fixture
def sandbox(served: Running) -> Iterator[Running]:
    served.world.faults.clear()
    yield served
    served.world.faults.clear()


def look(running: Running) -> Any:
    with connected(running) as connection:
        return VertexInventory(connection).snapshot([ML, WEB], running.world.now())


def elsewhere(snapshot: Any, project: str) -> tuple[Any, ...]:
    return tuple(
        one
        for things in (snapshot.endpoints, snapshot.pools, snapshot.models, snapshot.jobs)
        for one in things
        if one.project_id != project
    )


@pytest.mark.parametrize("kind", WIRE_FAULTS)
def test_a_project_that_fails_leaves_the_other_as_it_was(sandbox: Running, kind: str) -> None:
    whole = look(sandbox)
    sandbox.world.faults.add(kind, at=sandbox.world.now(), scope={"project": "acme-web", "service": "aiplatform"})

    seen = look(sandbox)

    assert elsewhere(seen, "acme-web") == elsewhere(whole, "acme-web")
    assert {scope.project for scope in seen.incomplete()} == {"654321"}
    assert not [one for one in seen.endpoints if one.project_id == "acme-web"]


@pytest.mark.parametrize("kind", WIRE_FAULTS)
def test_usage_of_one_project_fails_alone(sandbox: Running, kind: str) -> None:
    sandbox.world.faults.add(kind, at=sandbox.world.now(), scope={"project": "acme-web", "service": "monitoring"})
    window = last_hours(sandbox.world.now(), 3)
    with connected(sandbox) as connection:
        traffic = MonitoringTraffic(connection, sandbox.world.now)
        lost, whole = traffic.read(WEB, window), traffic.read(ML, window)

    assert (lost.complete, lost.covered) == (False, None)
    assert whole.complete
    assert whole.covered is not None


def test_one_broken_endpoint_makes_its_location_incomplete_and_no_other(sandbox: Running) -> None:
    name = "projects/123456/locations/us-central1/endpoints/1001"
    document = dict(sandbox.world.store.all("endpoints"))[name]
    deployed = document["deployedModels"][0]
    kept, deployed["createTime"] = deployed["createTime"], "sometime"
    sandbox.world.store.put(name, document)
    try:
        seen = look(sandbox)
    finally:
        deployed["createTime"] = kept
        sandbox.world.store.put(name, document)

    assert {str(scope) for scope in seen.incomplete()} == {"projects/123456/locations/us-central1"}
    assert [one for one in seen.endpoints if "/europe-west4/" in one.name]


def test_even_a_bug_of_ours_in_one_place_stops_no_other(sandbox: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    from guard.adapters.vertex import listing

    def broken(raw: Any, project_id: str, naming: Any, _read: Any = listing.READERS[listing.Listed.ENDPOINTS]) -> Any:
        return {}["no such key"] if "/europe-west4/" in raw["name"] else _read(raw, project_id, naming)

    monkeypatch.setattr(listing, "READERS", {**listing.READERS, listing.Listed.ENDPOINTS: broken})
    seen = look(sandbox)

    assert {str(scope) for scope in seen.incomplete()} == {"projects/123456/locations/europe-west4"}
    assert "bug of Tuneguard" in next(one.problem for one in seen.scopes if not one.complete)
