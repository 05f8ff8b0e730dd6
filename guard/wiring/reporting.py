"""Writes a report for the daemon, from its ledger and the guard.yaml in force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from guard.core.settings import Settings
from guard.core.units import Window
from guard.ports.ledger import Ledger


def report_writer(ledger: Ledger, settings: Callable[[], Settings]) -> Callable[[Window, datetime, str], str]:
    """A function of billing month, now and form."""

    def write(month: Window, now: datetime, form: str) -> str:
        # Templates and the desk's documents are loaded at the first report, not at the daemon's start.
        from guard.desk.accounts import Accounting
        from guard.desk.rendering import render
        from guard.desk.report import report
        from guard.wiring.money import books_of, standings_of

        accounting = Accounting(settings=settings, books=books_of, standings=standings_of)
        return render(report(ledger, accounting, now, month), form)

    return write
