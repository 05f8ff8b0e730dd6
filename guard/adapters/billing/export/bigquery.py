"""The export in BigQuery, by the official client; the query reads eleven columns of one table and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from guard.adapters.billing.export.columns import COLUMNS, GROUPS, SUMS, lines
from guard.core.bill import Bill
from guard.core.units import Window
from guard.ports.errors import ConfigInvalid, GuardError, Malformed, NotSignedIn, PermissionMissing, Unavailable

TIMEOUT_S = 120.0
"""Longest wait for the answer, machine time."""
PERMISSIONS = ("bigquery.jobs.create", "bigquery.tables.getData")
"""What the guard's account needs: on the project that runs the query, and on the export's table."""

_AS_IS = ("project", "region", "place", "service", "sku_id", "sku", "unit", "currency")


def query(table: str) -> str:
    """The sums of an export table, in GoogleSQL."""
    return SUMS.format(
        groups=GROUPS,
        day=f"DATE({COLUMNS['started']}, 'America/Los_Angeles')",
        quantity=f"CAST({COLUMNS['quantity']} AS NUMERIC)",
        cost=f"CAST({COLUMNS['cost']} AS NUMERIC)",
        credits=f"IFNULL((SELECT SUM(CAST(c.amount AS NUMERIC)) FROM UNNEST({COLUMNS['credits']}) AS c), 0)",  # noqa: S608  # our own words only
        started=COLUMNS["started"],
        source=f"`{table}`",
        since="@since",
        until="@until",
        projects="UNNEST(@projects)",
        **{name: COLUMNS[name] for name in _AS_IS},
    )


class BillTable:
    """Reads the export's table `PROJECT.DATASET.TABLE`; the query runs (and is paid) in the table's project."""

    def __init__(self, table: str, client: Callable[[], Any] | None = None) -> None:
        self._table = table
        self._client = client or self._official

    def read(self, projects: Sequence[str], window: Window) -> Bill:
        """See the port."""
        client = self._client()
        from google.cloud import bigquery

        config = bigquery.QueryJobConfig(
            query_parameters=[
                bigquery.ScalarQueryParameter("since", "TIMESTAMP", window.start),
                bigquery.ScalarQueryParameter("until", "TIMESTAMP", window.end),
                bigquery.ArrayQueryParameter("projects", "STRING", list(projects)),
            ]
        )
        latest = f"SELECT MAX({COLUMNS['exported']}) AS latest FROM `{self._table}`"  # noqa: S608  # a name that guard.yaml was checked for
        try:
            rows = [dict(row) for row in client.query(query(self._table), job_config=config).result(timeout=TIMEOUT_S)]
            [until] = [row["latest"] for row in client.query(latest).result(timeout=TIMEOUT_S)]
        except Exception as error:
            raise _ours(error, self._table) from error
        return Bill(window=window, lines=lines(rows), exported_until=until)

    def _official(self) -> Any:
        try:
            from google.cloud import bigquery
        except ImportError as missing:
            raise ConfigInvalid(
                "billing_export: the client for BigQuery is not installed. The bill was not read.",
                hint="Install tuneguard[reports].",
            ) from missing
        from google.auth.exceptions import DefaultCredentialsError

        try:
            return bigquery.Client(project=self._table.partition(".")[0])
        except DefaultCredentialsError as error:
            raise NotSignedIn(f"billing_export: nobody is signed in to read {self._table}.") from error


def _ours(error: Exception, table: str) -> GuardError:
    """Translate what the client raises; a column that is missing is a bad request there."""
    from google.api_core import exceptions as google

    about = f"billing_export: {table}"
    match error:
        case google.Forbidden():
            needed = ", ".join(PERMISSIONS)
            return PermissionMissing(f"{about}: the guard's account may not read it ({needed} are needed).")
        case google.NotFound():
            return ConfigInvalid(f"{about}: there is no such table. Expected PROJECT.DATASET.TABLE of the export.")
        case google.BadRequest():
            return Malformed(
                f"{about}: it does not have the columns of the detailed usage cost export: {error.message}"
            )
        case google.GoogleAPICallError():
            return Unavailable(f"{about}: BigQuery answered {error.code}; the bill is as it was at the last reading.")
        case _:
            return Unavailable(f"{about}: no answer from BigQuery ({type(error).__name__}).")
