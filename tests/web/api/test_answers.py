"""The API as a machine meets it: who may, what a refusal looks like, and that nothing was forgotten."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest

from guard.adapters.remote import RemoteDesk
from guard.core.access import Role
from guard.desk import LedgerDesk
from guard.ports.desk import Desk
from guard.web.api.description import described
from guard.web.words import QUESTIONS, WORDS
from tests.web.api.rig import Api, an_api
from tests.web.place import Place

V1 = "/api/v1"


@pytest.fixture(scope="module")
def api(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with an_api(place, tmp_path_factory.mktemp("api")) as one:
        yield one


def test_every_question_and_word_of_the_desk_has_a_route_and_goes_over_the_wire() -> None:
    routes = {
        (method, path.removeprefix(f"{V1}/").replace("-", "_"))
        for path, methods in described()["paths"].items()
        for method in methods
    }
    asked = {("get", name) for name in QUESTIONS - {"speaker", "close"}} | {("get", "me")}

    assert routes == asked | {("post", name) for name in WORDS}
    for name in QUESTIONS | WORDS:
        wanted = inspect.signature(getattr(Desk, name))
        assert inspect.signature(getattr(RemoteDesk, name)).parameters == wanted.parameters
        assert inspect.signature(getattr(LedgerDesk, name)).parameters == wanted.parameters


def test_an_answer_is_the_desks_own_document(place: Place, api: Api) -> None:
    client = api.client("reader", Role.VIEWER)

    for name in ("status", "plan", "jobs", "costs", "budgets", "prices", "fleet", "week"):
        desks = place.desk.fleet({}) if name == "fleet" else getattr(place.desk, name)()
        answer = client.get(f"{V1}/{name}").json()
        for one in (told := _plain(desks), answer):
            for key in ("schema_version", "stamp", "figures"):  # of the copy's own ledger; made in the background
                one.pop(key, None)
        assert answer == told, name


def test_without_a_token_that_works_nothing_is_told(api: Api) -> None:
    client = api.client("short-lived", Role.VIEWER)
    assert client.get(f"{V1}/me").json()["name"] == "token short-lived"
    client.headers["authorization"] = "Bearer wrong"

    for path in described()["paths"]:
        answer = client.request("post" if path.rsplit("/", 1)[-1].replace("-", "_") in WORDS else "get", path)
        assert answer.status_code == 401, path
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.get(f"{V1}/openapi.json").status_code == 401


def test_a_viewer_reads_an_owner_speaks_of_their_own_and_an_operator_of_all(api: Api) -> None:
    viewer, owner = api.client("v", Role.VIEWER), api.client("o", Role.OWNER, frozenset({"ml"}))
    operator = api.client("p", Role.OPERATOR)
    mine, other = {"name": "busy", "why": "demo"}, {"name": "waiting", "why": "demo"}

    assert viewer.get(f"{V1}/status").status_code == 200
    assert viewer.post(f"{V1}/keep", json=mine).status_code == 403
    kept = owner.post(f"{V1}/keep", json=mine)
    assert (kept.status_code, kept.json()["who"]) == (200, "token o")
    refused = owner.post(f"{V1}/keep", json=other)
    assert (refused.status_code, refused.json()["code"]) == (403, "Forbidden")
    assert owner.post(f"{V1}/pause", json={}).status_code == 403
    assert operator.post(f"{V1}/keep", json=other).status_code == 200
    assert operator.post(f"{V1}/unkeep", json={"name": "waiting"}).json()["ended"] == 1


def test_an_owner_restores_their_own_only_whatever_else_bears_the_name_now(api: Api) -> None:
    """`waiting` is removed; then another thing takes its name, and is somebody else's."""
    operator, owner = api.client("q", Role.OPERATOR), api.client("r", Role.OWNER, frozenset({"ml"}))
    assert (
        owner.post(f"{V1}/restore", json={"name": "busy"}).json()["detail"].startswith("'busy' names nothing that was")
    )
    api.execute("UPDATE acts SET state = 'verified', display_name = 'busy' WHERE display_name = 'waiting'")

    refused = owner.post(f"{V1}/restore", json={"name": "busy"})
    assert (refused.status_code, "which is shop's" in refused.json()["detail"]) == (403, True)
    assert operator.get(f"{V1}/find", params={"name": "busy"}).json()["owner"] == "ml"
    assert operator.get(f"{V1}/find", params={"name": "busy", "removed": True}).json()["owner"] == "shop"


def test_nothing_is_said_by_get(api: Api) -> None:
    client = api.client("getter")

    for word in WORDS:
        assert client.get(f"{V1}/{word.replace('_', '-')}").status_code == 405, word


@pytest.mark.parametrize(
    ("path", "status", "code", "detail"),
    [
        ("/status?projct=x", 422, "", "projct"),
        ("/status?project=nope", 404, "NotFoundByName", "found 'nope', which is about nothing"),
        ("/explain?name=nope", 404, "NotFoundByName", "names nothing that the guard has seen"),
        ("/explain?name=twins", 404, "NotFoundByName", "names 2 things"),
        ("/costs?by=weather", 422, "NotUnderstood", "found 'weather'"),
        ("/history?limit=0", 422, "", "limit"),
        ("/moment?text=soon", 422, "NotUnderstood", "found 'soon'"),
        ("/nothing", 404, "", "/api/v1/nothing"),
    ],
)
def test_a_refusal_says_what_was_found_in_one_form(api: Api, path: str, status: int, code: str, detail: str) -> None:
    answer = api.client(f"r{abs(hash(path))}", Role.VIEWER).get(f"{V1}{path}")

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert detail in problem["detail"]
    assert problem.get("code", "") == code
    assert problem["status"] == status


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"name": "busy", "untill": "2026-12-01T00:00:00Z"}, "untill"),
        ({"name": "busy", "until": "2026-12-01T00:00:00"}, "timezone"),
        ({"name": ""}, "name"),
        ({"name": "busy", "why": "x" * 2001}, "why"),
    ],
)
def test_a_word_that_cannot_be_read_is_not_taken(api: Api, body: dict[str, str], detail: str) -> None:
    client = api.client(f"w{abs(hash(detail))}")

    answer = client.post(f"{V1}/keep", json=body)

    assert (answer.status_code, detail in answer.json()["detail"]) == (422, True), answer.text
    assert client.get(f"{V1}/explain", params={"name": "twins"}).status_code == 404


def _plain(document: object) -> dict[str, object]:
    import json

    found = json.loads(json.dumps(document))
    assert isinstance(found, dict)
    return found
