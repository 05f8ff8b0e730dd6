"""The audit log of the sandbox, read by the unchanged client library over the wire."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from guard.sandbox.server import Running, start_in_thread
from guard.sandbox.world import Creation, Project, World

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
PARENT = "projects/123456/locations/us-central1"
SINCE = 'timestamp>="2026-01-01T00:00:00Z"'
CREATOR = (
    'logName:"cloudaudit.googleapis.com%2Factivity" AND protoPayload.serviceName="aiplatform.googleapis.com" '
    'AND protoPayload.methodName=~"EndpointService.(CreateEndpoint|DeployModel)$" '
    f'AND protoPayload.resourceName:"endpoints/1001" AND {SINCE}'
)


def made(method: str, resource: str, who: str, *, ago: timedelta, parent: str = PARENT) -> Creation:
    return Creation(
        at=NOW - ago, method=f"google.cloud.aiplatform.v1.{method}", resource=f"{parent}/{resource}", principal=who
    )


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    world = World(start=NOW)
    world.add_project(Project(id="demo", number="123456"))
    world.add_project(Project(id="other", number="99"))
    world.add_project(Project(id="closed", number="77", forbidden=True))
    elsewhere = "projects/99/locations/us-central1"
    world.creations += [
        made("EndpointService.DeployModel", "endpoints/1001", "bo@example.com", ago=timedelta(days=2)),
        made("EndpointService.CreateEndpoint", "endpoints/1001", "ada@example.com", ago=timedelta(days=3)),
        made("EndpointService.UndeployModel", "endpoints/1001", "cy@example.com", ago=timedelta(days=1)),
        made("EndpointService.CreateEndpoint", "endpoints/1002", "anonymous", ago=timedelta(days=1)),
        made("EndpointService.CreateEndpoint", "endpoints/1001", "old@example.com", ago=timedelta(days=500)),
        made("EndpointService.CreateEndpoint", "endpoints/1001", "next@example.com", ago=timedelta(days=-1)),
        made("EndpointService.CreateEndpoint", "endpoints/7", "di@example.com", ago=timedelta(1), parent=elsewhere),
    ]
    with start_in_thread(world) as running:
        yield running


@pytest.fixture(scope="module")
def client(sandbox: Running) -> Any:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import logging

    return logging.Client(
        project="demo",
        credentials=AnonymousCredentials(),
        _use_grpc=False,
        client_options={"api_endpoint": sandbox.http},
    )


def principals(client: Any, filter_: str, **options: Any) -> list[str | None]:
    entries = client.list_entries(filter_=filter_, **options)
    return [entry.payload["authenticationInfo"].get("principalEmail") for entry in entries]


def post(sandbox: Running, **body: Any) -> requests.Response:
    return requests.post(f"{sandbox.http}/v2/entries:list", json=body, timeout=5)


def test_the_creator_of_an_endpoint_is_found_by_the_filter_that_guards_use(client: Any) -> None:
    assert principals(client, CREATOR) == ["ada@example.com", "bo@example.com"]


def test_entries_tell_when_what_and_in_which_log(client: Any) -> None:
    entry = next(iter(client.list_entries(filter_=CREATOR)))

    assert entry.timestamp == NOW - timedelta(days=3)
    assert entry.log_name == "projects/demo/logs/cloudaudit.googleapis.com%2Factivity"
    assert entry.payload["resourceName"] == f"{PARENT}/endpoints/1001"
    assert entry.payload["methodName"] == "google.cloud.aiplatform.v1.EndpointService.CreateEndpoint"


def test_newest_first_when_asked(client: Any) -> None:
    assert principals(client, CREATOR, order_by="timestamp desc") == ["bo@example.com", "ada@example.com"]


def test_pages_follow_each_other(client: Any) -> None:
    assert principals(client, SINCE, page_size=1) == ["ada@example.com", "bo@example.com", "cy@example.com", None]


@pytest.mark.parametrize(
    ("filter_", "seen"),
    [
        ('protoPayload.methodName:"undeploy"', ["cy@example.com"]),
        ('protoPayload.authenticationInfo.principalEmail = ("ada@example.com" OR "cy@example.com")', ["ada", "cy"]),
        ("NOT protoPayload.authenticationInfo.principalEmail:*", [None]),
        ('severity>=NOTICE protoPayload.resourceName!~"endpoints/1001"', [None]),
        ('timestamp<"2026-11-22T09:00:00Z" (protoPayload.methodName:"Create" OR severity=ERROR)', ["ada"]),
        ('resource.labels.project_id="demo" AND resource.type!="audited_resource"', []),
        ("severity>=WARNING", []),
    ],
)
def test_filters_follow_the_query_language(client: Any, filter_: str, seen: list[str | None]) -> None:
    found = principals(client, f"{SINCE} AND ({filter_})")

    assert [(who or "").partition("@")[0] for who in found] == [(who or "").partition("@")[0] for who in seen]


@pytest.mark.parametrize(
    ("filter_", "said"),
    [
        ("severity>=", "expected a value, found the end"),
        ("(severity=NOTICE", "expected ')'"),
        ('protoPayload.methodName=~"("', "no regular expression"),
        ('timestamp>"soon"', "'soon' is no timestamp"),
        ('"text"', "expected a field"),
    ],
)
def test_a_filter_that_cannot_be_read_is_refused(sandbox: Running, filter_: str, said: str) -> None:
    refused = post(sandbox, resourceNames=["projects/demo"], filter=filter_)

    assert (refused.status_code, refused.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert said in refused.json()["error"]["message"]


def test_an_organisation_has_no_entries_of_its_projects(sandbox: Running) -> None:
    assert post(sandbox, resourceNames=["organizations/1"]).json() == {}


def test_two_projects_are_read_in_one_call(sandbox: Running) -> None:
    entries = post(sandbox, resourceNames=["projects/demo", "projects/99"], filter=SINCE).json()["entries"]

    assert {entry["resource"]["labels"]["project_id"] for entry in entries} == {"demo", "other"}


@pytest.mark.parametrize("name", ["projects/closed", "projects/nowhere"])
def test_a_project_that_is_closed_or_not_there_is_forbidden(sandbox: Running, name: str) -> None:
    refused = post(sandbox, resourceNames=[name])

    assert (refused.status_code, refused.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


def test_a_lost_permission_is_forbidden(sandbox: Running) -> None:
    sandbox.world.faults.add("permission_lost", at=NOW, scope={"permission": "logging.logEntries.list"}, count=1)

    assert post(sandbox, resourceNames=["projects/demo"]).status_code == 403
    assert post(sandbox, resourceNames=["projects/demo"]).status_code == 200


@pytest.mark.parametrize(("kind", "seen"), [("page_missing", 2), ("page_repeated", 4), ("listing_shrinks", 2)])
def test_listings_can_go_wrong(sandbox: Running, client: Any, kind: str, seen: int) -> None:
    sandbox.world.faults.add(kind, at=NOW, scope={"service": "logging"})
    found = principals(client, SINCE, page_size=2)
    sandbox.world.faults.clear()

    assert len(found) == seen
    assert len(set(found)) == 2


def test_a_call_through_the_api_is_in_the_log(sandbox: Running) -> None:
    requests.post(
        f"{sandbox.http}/v1/projects/demo/locations/us-central1/endpoints",
        json={"displayName": "new"},
        headers={"Authorization": "Bearer sandbox:eve@example.com"},
        timeout=5,
    ).raise_for_status()
    newest = post(sandbox, resourceNames=["projects/demo"], filter=SINCE, orderBy="timestamp desc", pageSize=1).json()
    payload = newest["entries"][0]["protoPayload"]

    assert payload["authenticationInfo"] == {"principalEmail": "eve@example.com"}
    assert payload["methodName"].endswith("EndpointService.CreateEndpoint")
