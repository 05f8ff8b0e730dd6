"""The official OpenAI client, unchanged, against the sandbox: files, jobs, models, chat, usage, refusals, faults."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import openai
import pytest

from guard.sandbox.server import Running, start_in_thread
from guard.sandbox.world import World

BASE = "gpt-4.1-mini-2025-04-14"


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with start_in_thread(World(start=datetime(2026, 11, 24, tzinfo=UTC))) as served:
        yield served


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{running.http}/openai/v1", api_key="key", admin_api_key="admin") as made:
        yield made


@pytest.fixture
def fresh() -> Iterator[tuple[World, openai.OpenAI]]:
    with (
        start_in_thread(World(start=datetime(2026, 11, 24, tzinfo=UTC))) as served,
        openai.OpenAI(base_url=f"{served.http}/openai/v1", api_key="key", admin_api_key="admin", max_retries=0) as made,
    ):
        yield served.world, made


def data(number: int = 30) -> bytes:
    colours = ("red", "blue")
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"thing {at} {colours[at % 2]}ish"},
                {"role": "assistant", "content": colours[at % 2]},
            ]
        }
        for at in range(number)
    ]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def a_job(client: openai.OpenAI, *, number: int = 30, validation: bool = False, **more: Any) -> Any:
    file = client.files.create(file=("train.jsonl", data(number)), purpose="fine-tune")
    if validation:
        more["validation_file"] = client.files.create(file=("held.jsonl", data(10)), purpose="fine-tune").id
    return client.fine_tuning.jobs.create(model=BASE, training_file=file.id, **more)


def test_a_file_goes_up_comes_down_is_listed_and_goes(client: openai.OpenAI) -> None:
    made = client.files.create(
        file=("a.jsonl", b'{"a": 1}\n'), purpose="fine-tune", expires_after={"anchor": "created_at", "seconds": 3600}
    )

    assert client.files.content(made.id).read() == b'{"a": 1}\n'
    assert (made.bytes, made.filename, made.expires_at) == (9, "a.jsonl", made.created_at + 3600)
    assert made.id in [file.id for file in client.files.list(purpose="fine-tune", limit=1)]
    assert client.files.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(made.id)


def test_only_jsonl_is_taken_for_tuning(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match=r"Must be \.jsonl"):
        client.files.create(file=("a.csv", b"x"), purpose="fine-tune")


def test_a_job_goes_through_its_states_in_virtual_time_and_leaves_a_model(fresh: tuple[World, openai.OpenAI]) -> None:
    world, client = fresh
    job = a_job(
        client,
        validation=True,
        suffix="tick",
        method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 4}}},
    )
    seen = [job.status]
    for _ in range(12):
        world.advance(timedelta(seconds=30))
        seen.append(client.fine_tuning.jobs.retrieve(job.id).status)
    done = client.fine_tuning.jobs.retrieve(job.id)

    assert list(dict.fromkeys(seen)) == ["validating_files", "running", "succeeded"]
    assert (done.fine_tuned_model or "").startswith(f"ft:{BASE}:sandbox:tick:")
    assert done.trained_tokens is not None
    assert done.trained_tokens % 4 == 0 < done.trained_tokens
    assert [item.step_number for item in client.fine_tuning.jobs.checkpoints.list(job.id)] == [120, 90, 60]
    rows = client.files.content(done.result_files[0]).read()
    assert rows
    answer = client.chat.completions.create(
        model=str(done.fine_tuned_model), messages=[{"role": "user", "content": "thing 77 redish"}]
    )
    assert answer.choices[0].message.content == "red"


def test_events_come_newest_first_over_pages_and_only_as_far_as_time_went(fresh: tuple[World, openai.OpenAI]) -> None:
    world, client = fresh
    job = a_job(client)
    early = [event.message for event in client.fine_tuning.jobs.list_events(job.id, limit=1)]
    world.advance(timedelta(hours=1))
    late = [event.message for event in client.fine_tuning.jobs.list_events(job.id, limit=2)]

    assert len(early) == 2
    assert late[0] == "The job has successfully completed"
    assert late[-2:] == early


def test_a_cancelled_job_leaves_no_model_and_cannot_be_cancelled_twice(fresh: tuple[World, openai.OpenAI]) -> None:
    world, client = fresh
    job = a_job(client)
    world.advance(timedelta(seconds=60))

    assert client.fine_tuning.jobs.cancel(job.id).status == "cancelled"
    world.advance(timedelta(hours=2))
    assert client.fine_tuning.jobs.retrieve(job.id).fine_tuned_model is None
    with pytest.raises(openai.BadRequestError, match="cannot be cancelled"):
        client.fine_tuning.jobs.cancel(job.id)


def test_a_paused_job_stands_still_until_it_is_resumed(fresh: tuple[World, openai.OpenAI]) -> None:
    world, client = fresh
    job = a_job(client)
    world.advance(timedelta(seconds=60))

    assert client.fine_tuning.jobs.pause(job.id).status == "paused"
    world.advance(timedelta(days=1))
    assert client.fine_tuning.jobs.retrieve(job.id).status == "paused"
    assert client.fine_tuning.jobs.resume(job.id).status == "running"
    world.advance(timedelta(minutes=10))
    assert client.fine_tuning.jobs.retrieve(job.id).status == "succeeded"


def test_too_few_or_broken_examples_fail_the_job_and_not_the_call(fresh: tuple[World, openai.OpenAI]) -> None:
    world, client = fresh
    few = a_job(client, number=9)
    broken = client.files.create(file=("b.jsonl", b"{" * 3), purpose="fine-tune")
    bad = client.fine_tuning.jobs.create(model=BASE, training_file=broken.id)
    world.advance(timedelta(minutes=1))

    assert (client.fine_tuning.jobs.retrieve(few.id).error or few.error).code == "invalid_n_examples"
    assert (client.fine_tuning.jobs.retrieve(bad.id).error or bad.error).code == "invalid_training_file"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"model": "gpt-6-luna"}, "not available for fine-tuning"),
        ({"model": "gpt-4.1-nano-2025-04-14"}, "shut down"),
        ({"training_file": "file-none"}, "invalid training_file"),
        ({"suffix": "x" * 65}, "suffix"),
        ({"seed": -1}, "seed"),
        ({"method": {"type": "magic"}}, "method.type"),
        ({"method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 51}}}}, "n_epochs"),
        ({"metadata": {"k": "v" * 513}}, "metadata"),
    ],
)
def test_what_the_service_refuses_is_refused(client: openai.OpenAI, more: dict[str, Any], said: str) -> None:
    file = client.files.create(file=("train.jsonl", data()), purpose="fine-tune")

    with pytest.raises(openai.BadRequestError, match=said):
        client.fine_tuning.jobs.create(**{"model": BASE, "training_file": file.id, **more})


def test_an_organisation_that_may_no_longer_tune_is_refused_and_so_is_everybody_after_the_last_day(
    fresh: tuple[World, openai.OpenAI],
) -> None:
    world, client = fresh
    client.post("/../../sandbox/openai", body={"eligible": False}, cast_to=httpx.Response)
    with pytest.raises(openai.PermissionDeniedError) as refused:
        a_job(client)
    client.post("/../../sandbox/openai", body={"eligible": True}, cast_to=httpx.Response)
    a_job(client)
    world.advance(timedelta(days=45))

    assert refused.value.code == "fine_tuning_not_available"
    with pytest.raises(openai.PermissionDeniedError):
        a_job(client)


def test_jobs_are_found_by_metadata_over_pages(fresh: tuple[World, openai.OpenAI]) -> None:
    _, client = fresh
    for at in range(5):
        a_job(client, metadata={"run": f"r{at % 2}"})
    a_job(client)

    assert len(list(client.fine_tuning.jobs.list(limit=2))) == 6
    assert len(list(client.fine_tuning.jobs.list(limit=2, metadata={"run": "r0"}))) == 3
    assert len(list(client.fine_tuning.jobs.list(extra_query={"metadata": "null"}))) == 1


def test_models_tell_their_last_day_and_die_with_their_base(fresh: tuple[World, openai.OpenAI]) -> None:
    world, client = fresh
    job = a_job(client)
    world.advance(timedelta(hours=1))
    tune = str(client.fine_tuning.jobs.retrieve(job.id).fine_tuned_model)

    assert client.models.retrieve(tune).shutdown_date == "2027-01-14"
    world.advance(timedelta(days=60))
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve(tune)
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model=tune, messages=[{"role": "user", "content": "x"}])


def test_a_tune_is_deleted_by_an_owner_only_and_a_base_by_nobody(fresh: tuple[World, openai.OpenAI]) -> None:
    world, client = fresh
    job = a_job(client)
    world.advance(timedelta(hours=1))
    tune = str(client.fine_tuning.jobs.retrieve(job.id).fine_tuned_model)
    client.post("/../../sandbox/openai", body={"may_delete_models": False}, cast_to=httpx.Response)

    with pytest.raises(openai.PermissionDeniedError, match="Owner"):
        client.models.delete(tune)
    client.post("/../../sandbox/openai", body={"may_delete_models": True}, cast_to=httpx.Response)
    assert client.models.delete(tune).deleted
    assert tune not in [model.id for model in client.models.list()]
    with pytest.raises(openai.PermissionDeniedError):
        client.models.delete(BASE)


def test_a_stream_says_the_same_as_a_whole_answer_and_ends_with_its_usage(client: openai.OpenAI) -> None:
    asked: Any = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": "tell me about marble fountains"}]}
    whole = client.chat.completions.create(**asked)
    chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))

    assert (
        "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        == whole.choices[0].message.content
    )
    assert chunks[-1].usage == whole.usage
    assert (
        client.responses.create(model="gpt-6-luna", input="tell me about marble fountains").output_text
        == whole.choices[0].message.content
    )


def test_usage_and_costs_add_up_by_model_and_over_pages(fresh: tuple[World, openai.OpenAI]) -> None:
    world, client = fresh
    start = int(world.now().timestamp())
    for _ in range(3):
        client.chat.completions.create(model="gpt-6-luna", messages=[{"role": "user", "content": "hello"}])
        world.advance(timedelta(days=1))
    client.chat.completions.create(model=BASE, messages=[{"role": "user", "content": "hello"}])

    used: dict[str | None, int] = {}
    page: str | None = None
    while True:
        more = {"page": page} if page else {}
        found = client.admin.organization.usage.completions(start_time=start, group_by=["model"], limit=2, **more)  # type: ignore[arg-type]  # a page only where there is one
        for bucket in found.data:
            for row in bucket.results:
                used[row.model] = used.get(row.model, 0) + row.num_model_requests  # type: ignore[union-attr]  # the client's union of all results
        page = found.next_page
        if not found.has_more:
            break
    assert used == {"gpt-6-luna": 3, BASE: 1}
    costs = client.admin.organization.usage.costs(start_time=start, group_by=["line_item"])
    items = {row.line_item for bucket in costs.data for row in bucket.results}  # type: ignore[union-attr]  # the same
    assert f"{BASE}, input" in items


def test_seeded_tunes_have_a_past(fresh: tuple[World, openai.OpenAI]) -> None:
    world, client = fresh
    tune = {"base": BASE, "suffix": "old", "created_days_ago": 40, "last_used_days_ago": 10, "requests_per_day": 5}
    client.post(
        "/../../sandbox/openai",
        body={"tunes": [tune, {**tune, "suffix": "never", "last_used_days_ago": None}]},
        cast_to=httpx.Response,
    )

    names = [model.id for model in client.models.list() if model.id.startswith("ft:")]
    start = int(world.now().timestamp()) - 45 * 86400
    found = client.admin.organization.usage.completions(start_time=start, group_by=["model"], limit=31)
    assert len(names) == 2
    assert {row.model for bucket in found.data for row in bucket.results} == {name for name in names if ":old:" in name}  # type: ignore[union-attr]  # the same


def test_a_call_that_fails_is_retried_by_the_client_and_one_whose_answer_is_dropped_was_done(
    fresh: tuple[World, openai.OpenAI],
) -> None:
    world, client = fresh
    world.faults.add("server_error", at=world.now(), scope={"service": "openai", "method": "GET models"}, count=1)
    assert client.with_options(max_retries=1).models.list().data
    world.faults.add("answer_dropped", at=world.now(), scope={"service": "openai", "method": "POST files"}, count=1)
    with pytest.raises(openai.APIConnectionError):
        client.files.create(file=("a.jsonl", data()), purpose="fine-tune")

    assert len(list(client.files.list())) == 1
