"""The source of the bill: files beside guard.yaml, or BigQuery. A sandbox's guard reads files only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from guard.core.reporting import BillExport
from guard.ports.billing import BillSource
from guard.ports.errors import GuardError, WorldMismatch


def bill_source(folder: Path, *, sandboxed: bool) -> Callable[[BillExport], BillSource | GuardError]:
    """Make the source for what guard.yaml says; relative files are beside it."""

    def source(export: BillExport) -> BillSource | GuardError:
        from guard.adapters.billing.export.bigquery import BillTable
        from guard.adapters.billing.export.files import BillFiles

        if export.table is None:
            return BillFiles(export.files, folder)
        if sandboxed:
            return WorldMismatch(
                f"billing_export: a sandbox is set, and {export.table} is the real bill. It was not read.",
                hint="Write the sandbox's own export to a file (GET /sandbox/billing/export) and name it under files.",
            )
        return BillTable(export.table)

    return source
