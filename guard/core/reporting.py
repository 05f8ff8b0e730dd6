"""What guard.yaml says of the bill, of the guard's own cost, and of reports that are sent by themselves. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from guard.core.schedule import Schedule

HTML, MARKDOWN = "html", "markdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillExport:
    """Where the detailed usage cost export is: files (patterns, relative to guard.yaml), or a BigQuery table."""

    files: tuple[str, ...] = ()
    table: str | None = None

    def __str__(self) -> str:
        return self.table or ", ".join(self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRule:
    """A report that is sent: when, to whom (names under notify), and in which form."""

    schedule: Schedule
    to: tuple[str, ...]
    form: str = HTML
