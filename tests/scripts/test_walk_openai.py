"""From raw data to an empty platform at OpenAI, through the scripts as processes, with Ctrl-C and cuts on the way."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.scripts.forking import Forker
from tests.scripts.walking import Walk, a_walk
from tests.scripts.writing import lines

POLL = ("--poll", "0.05")
START = (
    "start",
    "--run",
    "tick",
    "--train",
    "data/train.jsonl",
    "--validation",
    "data/validation.jsonl",
    "--epochs",
    "4",
    "--yes",
    *POLL,
)


@pytest.fixture
def walk(tmp_path: Path, forker: Forker) -> Iterator[Walk]:
    with a_walk(tmp_path, forker) as made:
        yield made


def raw_tickets(walk: Walk, number: int = 300) -> None:
    from finetune.tickets import FORMAT, tickets

    rows = [{"input_text": item.text, "output_text": item.answer} for item in tickets(number, seed=1)]
    lines(walk.folder / "raw.jsonl", rows)
    (walk.folder / "prompt.txt").write_text(FORMAT)


def sandbox_of(walk: Walk) -> dict[str, object]:
    found: dict[str, object] = httpx.get(f"{walk.url}/sandbox/openai").json()
    return found


def test_the_whole_way_with_an_interruption_at_every_step(walk: Walk) -> None:
    raw_tickets(walk)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data", "--system", "Sort the ticket.")
    walk.run("validate_data.py", "data/train.jsonl", "--test", "data/test.jsonl", "--html", "report.html")
    assert walk.answer("estimate.py", "data/train.jsonl", "--model", "gpt-4.1-mini-2025-04-14")["models"][0][
        "retirement"
    ]

    met = walk.disturb("tune_openai.py", *START)
    assert {"POST files", "POST fine_tuning/jobs", "GET fine_tuning/jobs"} <= met
    assert list(sandbox_of(walk)["jobs"].values()) == ["succeeded"]  # type: ignore[attr-defined]  # a dict
    assert walk.calls("POST files") == 2
    assert walk.calls("POST fine_tuning/jobs") == 1

    evaluate = (
        "--run",
        "tick",
        "--test",
        "data/test.jsonl",
        "--prompt",
        "prompt.txt",
        "--pattern",
        r"queue=\w+; urgency=\d",
    )
    assert "POST chat/completions" in walk.disturb("evaluate.py", *evaluate)
    found = walk.answer("evaluate.py", *evaluate)
    scores = {item["name"]: item["scores"]["exact"]["value"] for item in found["variants"]}
    assert list(scores) == ["base", "prompted", "few-shot", "tuned"]
    assert scores["tuned"] > 0.5 > max(scores["base"], scores["prompted"], scores["few-shot"])
    assert Path(walk.folder / "runs/tick/evaluation.html").read_text().count("<svg") >= 4

    walk.disturb("predict.py", "my parcel is late", "--run", "tick")
    assert "queue=" in walk.run("predict.py", "my invoice is wrong", "--run", "tick")
    walk.run("teardown.py", "--run", "tick", code=1)  # nobody agreed: nothing goes
    assert walk.disturb("teardown.py", "--run", "tick", "--yes") >= {"DELETE files", "DELETE models"}
    assert walk.answer("teardown.py", "--run", "tick", "--yes")["left"] == []
    assert walk.answer("teardown.py", "--run", "tick", "--yes") == {"run": "tick", "removed": [], "left": []}
    assert (sandbox_of(walk)["files"], sandbox_of(walk)["tunes"]) == ([], [])


def test_a_job_whose_answer_was_lost_is_found_and_not_created_again(walk: Walk) -> None:
    raw_tickets(walk, 60)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data")
    walk.run("tune_openai.py", *START, "--detach")
    walk.cut("POST fine_tuning/jobs", "tune_openai.py", *_other(START, "tock"), "--detach")
    walk.interrupt("POST fine_tuning/jobs", "tune_openai.py", *_other(START, "tack"))
    walk.run("tune_openai.py", *_other(START, "tack"), "--detach")

    assert len(sandbox_of(walk)["jobs"]) == 3  # type: ignore[arg-type]  # a dict
    ids = {walk.record(run)["steps"]["create job"]["result"]["id"] for run in ("tick", "tock", "tack")}
    assert len(ids) == 3


def _other(arguments: tuple[str, ...], run: str) -> tuple[str, ...]:
    return tuple(run if item == "tick" else item for item in arguments)


def test_a_refused_organisation_is_an_explained_outcome_and_the_files_can_go(walk: Walk) -> None:
    raw_tickets(walk, 60)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data")
    httpx.post(f"{walk.url}/sandbox/openai", json={"eligible": False})

    process = walk.start("tune_openai.py", *START)
    _, err = process.communicate(timeout=30)

    assert process.returncode == 1
    assert "2027-01-06 is the last day" in err
    assert "tune_gemini.py" in err
    assert "Traceback" not in err
    assert walk.record("tick")["results"]["refused"]["status"] == 403
    assert walk.answer("teardown.py", "--run", "tick", "--yes")["left"] == []
    assert sandbox_of(walk)["files"] == []


def test_a_job_can_be_cancelled_and_leaves_nothing_after_teardown(walk: Walk) -> None:
    raw_tickets(walk, 60)
    walk.world.clock.set_speed(0)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data")
    walk.run("tune_openai.py", *START, "--detach")

    walk.run("tune_openai.py", "cancel", "--run", "tick")
    walk.run("tune_openai.py", "cancel", "--run", "tick")
    assert walk.answer("teardown.py", "--run", "tick", "--yes")["left"] == []
    assert list(sandbox_of(walk)["jobs"].values()) == ["cancelled"]  # type: ignore[attr-defined]  # a dict


def test_too_many_epochs_raise_the_alarm_and_name_a_checkpoint(walk: Walk) -> None:
    raw_tickets(walk, 120)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data")
    started = tuple("8" if item == "4" else item for item in START)

    results = walk.answer("tune_openai.py", *started)["results"]

    assert results["alarm"]["best_step"] < results["curve"][-1]["step"]
    proposed = results["alarm"]["use"]
    assert proposed["step"] in {item["step"] for item in results["checkpoints"]}
    assert "queue=" in walk.run("predict.py", "my invoice", "--run", "tick", "--checkpoint", str(proposed["step"]))


def test_evaluating_on_what_was_trained_on_is_refused_even_under_another_name(walk: Walk) -> None:
    raw_tickets(walk, 60)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data")
    walk.run("tune_openai.py", *START)
    mixed = walk.folder / "mixed.jsonl"
    mixed.write_text(
        (walk.folder / "data/test.jsonl").read_text()
        + (walk.folder / "data/train.jsonl").read_text().splitlines()[0]
        + "\n"
    )

    walk.run("evaluate.py", "--run", "tick", "--test", "data/train.jsonl", code=2)
    walk.run("evaluate.py", "--run", "tick", "--test", "mixed.jsonl", code=2)


def test_other_data_or_parameters_under_the_same_run_are_refused(walk: Walk) -> None:
    raw_tickets(walk, 60)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data")
    walk.run("tune_openai.py", *START, "--detach")

    walk.run("tune_openai.py", *tuple("5" if item == "4" else item for item in START), code=2)
    assert len(sandbox_of(walk)["jobs"]) == 1  # type: ignore[arg-type]  # a dict


def test_runs_are_compared_side_by_side(walk: Walk) -> None:
    raw_tickets(walk, 200)
    walk.run("prepare_data.py", "raw.jsonl", "--to", "data")
    for run, epochs in (("one", "1"), ("four", "4")):
        walk.run("tune_openai.py", *(epochs if item == "4" else item for item in _other(START, run)))
        walk.run("evaluate.py", "--run", run, "--test", "data/test.jsonl", "--shots", "0")

    found = walk.answer("evaluate.py", "compare", "one", "four")

    assert found["comparable"]
    assert [row["run"] for row in found["runs"]] == ["four", "one"]
