"""Acts at a provider of tuned models: only what guard.yaml opts in to, through notice, second look, intent and a fresh read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from guard.core.reasons import BlockReason
from guard.core.removal import ActState
from guard.core.verdict import Stage
from tests.cli.world import Place
from tests.e2e.harness import CONFIG, Harness, a_harness

KEYS = {"OPENAI_API_KEY": "sk-ordinary", "OPENAI_ADMIN_KEY": "sk-admin"}
LINE = '{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}\n'


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    read = vars(Harness)["environment"].fget
    monkeypatch.setattr(Harness, "environment", property(lambda self: {**read(self), **KEYS}))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with a_harness(tmp_path, config=CONFIG) as harness:
        yield Place(harness, tmp_path)


def api(place: Place) -> httpx.Client:
    headers = {"Authorization": "Bearer sk-ordinary"}
    return httpx.Client(base_url=f"{place.harness.running.http}/openai/v1", headers=headers, timeout=10)


def upload(place: Place) -> str:
    with api(place) as client:
        file = client.post("/files", files={"file": ("train.jsonl", LINE * 12)}, data={"purpose": "fine-tune"}).json()
    return str(file["id"])


def start_job(place: Place) -> str:
    with api(place) as client:
        body = {"model": "gpt-4.1-mini-2025-04-14", "training_file": upload(place), "suffix": "nightly"}
        answer = client.post("/fine_tuning/jobs", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def seed_tunes(place: Place) -> dict[str, str]:
    tunes = [
        {"suffix": "old", "created_days_ago": 80, "last_used_days_ago": 60},
        {"suffix": "used", "created_days_ago": 80, "last_used_days_ago": 1},
    ]
    httpx.post(f"{place.harness.running.http}/sandbox/openai", json={"tunes": tunes}).raise_for_status()
    with api(place) as client:
        names = [str(one["id"]) for one in client.get("/models").json()["data"] if str(one["id"]).startswith("ft:")]
    return {name.split(":")[3]: name for name in names}


def opt_in(place: Place, text: str) -> None:
    place.harness.configure(CONFIG + f"openai: {{every: 30min, {text}}}\n")


def changes(place: Place) -> list[Any]:
    return [one for one in place.harness.running.world.calls if one.service == "openai" and one.changes]


def at_openai(place: Place) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(f"{place.harness.running.http}/sandbox/openai").json()
    return answer


def test_an_unused_tune_goes_only_where_it_is_named_and_people_hear_that_it_saves_nothing(place: Place) -> None:
    names = seed_tunes(place)
    file = upload(place)
    opt_in(
        place,
        f'delete: [{{model: "{names["old"]}", accepted_by: ada}}, {{model: "{names["used"]}", accepted_by: ada}}, '
        f"{{file: {file}, accepted_by: ada, unused_for: 3h}}]",
    )
    place.harness.steps(2)

    told = place.harness.told()
    assert "deleting it saves nothing and cannot be undone, which ada accepts" in told
    assert "This cannot be undone." in told
    assert changes(place)[1:] == [], "nothing before the notice is over (the upload is ours)"
    said = " ".join(place.here("explain", names["old"]).out.split())
    assert "cannot be undone" in said

    place.harness.steps(5)
    left = at_openai(place)
    assert left["tunes"] == [names["used"]]
    assert left["files"] == []
    acts = {act.key.subject.rsplit("/", 1)[-1]: act for act in place.harness.acts() if act.project == "openai"}
    assert {name: act.state for name, act in acts.items()} == {
        names["old"]: ActState.VERIFIED,
        file: ActState.VERIFIED,
    }
    assert {act.key.stage for act in acts.values()} == {Stage.DELETE_MODEL, Stage.DELETE_FILE}
    assert all(act.evidence["accepted_by"] == "ada" for act in acts.values()), "recorded by value"
    savings = [one for one in place.harness.guard.ledger.savings() if "openai" in one.subject]
    assert savings == [], "it saves nothing, so nothing is claimed"


def test_a_job_that_does_not_move_is_cancelled_once_after_its_notice(place: Place) -> None:
    httpx.post(
        f"{place.harness.running.http}/sandbox/faults", json={"kind": "tuning_stalls", "service": "openai"}
    ).raise_for_status()
    job = start_job(place)
    place.harness.clear_faults()
    before = len(changes(place))
    opt_in(place, "stalled_after: 2h")
    place.harness.steps(4)
    assert place.harness.told().count("Look: tuneguard explain projects/openai/") == 1, (
        "told once, by its verdict, where nothing is opted in"
    )
    assert changes(place)[before:] == []
    opt_in(place, "do: [cancel_job], stalled_after: 2h, notify_before: 1h")
    place.harness.steps(5)

    assert at_openai(place)["jobs"][job] == "cancelled"
    cancels = [one for one in changes(place)[before:] if "cancel" in one.method]
    assert len(cancels) == 1
    [act] = [act for act in place.harness.acts() if act.project == "openai"]
    assert (act.key.stage, act.state) == (Stage.CANCEL_JOB, ActState.VERIFIED)
    assert "nightly" in place.harness.told()


@pytest.mark.parametrize("mode", ["observe", "approve"])
def test_without_the_mode_or_a_persons_word_nothing_is_called(place: Place, mode: str) -> None:
    names = seed_tunes(place)
    text = CONFIG.replace("mode: enforce", f"mode: {mode}")
    delete = f'delete: [{{model: "{names["old"]}", accepted_by: ada}}]'
    place.harness.configure(f"{text}openai: {{every: 30min, {delete}}}\n")
    place.harness.steps(5)
    assert changes(place) == []
    if mode == "approve":
        assert place.here("approve", names["old"], "--who", "ada").code == 0
        place.harness.steps(3)
        assert names["old"] not in at_openai(place)["tunes"]


def test_a_keep_and_a_use_up_to_the_call_both_keep_it(place: Place) -> None:
    names = seed_tunes(place)
    opt_in(place, f'delete: [{{model: "{names["old"]}", accepted_by: ada}}]')
    place.harness.steps(2)
    with api(place) as client:
        body = {"model": names["old"], "messages": [{"role": "user", "content": "still here?"}]}
        assert client.post("/chat/completions", json=body).status_code == 200
    place.harness.advance(0.1)  # usage data is of the time before a look
    place.harness.steps(4)
    assert names["old"] in at_openai(place)["tunes"]
    assert not [one for one in changes(place) if "DELETE" in one.method]


def test_what_usage_does_not_show_is_unknown_and_stays(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    names = seed_tunes(place)
    monkeypatch.setitem(KEYS, "OPENAI_ADMIN_KEY", "")
    opt_in(place, f'delete: [{{model: "{names["old"]}", accepted_by: ada}}]')
    place.harness.steps(4)
    assert names["old"] in at_openai(place)["tunes"]
    verdict = place.harness.guard.ledger.verdict(f"projects/openai/locations/global/models/{names['old']}")
    assert verdict is not None
    assert (verdict["decision"], verdict["reason"]) == ("unknown", "metrics_missing")


def test_a_lost_answer_is_unknown_then_asked_about_and_never_sent_again(place: Place) -> None:
    names = seed_tunes(place)
    opt_in(place, f'delete: [{{model: "{names["old"]}", accepted_by: ada}}]')
    place.harness.steps(2)
    place.harness.fault("answer_dropped", service="openai", method="DELETE models")
    place.harness.steps(1)
    results = place.harness.steps(2)
    [act] = [act for act in place.harness.acts() if act.project == "openai"]
    assert act.state is ActState.VERIFIED
    assert len([one for one in changes(place) if one.method.startswith("DELETE")]) == 1
    assert results


def test_a_key_that_may_not_delete_is_refused_and_told(place: Place) -> None:
    names = seed_tunes(place)
    httpx.post(f"{place.harness.running.http}/sandbox/openai", json={"may_delete_models": False}).raise_for_status()
    opt_in(place, f'delete: [{{model: "{names["old"]}", accepted_by: ada}}]')
    place.harness.steps(4)
    [*_, act] = [act for act in place.harness.acts() if act.project == "openai"]
    assert BlockReason.PLATFORM_REFUSED in {one.block for one in place.harness.acts() if one.project == "openai"}
    assert names["old"] in at_openai(place)["tunes"]
    assert "need to be an Owner" in " ".join(one.detail for one in place.harness.acts())
    assert act.key.attempt <= 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("delete: [{accepted_by: ada}]", "expected either model or file"),
        ('delete: [{model: "ft:*", accepted_by: ada}]', "delete[0].model"),
        ('delete: [{model: "ft:gpt:a:b:c"}]', "delete[0].accepted_by"),
        ("do: [delete_model]", "openai.do[0]"),
    ],
)
def test_only_whole_ids_with_a_name_are_taken(place: Place, given: str, said: str) -> None:
    opt_in_text = CONFIG + f"openai: {{{given}}}\n"
    place.config.write_text(opt_in_text.replace("SINK", place.harness.sink.url))
    answer = place.here("config", "check")
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
