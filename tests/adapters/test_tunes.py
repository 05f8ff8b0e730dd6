"""A look at the fine-tuning service, over the wire from the sandbox: with both keys, with one, and when it goes wrong."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import httpx
import pytest

from guard.adapters.openai.client import OpenAIClient
from guard.adapters.openai.tunes import OpenAITunes, training_prices
from guard.core.model import JobState
from guard.core.tunes import TuneLook
from guard.core.units import Known, Unknown
from guard.ports.errors import Malformed, PermissionMissing, Unavailable, WorldMismatch
from guard.sandbox.server import Running
from tests.adapters.sandboxed import serving

LINES = b"\n".join(
    json.dumps({"messages": [{"role": "user", "content": f"q {n}"}, {"role": "assistant", "content": "a"}]}).encode()
    for n in range(12)
)


@pytest.fixture
def running() -> Iterator[Running]:
    with serving("start: 2026-11-02T00:00:00Z\nprojects: [{id: acme-ml, number: '123456'}]\n") as one:
        yield one


def look(running: Running, *, admin: str | None = "sk-admin") -> TuneLook:
    client = OpenAIClient(f"{running.http}/openai/v1", sandboxed=True)
    try:
        return OpenAITunes(client, key="sk-ordinary", admin_key=admin).look(running.world.now())
    finally:
        client.close()


def seed(running: Running, *tunes: dict[str, object]) -> None:
    httpx.post(f"{running.http}/sandbox/openai", json={"tunes": list(tunes)}).raise_for_status()


def train(running: Running) -> None:
    with httpx.Client(base_url=f"{running.http}/openai/v1", timeout=10) as client:
        file = client.post(
            "/files", files={"file": ("a.jsonl", io.BytesIO(LINES))}, data={"purpose": "fine-tune"}
        ).json()
        body = {"model": "gpt-4.1-mini-2025-04-14", "training_file": file["id"], "suffix": "mine"}
        client.post("/fine_tuning/jobs", json=body).raise_for_status()


def test_jobs_tunes_files_last_use_and_costs_are_seen(running: Running) -> None:
    seed(
        running,
        {"suffix": "used", "created_days_ago": 80, "last_used_days_ago": 40.25},
        {"suffix": "idle", "created_days_ago": 80},
    )
    train(running)
    running.world.advance(timedelta(hours=3))

    seen = look(running)

    [job] = seen.jobs
    assert (job.state, job.suffix, job.base) == (JobState.SUCCEEDED, "mine", "gpt-4.1-mini-2025-04-14")
    assert job.trained_tokens
    assert job.last_step
    assert [point.step for point in job.losses] == list(range(1, job.last_step + 1))
    last = {tune.id.split(":")[3]: tune.last_used for tune in seen.tunes}
    used = running.world.start - timedelta(days=40.25)
    assert last["used"] == Known(used.replace(minute=0)), "refined to its hour, five weeks back over two pages"
    assert last["idle"] == last["mine"] == Known(None)
    assert {tune.shut_down for tune in seen.tunes} == {date(2027, 1, 14)}
    assert {file.purpose for file in seen.files} == {"fine-tune", "fine-tune-results"}
    assert isinstance(seen.spent, Known)
    training = seen.spent.value["gpt-4.1-mini-2025-04-14, training"]
    assert training.amount == pytest.approx(Decimal(job.trained_tokens) * 5 / 1_000_000)


def test_without_an_admin_key_last_use_and_costs_are_unknown_and_say_why(running: Running) -> None:
    seed(running, {"suffix": "used", "last_used_days_ago": 1})
    seen = look(running, admin=None)
    assert seen.tunes[0].last_used == Unknown("usage needs an admin key: OPENAI_ADMIN_KEY")
    assert seen.spent == Unknown("costs need an admin key: OPENAI_ADMIN_KEY")


def test_a_revoked_admin_key_makes_it_unknown_and_the_rest_is_seen(running: Running) -> None:
    seed(running, {"suffix": "used", "last_used_days_ago": 1})
    scope = {"service": "openai", "resource": "organization/usage"}
    running.world.faults.add("permission_lost", at=running.world.now(), scope=scope)

    seen = look(running)

    assert isinstance(seen.tunes[0].last_used, Unknown)
    assert "Missing scopes" in seen.tunes[0].last_used.reason
    assert len(seen.tunes) == 1


def test_usage_that_is_cut_in_the_middle_is_unknown(running: Running) -> None:
    seed(running, {"suffix": "used", "last_used_days_ago": 1})
    scope = {"service": "openai", "method": "GET organization/usage"}
    running.world.faults.add("server_error", at=running.world.now(), scope=scope)
    assert isinstance(look(running).tunes[0].last_used, Unknown)


def test_jobs_that_cannot_be_listed_fail_the_look(running: Running) -> None:
    scope = {"service": "openai", "method": "GET fine_tuning/jobs"}
    running.world.faults.add("server_error", at=running.world.now(), scope=scope)
    with pytest.raises(Unavailable):
        look(running)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"data": "none"}, Malformed),
        ({"data": [{"id": "a"}, {"id": "a"}]}, Malformed),
        ({"data": [], "has_more": True}, Malformed),
        ({"data": [{"id": "a", "status": "running"}]}, Malformed),
    ],
)
def test_an_answer_of_another_form_is_not_trusted(
    running: Running, monkeypatch: pytest.MonkeyPatch, answer: dict[str, object], error: type[Exception]
) -> None:
    monkeypatch.setattr(OpenAIClient, "get", lambda *_args: answer)
    with pytest.raises(error):
        look(running)


def test_a_bucket_with_fewer_than_no_requests_is_unknown(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(running, {"suffix": "used", "last_used_days_ago": 1})
    results = [{"model": "ft:x", "num_model_requests": -3}]
    monkeypatch.setattr(OpenAIClient, "buckets", lambda *_args: iter([{"start_time": 0, "results": results}]))
    last = look(running).tunes[0].last_used
    assert isinstance(last, Unknown)
    assert "-3 requests" in last.reason


def test_a_state_that_is_not_known_is_unfamiliar(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    train(running)
    real = OpenAIClient.listed

    def renamed(client: OpenAIClient, path: str, key: str) -> object:
        for item in real(client, path, key):
            yield {**item, "status": "meditating"} if "jobs" in path else item

    monkeypatch.setattr(OpenAIClient, "listed", renamed)
    [job] = look(running).jobs
    assert (job.state, job.state_text) == (JobState.UNFAMILIAR, "meditating")


def test_with_a_sandbox_set_no_other_machine_is_called() -> None:
    client = OpenAIClient("https://api.openai.com/v1", sandboxed=True)
    with pytest.raises(WorldMismatch):
        client.get("/models", "sk-secret")


def test_a_refusal_does_not_tell_the_key(running: Running) -> None:
    running.world.faults.add("permission_lost", at=running.world.now(), scope={"service": "openai"})
    client = OpenAIClient(f"{running.http}/openai/v1", sandboxed=True)
    with pytest.raises(PermissionMissing) as refused:
        client.get("/organization/costs", "sk-very-secret", {"start_time": 0})
    assert "sk-very-secret" not in str(refused.value)


def test_every_shipped_training_price_has_source_and_day() -> None:
    for price in training_prices().values():
        assert price.source
        assert date(2025, 1, 1) <= price.as_of < date(2026, 11, 25)
        assert price.amount.currency == "USD"
