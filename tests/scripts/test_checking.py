"""The validator finds what spoils a tuning run, names file and line, and stays quiet about good data."""

import json
from pathlib import Path
from typing import Any

import pytest
from finetune.checks.survey import Survey, survey
from finetune.findings import Severity
from finetune.limits import DEFAULT_MODEL, Target
from finetune.report import data_report

from tests.scripts.writing import chat, lines, pairs

MODEL = DEFAULT_MODEL["openai"]


def check(path: Path, target: Target = "openai", **files: Path) -> Survey:
    return survey([("train", path), *files.items()], target=target, model=MODEL)


def found(survey_: Survey) -> set[tuple[str, int]]:
    return {(item.code, item.place.line) for item in survey_.findings.listed()}


def test_good_data_has_no_error_and_no_warning(tmp_path: Path) -> None:
    result = check(lines(tmp_path / "a.jsonl", pairs(150)))

    assert result.findings.count(Severity.ERROR) == 0
    assert {item.code for item in result.findings.listed() if item.severity is Severity.WARNING} <= {"near-duplicate"}
    assert "small-data" in result.findings.counts


def one(*messages: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": text} for role, text in messages], **more}


CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{"}}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (one(("user", "q"), ("user", "r"), ("assistant", "a")), "role-order"),
        (one(("assistant", "a"), ("user", "q"), ("assistant", "b")), "role-order"),
        (one(("user", "q"), ("system", "s"), ("assistant", "a")), "role-order"),
        (one(("user", "q"), ("assistant", "a"), ("user", "bye")), "role-order"),
        (one(("user", "q"), ("assistant", "  ")), "empty-content"),
        (one(("user", "q")), "no-answer"),
        (one(("system", "s"), ("assistant", "a")), "no-question"),
        (one(), "no-messages"),
        (one(("user", "caf\ufffd"), ("assistant", "a")), "broken-text"),
        (
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "weight": 0}]},
            "no-answer",
        ),
        ({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "tool_calls": [CALL]}]}, "tool-unknown"),
        (
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "tool_calls": [CALL]}]},
            "tool-arguments",
        ),
        (
            {"messages": [{"role": "user", "content": "q"}, {"role": "tool", "content": "x", "tool_call_id": "z"}]},
            "role-order",
        ),
    ],
)
def test_each_fault_of_structure_is_an_error_on_its_line(tmp_path: Path, row: dict[str, Any], code: str) -> None:
    result = check(lines(tmp_path / "a.jsonl", [*pairs(12), row]))

    assert (code, 13) in found(result)
    assert result.findings.count(Severity.ERROR) > 0


def test_copies_near_copies_and_contradictions_name_both_lines(tmp_path: Path) -> None:
    long = "The delivery of my new garden table was promised for Tuesday morning but nobody came and nobody called me about it"
    rows = [*pairs(12), chat(long, "late"), chat(long, "late"), chat(long, "lost"), chat(f"{long} today", "late")]
    result = check(lines(tmp_path / "a.jsonl", rows))

    assert {("duplicate", 14), ("contradiction", 15), ("near-duplicate", 16)} <= found(result)
    contradiction = next(item for item in result.findings.listed() if item.code == "contradiction")
    assert "a.jsonl:13" in contradiction.message


def test_leakage_between_train_and_test_is_an_error_even_when_only_nearly_the_same(tmp_path: Path) -> None:
    long = "Please tell me how many stamps I have to put on a letter of ninety grams that goes to my aunt in Porto"
    train = lines(tmp_path / "a.jsonl", [*pairs(12), chat("short and same", "x"), chat(long, "two")])
    test = lines(
        tmp_path / "t.jsonl",
        [chat("short and same", "x"), chat(f"{long} quickly", "two"), chat("nothing like it", "y")],
    )

    result = check(train, test=test)

    leaks = [(item.place.file.name, item.place.line) for item in result.findings.listed() if item.code == "leakage"]
    assert leaks == [("t.jsonl", 1), ("t.jsonl", 2)]


def test_an_example_beyond_the_providers_limit_is_counted_by_the_vocabulary(tmp_path: Path) -> None:
    fits = chat("word " * 65_000, "ok")
    too_long = chat("word " * 66_000, "ok")
    result = check(lines(tmp_path / "a.jsonl", [*pairs(12), fits, too_long]))

    assert [line for code, line in found(result) if code == "too-long"] == [14]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("my key is AKIA" + "ABCDEFGHIJKLMNOP", "secret"),
        ("use sk-proj-" + "a1B2c3D4e5F6g7H8i9J0k1", "secret"),
        ("password: " + "hunter2hunter2", "secret"),
        ("-----BEGIN RSA PRIVATE KEY-----", "secret"),
        ("write to maria.silva@posteo.net", "personal-data"),
        ("call +351 912 345 678 tonight", "personal-data"),
        ("card 4111 1111 1111 1111 please", "personal-data"),
        ("IBAN DE89 3704 0044 0532 0130 00", "personal-data"),
    ],
)
def test_secrets_and_personal_data_are_hinted_at_and_never_repeated(tmp_path: Path, text: str, code: str) -> None:
    result = check(lines(tmp_path / "a.jsonl", [*pairs(12), chat(text, "ok")]))

    [hint] = [item for item in result.findings.listed() if item.code == code]
    assert hint.place.line == 13
    assert text.split(maxsplit=1)[-1] not in hint.message


@pytest.mark.parametrize(
    "text",
    [
        "card 4111 1111 1111 1112",
        "IBAN DE00 3704 0044 0532 0130 00",
        "mail me at you@example.com",
        "12345678901234567890",
    ],
)
def test_what_only_looks_like_it_is_left_alone(tmp_path: Path, text: str) -> None:
    result = check(lines(tmp_path / "a.jsonl", [*pairs(12), chat(text, "ok")]))

    assert not {"secret", "personal-data"} & set(result.findings.counts)


def test_a_rare_label_and_a_second_language_are_warned_of(tmp_path: Path) -> None:
    rows = [
        chat(f"{row['messages'][0]['content']} Please answer me as soon as you possibly can.", "common")
        for row in pairs(60)
    ]
    rows += [
        chat("¿Dónde está mi pedido? Lo espero desde hace muchos días y nadie me contesta al teléfono", "rare")
    ] * 3
    result = check(lines(tmp_path / "a.jsonl", rows))

    assert {"label-imbalance", "language-mix"} <= set(result.findings.counts)
    assert result.labels == {"common": 60, "rare": 3}


@pytest.mark.parametrize(("number", "code"), [(5, "too-few"), (50, "few-examples"), (150, "small-data")])
def test_the_number_of_examples_is_held_against_the_rule_of_100_to_200(tmp_path: Path, number: int, code: str) -> None:
    assert code in check(lines(tmp_path / "a.jsonl", pairs(number))).findings.counts


def test_a_thousand_examples_are_enough_to_say_nothing(tmp_path: Path) -> None:
    counts = check(lines(tmp_path / "a.jsonl", pairs(1000))).findings.counts

    assert not {"too-few", "few-examples", "small-data"} & set(counts)


def test_counts_for_a_model_without_a_public_vocabulary_are_called_estimates(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", pairs(20))

    assert "estimated-tokens" in survey([("train", path)], target="gemini", model="gemini-3.5-flash").findings.counts
    assert "estimated-tokens" not in check(path).findings.counts


def test_every_finding_is_counted_though_only_the_first_are_listed(tmp_path: Path) -> None:
    result = check(lines(tmp_path / "a.jsonl", [one(("user", "q"), ("assistant", ""))] * 500))

    assert result.findings.counts["empty-content"] == 500
    assert sum(item.code == "empty-content" for item in result.findings.listed()) == 200


def test_the_html_report_holds_figures_and_findings_and_no_markup_from_the_data(tmp_path: Path) -> None:
    result = check(lines(tmp_path / "<b>.jsonl", [*pairs(30), chat("<script>alert(1)</script>", "")]))
    data_report.write_html(result, tmp_path / "r.html")

    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert "empty-content" in page
    assert "<b>.jsonl" not in page
    assert "<script" not in page


def test_the_json_report_is_complete(tmp_path: Path) -> None:
    data = json.loads(json.dumps(data_report.as_json(check(lines(tmp_path / "a.jsonl", pairs(20)))), default=str))

    assert data["files"][0]["examples"] == 20
    assert data["files"][0]["tokens"] > 100
    assert data["vocabulary"] == {"name": "o200k_base", "exact": True}
