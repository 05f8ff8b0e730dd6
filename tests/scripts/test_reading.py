"""Files as people have them, good and broken, are read row by row, and what cannot be read is said with its line."""

import json
from pathlib import Path

import pytest
from finetune import read
from finetune.errors import UserError
from finetune.model import Problem
from finetune.read import Row, read_rows

from tests.scripts.writing import chat, lines


def codes(path: Path) -> list[tuple[str, int]]:
    return [(item.code, item.place.line) for item in read_rows(path) if isinstance(item, Problem)]


def rows(path: Path) -> list[Row]:
    return [item for item in read_rows(path) if isinstance(item, Row)]


def test_a_broken_line_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n{"a": \n\n{"a": 3}\n[1]\n', encoding="utf-8")

    assert codes(path) == [("not-json", 2), ("not-an-object", 5)]
    assert [row.data["a"] for row in rows(path)] == [1, 3]


def test_a_byte_order_mark_and_carriage_returns_are_noted_and_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n{"a": 2}\r\n')

    assert codes(path) == [("bom", 1), ("crlf", 1)]
    assert [row.data for row in rows(path)] == [{"a": 1}, {"a": 2}]


def test_a_byte_of_another_encoding_is_named_by_line_and_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes('{"a": "ok"}\n{"a": "caf\xe9"}\n'.encode("latin-1"))

    [problem] = [item for item in read_rows(path) if isinstance(item, Problem)]

    assert (problem.code, problem.place.line) == ("encoding", 2)
    assert "byte 11 (0xe9)" in problem.message
    assert len(rows(path)) == 1


def test_utf_16_is_one_clear_problem_and_not_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes('{"a": 1}\n{"a": 2}\n'.encode("utf-16"))

    assert codes(path) == [("encoding", 1)]


def test_one_huge_line_is_skipped_and_what_follows_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "MAX_LINE_BYTES", 1000)
    path = lines(tmp_path / "a.jsonl", [{"a": 1}, {"a": "x" * 5000}, {"a": 3}])

    assert codes(path) == [("line-too-long", 2)]
    assert [row.place.line for row in rows(path)] == [1, 3]


def test_a_json_array_is_read_object_by_object_with_the_line_each_begins_on(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([chat("q", "a"), chat("r", "b")], indent=2), encoding="utf-8")

    found = rows(path)

    assert [row.data["messages"][0]["content"] for row in found] == ["q", "r"]
    text = path.read_text(encoding="utf-8").splitlines()
    assert all(text[row.place.line - 1].strip().startswith("{") for row in found)


def test_a_json_array_larger_than_a_chunk_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "_CHUNK", 64)
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"n": number, "t": "é" * number} for number in range(50)]), encoding="utf-8")

    assert [row.data["n"] for row in rows(path)] == list(range(50))


def test_a_json_array_that_breaks_off_says_where(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[\n{"a": 1},\n{"a": 2\n', encoding="utf-8")

    assert len(rows(path)) == 1
    [(code, line)] = codes(path)
    assert code == "not-json"
    assert line >= 3


def test_csv_cells_may_hold_commas_quotes_and_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('input_text,output_text\n"one, ""two""\nthree",yes\nfour,no\n', encoding="utf-8", newline="")

    found = rows(path)

    assert found[0].data == {"input_text": 'one, "two"\nthree', "output_text": "yes"}
    assert [row.place.line for row in found] == [2, 4]


def test_a_csv_row_of_another_length_and_an_open_quote_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,2,3\n4,5\n"6,7\n', encoding="utf-8")

    assert codes(path) == [("csv-shape", 2), ("csv-shape", 4)]
    assert len(rows(path)) == 1


def test_a_csv_in_another_encoding_is_named_and_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("a,b\ncafé,1\n".encode("latin-1"))

    assert [code for code, _ in codes(path)] == ["encoding"]


@pytest.mark.parametrize(("name", "text", "said"), [("a.jsonl", "", "empty"), ("a.xlsx", "x", "suffix")])
def test_a_file_that_cannot_be_used_at_all_is_one_clear_error(tmp_path: Path, name: str, text: str, said: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")

    with pytest.raises(UserError, match=said):
        list(read_rows(path))


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        list(read_rows(tmp_path / "none.jsonl"))
