"""A page of a listing that has not changed is not read again; one that has, is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from guard.adapters.connection import Connection
from guard.adapters.vertex.inventory import VertexInventory
from guard.core.model import Endpoint, Snapshot
from guard.ports.inventory import Project
from guard.sandbox.server import Running
from tests.adapters.sandboxed import ML, US, connected, serving


@pytest.fixture
def own() -> Iterator[tuple[Running, VertexInventory, Connection]]:
    with serving() as running, connected(running) as connection:
        yield running, VertexInventory(connection), connection


def endpoint(snapshot: Snapshot, id_: str) -> Endpoint:
    return next(one for one in snapshot.endpoints if one.name.endswith(f"/endpoints/{id_}"))


def test_an_unchanged_page_is_not_read_twice_and_a_changed_one_is(
    own: tuple[Running, VertexInventory, Connection],
) -> None:
    running, inventory, connection = own
    first = inventory.snapshot([ML], running.world.now())
    same = inventory.snapshot([ML], running.world.now())

    assert [one.name for one in same.endpoints] == [one.name for one in first.endpoints]
    assert all(one is before for one, before in zip(same.models, first.models, strict=True))
    assert same.jobs == first.jobs

    url = f"{connection.world.vertex('us-central1')}/v1beta1/{US}/endpoints/1001?updateMask=labels"
    httpx.patch(url, content=json.dumps({"labels": {"owner": "bo"}})).raise_for_status()
    changed = inventory.snapshot([ML], running.world.now())

    assert endpoint(first, "1001").labels == {"owner": "ana", "env": "prod"}
    assert endpoint(changed, "1001").labels == {"owner": "bo"}
    assert all(one is before for one, before in zip(changed.models, first.models, strict=True))


def test_a_project_under_another_id_is_read_again(own: tuple[Running, VertexInventory, Connection]) -> None:
    running, inventory, _ = own
    first = inventory.snapshot([ML], running.world.now())
    renamed: Project = replace(ML, id="acme-other")
    second = inventory.snapshot([renamed], running.world.now())

    assert {one.project_id for one in first.endpoints} == {"acme-ml"}
    assert {one.project_id for one in second.endpoints} == {"acme-other"}


def test_a_page_that_is_known_and_comes_twice_still_spoils_the_listing(
    own: tuple[Running, VertexInventory, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    running, inventory, _ = own
    monkeypatch.setattr("guard.adapters.vertex.listing.PAGE_SIZE", 2)
    assert not inventory.snapshot([ML], running.world.now()).incomplete()

    running.world.faults.add("page_repeated", at=running.world.now())
    spoilt = inventory.snapshot([ML], running.world.now())

    assert {scope.location for scope in spoilt.incomplete()} == {"us-central1"}
