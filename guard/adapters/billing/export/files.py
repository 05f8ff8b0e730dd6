"""The export in files, read by DuckDB: Parquet, JSON lines, or CSV whose columns bear dotted names (`sku.id`)."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guard.adapters.billing.export.columns import COLUMNS, GROUPS, SUMS, lines
from guard.core.bill import Bill
from guard.core.units import Window
from guard.ports.errors import ConfigInvalid, Malformed, Unavailable

if TYPE_CHECKING:
    import duckdb

_READERS = {
    ".parquet": "read_parquet([{files}], union_by_name = true)",
    ".jsonl": "read_json([{files}], format = 'newline_delimited', union_by_name = true, sample_size = -1)",
    ".csv": "read_csv([{files}], header = true, all_varchar = true, union_by_name = true)",
}
_ALIKE = {".ndjson": ".jsonl", ".json": ".jsonl"}
_AMOUNT = "DECIMAL(38, 9)"
"""Nine places, as the BigQuery type NUMERIC has; `cost` is a float there, so the bill itself says no more."""


class BillFiles:
    """Reads the export from files of one kind; patterns such as `bills/*.parquet` are resolved at each reading."""

    def __init__(self, patterns: Sequence[str], folder: Path) -> None:
        self._patterns = tuple(patterns)
        self._folder = folder

    def read(self, projects: Sequence[str], window: Window) -> Bill:
        """See the port. Raises ConfigInvalid for a missing library, file or column, Malformed for what cannot be read."""
        try:
            import duckdb
        except ImportError as missing:
            raise ConfigInvalid(
                "billing_export: files are read through DuckDB, which is not installed. The bill was not read.",
                hint="Install tuneguard[reports].",
            ) from missing
        found = self._files()
        reader = _READERS[_ALIKE.get(found[0].suffix, found[0].suffix)]
        # Nothing is fetched from the network: what this needs is part of the library.
        connection = duckdb.connect(config={"autoinstall_known_extensions": False, "TimeZone": "UTC"})
        try:
            source = reader.format(files=", ".join(_text(str(path)) for path in found))
            return _read(connection, source, found, projects, window)
        except duckdb.Error as error:
            first = str(error).partition("\n")[0]
            raise Malformed(
                f"billing_export: {_names(found)} could not be read as a detailed usage cost export: {first}. "
                "The bill is as it was at the last reading."
            ) from error
        finally:
            connection.close()

    def _files(self) -> list[Path]:
        named = [str(self._folder / pattern) for pattern in self._patterns]
        found = sorted({Path(path) for pattern in named for path in glob.glob(pattern)})  # noqa: PTH207  # absolute patterns too
        if not found:
            raise Unavailable(f"billing_export: no file fits {', '.join(named)}. The bill was not read.")
        kinds = {_ALIKE.get(path.suffix, path.suffix) for path in found}
        if len(kinds) > 1 or not kinds <= set(_READERS):
            raise ConfigInvalid(
                f"billing_export: found files ending in {', '.join(sorted(kinds))}. "
                f"Expected one kind of {', '.join(_READERS)}; the bill was not read."
            )
        return found


def _read(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    found: Sequence[Path],
    projects: Sequence[str],
    window: Window,
) -> Bill:
    connection.execute(f"CREATE TEMP VIEW export AS SELECT * FROM {source}")  # noqa: S608  # paths are quoted
    types = {name: str(kind) for name, kind, *_ in connection.execute("DESCRIBE export").fetchall()}
    columns = {ours: _column(theirs, types, found) for ours, theirs in COLUMNS.items()}
    started, exported = (_instant(columns[name]) for name in ("started", "exported"))
    query = SUMS.format(
        groups=GROUPS,
        day=f"CAST(timezone('America/Los_Angeles', {started}) AS DATE)",
        quantity=f"CAST({columns['quantity']} AS {_AMOUNT})",
        cost=f"CAST({columns['cost']} AS {_AMOUNT})",
        credits=_credits(columns["credits"], types.get("credits", "VARCHAR")),
        started=started,
        source="export",
        since="$since",
        until="$until",
        projects="(SELECT UNNEST($projects))",
        **{
            name: f"NULLIF(CAST({columns[name]} AS VARCHAR), '')"
            for name in ("project", "region", "place", "service", "sku_id", "sku", "unit", "currency")
        },
    )
    asked = {"since": window.start, "until": window.end, "projects": list(projects)}
    answer = connection.execute(query, asked)
    names = [name for name, *_ in answer.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    # As text: DuckDB gives instants through a library that is not needed otherwise.
    latest: Any = connection.execute(f"SELECT epoch_us(MAX({exported})) FROM export").fetchone()  # noqa: S608  # a known column
    until = datetime.fromtimestamp(latest[0] / 1_000_000, tz=UTC) if latest and latest[0] is not None else None
    return Bill(window=window, lines=lines(rows), exported_until=until)


def _column(path: str, types: Mapping[str, str], found: Sequence[Path]) -> str:
    """The expression for a column: within its record, or flat under its dotted name."""
    head, _, rest = path.partition(".")
    if path in types:
        return f'"{path}"'
    if rest and types.get(head, "").startswith("STRUCT"):
        # Whole paths are looked at, so that a record without the field is told of as clearly as a missing column.
        fields = types[head].removeprefix("STRUCT(")
        if f"{rest} " in fields.replace('"', "").replace("(", " ").replace(",", " , ") + " ":
            return f'"{head}"."{rest}"'
    raise ConfigInvalid(
        f"billing_export: {_names(found)}: no column {path}; found {', '.join(sorted(types)[:12])}. "
        "Expected the detailed usage cost export (tables gcp_billing_export_resource_v1_*); the bill was not read.",
        hint="In CSV, nested columns bear dotted names such as sku.id, and credits holds their JSON.",
    )


def _instant(column: str) -> str:
    return f"CAST(CAST({column} AS VARCHAR) AS TIMESTAMPTZ)"


def _credits(column: str, kind: str) -> str:
    """The sum of a row's credits, which are a list of records, or in CSV the same as JSON."""
    as_json = f"CAST(NULLIF({column}, '') AS JSON)" if kind == "VARCHAR" else f"to_json({column})"
    amounts = f"CAST(json_extract({as_json}, '$[*].amount') AS {_AMOUNT}[])"
    return f"COALESCE(CAST(list_sum({amounts}) AS {_AMOUNT}), 0)"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _names(found: Sequence[Path]) -> str:
    return found[0].name if len(found) == 1 else f"{found[0].name} and {len(found) - 1} more"
