"""From raw data to an empty project on Google Cloud: Gemini, and an open model on an endpoint of its own."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.scripts.forking import Forker
from tests.scripts.test_walk_openai import raw_tickets
from tests.scripts.walking import BUCKET, Walk, a_walk

POLL = ("--poll", "0.05")
FILES = ("--train", "data/train.jsonl", "--validation", "data/validation.jsonl")
DATA = (*FILES, "--epochs", "3", "--bucket", f"gs://{BUCKET}/tuning", "--owner", "ada", "--yes", *POLL)


@pytest.fixture
def walk(tmp_path: Path, forker: Forker) -> Iterator[Walk]:
    with a_walk(tmp_path, forker) as made:
        yield made


def left_over(walk: Walk) -> dict[str, int]:
    """What still lies in the project and the bucket."""
    counts = httpx.get(f"{walk.url}/sandbox/state?documents=false").json()["counts"]
    objects = httpx.get(f"{walk.url}/storage/v1/b/{BUCKET}/o").json().get("items", [])
    running = [
        job
        for _, job in walk.world.store.all("tuningJobs")
        if job["state"] in {"JOB_STATE_RUNNING", "JOB_STATE_PENDING"}
    ]
    return {
        "endpoints": counts["endpoints"],
        "models": counts["models"],
        "objects": len(objects),
        "running": len(running),
    }


EMPTY = {"endpoints": 0, "models": 0, "objects": 0, "running": 0}


def jobs(walk: Walk) -> int:
    return sum(1 for _ in walk.world.store.all("tuningJobs"))


def test_gemini_the_whole_way_with_an_interruption_at_every_step(walk: Walk) -> None:
    raw_tickets(walk)
    start = ("start", "--run", "gem", *DATA)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data", "--target", "gemini", "--system", "Sort the ticket.")

    assert walk.disturb("tune_gemini.py", *start) >= {"objects.insert", "CreateTuningJob", "GetTuningJob"}
    results = walk.answer("tune_gemini.py", "follow", "--run", "gem", *POLL)["results"]
    assert jobs(walk) == 1
    assert results["checkpoints"] == []

    labels = next(document["labels"] for _, document in walk.world.store.all("endpoints"))
    assert (labels["owner"], labels["tuning-run"]) == ("ada", "gem")
    found = walk.answer("evaluate.py", "--run", "gem", "--test", "data/test.jsonl", "--prompt", "prompt.txt")
    scores = {item["name"]: item["scores"]["exact"]["value"] for item in found["variants"]}
    assert scores["tuned"] > 0.5 > scores["few-shot"]
    assert "queue=" in walk.run("predict.py", "my parcel is late", "--run", "gem")

    assert walk.disturb("teardown.py", "--run", "gem", "--yes", *POLL) >= {
        "UndeployModel",
        "DeleteEndpoint",
        "DeleteModel",
    }
    assert walk.answer("teardown.py", "--run", "gem", "--yes", *POLL)["left"] == []
    assert left_over(walk) == EMPTY


def test_an_upload_that_was_cut_goes_on_and_a_job_whose_answer_was_lost_is_found_by_its_label(walk: Walk) -> None:
    raw_tickets(walk, 60)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data", "--target", "gemini")

    walk.cut("objects.insert", "tune_gemini.py", "start", "--run", "gem", *DATA, "--detach", code=(0, 3))
    walk.run("tune_gemini.py", "start", "--run", "gem", *DATA, "--detach")
    walk.cut("CreateTuningJob", "tune_gemini.py", "start", "--run", "gim", *DATA, "--detach")

    assert jobs(walk) == 2
    assert left_over(walk)["objects"] == 4


def test_every_checkpoint_gets_an_endpoint_and_teardown_finds_them_all(walk: Walk) -> None:
    raw_tickets(walk, 60)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data", "--target", "gemini")
    results = walk.answer("tune_gemini.py", "start", "--run", "gem", *DATA, "--every-checkpoint")["results"]

    assert len(results["checkpoints"]) == 3
    assert left_over(walk)["endpoints"] == 3
    assert walk.answer("teardown.py", "--run", "gem", "--yes", *POLL)["left"] == []
    assert left_over(walk) == EMPTY


def test_a_place_where_gemini_cannot_be_tuned_is_an_explained_outcome(walk: Walk) -> None:
    raw_tickets(walk, 60)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data", "--target", "gemini")

    walk.run("tune_gemini.py", "start", "--run", "gem", *DATA, "--location", "global", code=1)
    assert "global" in walk.record("gem")["results"]["refused"]["message"]


def test_a_wrong_bucket_is_said_plainly_and_before_anything_began_it_can_be_put_right(walk: Walk) -> None:
    raw_tickets(walk, 60)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data", "--target", "gemini")
    start = ("start", "--run", "gem", "--train", "data/train.jsonl", "--owner", "ada", "--yes", "--detach")

    walk.run("tune_gemini.py", *start, "--bucket", BUCKET, code=2)
    walk.run("tune_gemini.py", *(item for item in start if item != "--yes"), "--bucket", "gs://not-ours", code=1)
    walk.run("tune_gemini.py", *start, "--bucket", f"gs://{BUCKET}")
    assert jobs(walk) == 1

    process = walk.start(
        "tune_gemini.py", *("gim" if item == "gem" else item for item in start), "--bucket", "gs://not-ours"
    )
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "Cloud Storage refused while uploading the data: The specified bucket does not exist. " in err


def test_a_running_job_is_cancelled_by_teardown(walk: Walk) -> None:
    raw_tickets(walk, 60)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data", "--target", "gemini")
    walk.world.clock.set_speed(60)
    walk.run("tune_gemini.py", "start", "--run", "gem", *DATA, "--detach")

    assert walk.answer("teardown.py", "--run", "gem", "--yes", *POLL)["left"] == []
    assert left_over(walk) == EMPTY


def test_an_open_model_the_whole_way_with_an_interruption_at_every_step(walk: Walk) -> None:
    raw_tickets(walk)
    start = ("start", "--run", "opn", *DATA)
    deploy = ("deploy", "--run", "opn", "--keep-until", "Friday 18:00", "--zone", "Europe/Madrid", "--yes", *POLL)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data", "--target", "open", "--system", "Sort the ticket.")

    assert "CreateTuningJob" in walk.disturb("tune_open_model.py", *start)
    assert jobs(walk) == 1
    assert walk.disturb("tune_open_model.py", *deploy) >= {"CreateEndpoint", "DeployModel"}
    deployed = walk.answer("tune_open_model.py", *deploy)["results"]["deployment"]
    assert (deployed["machine"], deployed["usd_per_hour"]) == ("g2-standard-12", "1.1507")
    assert (walk.calls("CreateEndpoint"), left_over(walk)["endpoints"]) == (1, 1)

    [(_, endpoint)] = list(walk.world.store.all("endpoints"))
    assert endpoint["labels"]["owner"] == "ada"
    assert endpoint["labels"]["tuneguard-keep-until"] == "2026-11-27"
    assert endpoint["labels"]["tuning-run"] == "opn"
    assert len(endpoint["deployedModels"]) == 1
    assert "queue=" in walk.run("predict.py", "my parcel is late", "--run", "opn")
    found = walk.answer("evaluate.py", "--run", "opn", "--test", "data/test.jsonl")
    assert found["variants"][-1]["scores"]["exact"]["value"] > 0.5

    assert walk.disturb("teardown.py", "--run", "opn", "--yes", *POLL) >= {
        "UndeployModel",
        "DeleteEndpoint",
        "DeleteModel",
    }
    assert walk.answer("teardown.py", "--run", "opn", "--yes", *POLL)["left"] == []
    assert left_over(walk) == EMPTY


def test_without_machines_the_deployment_says_so_and_can_be_repeated(walk: Walk) -> None:
    raw_tickets(walk, 60)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data", "--target", "open")
    walk.run("tune_open_model.py", "start", "--run", "opn", *DATA)
    deploy = ("deploy", "--run", "opn", "--keep-until", "Friday 18:00", "--yes", *POLL)
    walk.world.faults.add("no_capacity", at=walk.world.now(), count=1)

    walk.run("tune_open_model.py", *deploy, code=3)
    walk.run("tune_open_model.py", *deploy)

    [(_, endpoint)] = list(walk.world.store.all("endpoints"))
    assert len(endpoint["deployedModels"]) == 1


def test_nothing_is_deployed_without_a_yes(walk: Walk) -> None:
    raw_tickets(walk, 60)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data", "--target", "open")
    walk.run("tune_open_model.py", "start", "--run", "opn", *DATA)

    walk.run("tune_open_model.py", "deploy", "--run", "opn", "--keep-until", "Friday 18:00", code=1)

    assert left_over(walk)["endpoints"] == 0
