"""The detailed usage cost export: one meaning from JSON lines, CSV, Parquet and BigQuery; what is wrong with it is said."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from guard.adapters.billing.export.bigquery import BillTable, query
from guard.adapters.billing.export.files import BillFiles
from guard.core.bill import Bill, Sold
from guard.core.prices import Part
from guard.core.reporting import BillExport
from guard.core.units import Window
from guard.ports.errors import ConfigInvalid, GuardError, Malformed, PermissionMissing, Unavailable, WorldMismatch
from guard.sandbox.billing.export import written
from guard.wiring.bill import bill_source

WINDOW = Window(datetime(2026, 11, 1, 7, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC))
CORE = "Vertex AI: Online/Batch Prediction N1 Predefined Instance Core running in Americas"


def a_row(hour: int = 20, cost: float = 0.036, **other: Any) -> dict[str, Any]:
    start = f"2026-11-10 {hour:02}:00:00 UTC"
    return {
        "service": {"id": "C7E2-9256-1C43", "description": "Vertex AI"},
        "sku": {"id": "84D9-B3FA-0886", "description": CORE},
        "usage_start_time": start,
        "usage_end_time": start,
        "project": {"id": "acme", "number": "1"},
        "location": {"location": "us-central1", "region": "us-central1"},
        "cost": cost,
        "currency": "USD",
        "usage": {"amount": 3600.0, "amount_in_pricing_units": 1.0, "pricing_unit": "hour"},
        "credits": [{"type": "PROMOTION", "name": "Trial", "amount": -0.006}, {"type": "DISCOUNT", "amount": -0.001}],
        "export_time": "2026-11-12 04:00:00 UTC",
        **other,
    }


ROWS = [
    a_row(),
    a_row(21),
    a_row(
        21, cost=-0.036, usage={"amount": -3600.0, "amount_in_pricing_units": -1.0, "pricing_unit": "hour"}, credits=[]
    ),
    a_row(6, credits=[]),  # still the 9th in Los Angeles
    a_row(project={"id": "somebody-elses", "number": "2"}),
    a_row(location={"location": "us", "region": None}, sku={"id": "X", "description": "Notebook"}, credits=[]),
]


def files(folder: Path, rows: list[dict[str, Any]], form: str) -> BillFiles:
    path = folder / f"bill.{form}"
    if form == "parquet":
        import duckdb

        source = folder / "source.jsonl"
        source.write_text(written(iter(rows), "jsonl"), encoding="utf-8")
        duckdb.sql(f"COPY (SELECT * FROM read_json('{source}')) TO '{path}'")
    else:
        path.write_text(written(iter(rows), form), encoding="utf-8")
    return BillFiles([f"*.{form}"], folder)


def read(source: Any) -> Bill:
    found = source.read(["acme"], WINDOW)
    assert isinstance(found, Bill)
    return found


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_every_form_is_read_alike_with_credits_apart_and_corrections_summed(tmp_path: Path, form: str) -> None:
    bill = read(files(tmp_path, ROWS, form))
    assert bill.exported_until == datetime(2026, 11, 12, 4, tzinfo=UTC)
    found = {(line.day, line.region, line.sku_id): line for line in bill.lines}
    line = found[date(2026, 11, 10), "us-central1", "84D9-B3FA-0886"]
    assert (line.quantity, line.cost.amount, line.credits.amount) == (Decimal(1), Decimal("0.036"), Decimal("-0.014"))
    assert line.sold == Sold(Part.CORE, "n1")
    assert found[date(2026, 11, 9), "us-central1", "84D9-B3FA-0886"].cost.amount == Decimal("0.036")
    assert found[date(2026, 11, 10), "us", "X"].sold is None
    assert len(found) == 3, "another project's rows are not ours"


def test_a_missing_column_is_named_with_what_was_expected(tmp_path: Path) -> None:
    rows = [{key: value for key, value in row.items() if key != "credits"} for row in ROWS]
    with pytest.raises(
        ConfigInvalid, match=r"bill\.jsonl: no column credits; found .*Expected the detailed usage cost"
    ):
        read(files(tmp_path, rows, "jsonl"))
    nested = [a_row(sku={"id": "X"})]
    with pytest.raises(ConfigInvalid, match=r"no column sku\.description"):
        read(files(tmp_path, nested, "jsonl"))


@pytest.mark.parametrize(
    ("name", "text", "error", "words"),
    [
        ("other.txt", "", Unavailable, "no file fits"),
        ("bill.xlsx", "x", ConfigInvalid, "Expected one kind of .parquet, .jsonl, .csv"),
        ("bill.jsonl", '{"cost": ', Malformed, "could not be read"),
        ("bill.parquet", "not parquet", Malformed, "could not be read"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(
    tmp_path: Path, name: str, text: str, error: type[GuardError], words: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(error, match=words):
        read(BillFiles(["bill.*"], tmp_path))


def test_a_cost_that_is_no_number_is_refused_not_taken_as_nothing(tmp_path: Path) -> None:
    files(tmp_path, ROWS, "csv")
    path = tmp_path / "bill.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0]["cost"] = "a lot"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(Malformed, match="a lot"):
        read(BillFiles(["bill.csv"], tmp_path))


class FakeClient:
    """Answers queries as the official client does; what it was asked is kept."""

    def __init__(self, rows: list[dict[str, Any]], error: Exception | None = None) -> None:
        self.rows, self.error, self.asked = rows, error, list[tuple[str, Any]]()

    def query(self, text: str, job_config: Any = None) -> FakeClient:
        self.asked.append((text, job_config))
        return self

    def result(self, timeout: float) -> list[Mapping[str, Any]]:
        assert timeout > 0
        if self.error is not None:
            raise self.error
        latest = {"latest": datetime(2026, 11, 12, 4, tzinfo=UTC)}
        return [latest] if "MAX(" in self.asked[-1][0] else [*self.rows]


def test_bigquery_is_asked_the_same_question_with_parameters(tmp_path: Path) -> None:
    expected = read(files(tmp_path, ROWS, "jsonl"))
    rows = [
        {
            "day": line.day, "project": line.project_id, "region": line.region, "service": line.service,
            "sku_id": line.sku_id, "sku": line.sku, "unit": line.unit, "currency": line.cost.currency,
            "quantity": line.quantity, "cost": line.cost.amount, "credits": line.credits.amount,
        }
        for line in expected.lines
    ]  # fmt: skip
    client = FakeClient(rows)
    assert read(BillTable("acme-billing.export.bill", lambda: client)) == expected
    text, config = client.asked[0]
    assert text == query("acme-billing.export.bill")
    assert {one.name for one in config.query_parameters} == {"since", "until", "projects"}
    assert "acme'" not in text, "projects are parameters"
    assert "{" not in text


def test_what_bigquery_refuses_is_said_with_what_it_needs() -> None:
    from google.api_core import exceptions as google

    for raised, ours, words in (
        (google.Forbidden("no"), PermissionMissing, "bigquery.jobs.create"),
        (google.NotFound("no"), ConfigInvalid, "there is no such table"),
        (google.BadRequest("Unrecognized name: credits"), Malformed, "Unrecognized name: credits"),
        (google.ServiceUnavailable("no"), Unavailable, "as it was at the last reading"),
        (TimeoutError(), Unavailable, "no answer"),
    ):
        with pytest.raises(ours, match=words):
            read(BillTable("acme-billing.export.bill", partial(FakeClient, [], raised)))


def test_a_sandboxs_guard_never_reads_the_real_bill(tmp_path: Path) -> None:
    source = bill_source(tmp_path, sandboxed=True)
    assert isinstance(source(BillExport(table="acme-billing.export.bill")), WorldMismatch)
    assert isinstance(source(BillExport(files=("bill.jsonl",))), BillFiles)


def test_credits_in_csv_are_json_as_bigquery_writes_it(tmp_path: Path) -> None:
    files(tmp_path, ROWS, "csv")
    with (tmp_path / "bill.csv").open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    assert [one["amount"] for one in json.loads(first["credits"])] == [-0.006, -0.001]
