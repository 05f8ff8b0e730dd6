"""Read JSONL, JSON and CSV row by row in bounded memory; what cannot be read becomes a `Problem` with its line,
never an exception.
"""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.errors import UserError
from finetune.model import Place, Problem

# A training example of 131,072 tokens is about half a megabyte of text; a data-URL image a few more. A longer "line"
# is a broken file.
MAX_LINE_BYTES = 16 * 1024 * 1024
_CHUNK = 1024 * 1024
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Row:
    """One object of the file as it stands, and the line it begins on."""

    place: Place
    data: dict[str, Any]


def read_rows(path: Path) -> Iterator[Row | Problem]:
    """Yield every row of a file, chosen by suffix (.jsonl, .json, .csv); a .json file that holds lines is read as lines.

    Raises:
        UserError: The file does not exist, is a folder, is empty, or has another suffix.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file. Expected a .jsonl, .json or .csv file with training examples.")
    if path.stat().st_size == 0:
        raise UserError(f"{path}: the file is empty. Expected at least 10 examples, one JSON object a line.")
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(_UTF16):
        yield _encoding_problem(path, 1, "the file is UTF-16")
        return
    if head.startswith(codecs.BOM_UTF8):
        yield Problem(
            code="bom",
            place=Place(file=path, line=1),
            message="the file starts with a byte order mark (EF BB BF), which some services read as part of the first key",
            fix="save it as UTF-8 without BOM; prepare_data.py writes without one",
        )
    suffix = path.suffix.lower()
    if suffix == ".csv":
        yield from _csv_rows(path)
    elif suffix == ".json" and head.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"[":
        yield from _array_rows(path)
    elif suffix in {".jsonl", ".json", ".ndjson"}:
        yield from _line_rows(path)
    else:
        raise UserError(
            f"{path}: found the suffix {suffix!r}. Expected .jsonl, .json or .csv: convert it, or rename it if it is one."
        )


def _encoding_problem(path: Path, line: int, what: str) -> Problem:
    return Problem(
        code="encoding",
        place=Place(file=path, line=line),
        message=what,
        fix="save the file as UTF-8, for example: iconv -t UTF-8",
    )


def _lines(path: Path) -> Iterator[tuple[int, bytes | None]]:
    """Number and bytes of each line; None in place of a line beyond MAX_LINE_BYTES, whose rest is skipped, not held."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES):
            number += 1
            if line.endswith(b"\n") or len(line) < MAX_LINE_BYTES:
                yield number, line
                continue
            while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield number, None


def _line_rows(path: Path) -> Iterator[Row | Problem]:
    crlf_said = False
    for number, raw in _lines(path):
        place = Place(file=path, line=number)
        if raw is None:
            yield Problem(
                code="line-too-long",
                place=place,
                message=f"the line is longer than {MAX_LINE_BYTES // 1024 // 1024} MiB and was not read",
                fix="put one JSON object on a line, with a line break after each",
            )
            continue
        if raw.endswith(b"\r\n") and not crlf_said:
            crlf_said = True
            yield Problem(
                code="crlf", place=place, message="lines end in CRLF", fix="nothing breaks; prepare_data.py writes LF"
            )
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901  # the mark belongs to the file, not to the first row
        if raw.strip():
            yield _parse_line(place, raw)


def _parse_line(place: Place, raw: bytes) -> Row | Problem:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return _encoding_problem(
            place.file, place.line, f"byte {error.start + 1} (0x{raw[error.start]:02x}) is not UTF-8"
        )
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        return Problem(
            code="not-json",
            place=place,
            message=f"column {error.colno}: {error.msg}",
            fix="one complete JSON object a line; look for a missing quote, comma or brace",
        )
    except RecursionError:
        return Problem(code="not-json", place=place, message="nested too deeply", fix="flatten the object")
    return _as_row(place, data)


def _as_row(place: Place, data: Any) -> Row | Problem:
    if isinstance(data, dict):
        return Row(place, data)
    return Problem(
        code="not-an-object",
        place=place,
        message=f"found a JSON {type(data).__name__}, expected an object with keys",
        fix='write each example as {"messages": [...]} or another form that prepare_data.py --help lists',
    )


def _array_rows(path: Path) -> Iterator[Row | Problem]:
    """Rows of one big JSON array, decoded object by object so that the file never stands in memory whole."""
    decoder = json.JSONDecoder()
    line, started = 1, False
    buffer = ""
    with path.open(encoding="utf-8-sig") as file:
        ended = False
        while True:
            skipped = len(buffer) - len(buffer.lstrip(" \t\r\n,[" if not started else " \t\r\n,"))
            started = started or "[" in buffer[:skipped]
            line += buffer.count("\n", 0, skipped)
            buffer = buffer[skipped:]
            if buffer.startswith("]"):
                return
            place = Place(file=path, line=line)
            try:
                data, end = decoder.raw_decode(buffer)
                if end == len(buffer) and not ended:
                    raise json.JSONDecodeError("more to come", buffer, end)  # noqa: TRY301  # a number may go on in the next chunk
            except json.JSONDecodeError as error:
                try:
                    more = file.read(_CHUNK)
                except UnicodeDecodeError as bad:
                    yield _encoding_problem(path, line, f"not UTF-8 near here: {bad.reason}")
                    return
                if more and len(buffer) < MAX_LINE_BYTES:
                    buffer += more
                    continue
                if buffer or not ended:
                    yield Problem(
                        code="not-json",
                        place=Place(file=path, line=line + buffer.count("\n", 0, error.pos)),
                        message=f"{error.msg}; the rows from here on were not read",
                        fix="mend the JSON array, or write one object a line (.jsonl), where one bad row spoils only itself",
                    )
                return
            yield _as_row(place, data)
            line += buffer.count("\n", 0, end)
            buffer = buffer[end:]
            ended = False


def _csv_rows(path: Path) -> Iterator[Row | Problem]:
    csv.field_size_limit(MAX_LINE_BYTES)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        header: list[str] | None = None
        begins = 1
        try:
            for cells in reader:
                place = Place(file=path, line=begins)
                begins = reader.line_num + 1
                if header is None:
                    header = [cell.strip() for cell in cells]
                elif cells and len(cells) != len(header):
                    yield Problem(
                        code="csv-shape",
                        place=place,
                        message=f"found {len(cells)} cells, the header has {len(header)}",
                        fix='put cells that hold commas or line breaks in double quotes, and write " inside as ""',
                    )
                elif cells:
                    yield Row(place, {key: _cell(value) for key, value in zip(header, cells, strict=True)})
        except UnicodeDecodeError as error:
            yield _encoding_problem(path, begins, f"a byte near here is not UTF-8: {error.reason}")
        except csv.Error as error:
            yield Problem(
                code="csv-shape",
                place=Place(file=path, line=begins),
                message=f"{error}; the rows from here on were not read",
                fix="look for a double quote that is opened and never closed",
            )


def _cell(value: str) -> Any:
    """A cell that holds JSON (a list of messages, of tools) as what it means; any other cell as its text."""
    if value[:2] in {"[{", "[]"}:
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value
