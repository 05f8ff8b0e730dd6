"""Reports that are sent by themselves: each schedule's latest local date has one notice a person, which the outbox folds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from guard.core.billing_month import ZONE, month_of
from guard.core.notice_text import notice_id
from guard.core.plan import Notice, NoticeKind
from guard.core.reporting import HTML, MARKDOWN, ReportRule
from guard.core.schedule import MONTHLY
from guard.core.settings import Settings
from guard.core.units import Window
from guard.ports.ledger import Ledger
from guard.telemetry import events, logging

log = logging.get()

LATE = timedelta(days=1)
"""How late a report still goes out, where the daemon was down at its time; a later one would be read as the next one's."""
LATE_MONTHLY = timedelta(days=5)

Writer = Callable[[Window, datetime, str], str]
"""Billing month, now, form -> the report."""


class ReportWatch:
    """Writes what is due. A report that cannot be written stops nothing else; it is tried again at the next look."""

    def __init__(self, ledger: Ledger, write: Writer) -> None:
        self._ledger = ledger
        self._write = write

    def notices(self, settings: Settings, now: datetime) -> list[Notice]:
        """The reports that are due and not in the outbox yet."""
        found: list[Notice] = []
        for rule in settings.reports:
            day, due = rule.schedule.latest(now)
            if now - due > (LATE_MONTHLY if rule.schedule.when == MONTHLY else LATE):
                continue
            subject = f"reports/{rule.schedule.text}/{day}"
            known = {item.notice.id for item in self._ledger.notices(subject=subject)}
            wanted = {to: notice_id(NoticeKind.REPORT, subject, to, rule.form) for to in rule.to}
            missing = {to: id_ for to, id_ in wanted.items() if id_ not in known}
            if not missing:
                continue
            try:
                found += self._written(rule, subject, missing, now)
            except Exception as error:  # a report is the least of a guard's duties: what it lacks is told
                log.exception(events.REPORT_UNWRITTEN, detail=f"{subject}: {type(error).__name__}: {error}")
        return found

    def _written(self, rule: ReportRule, subject: str, missing: dict[str, str], now: datetime) -> list[Notice]:
        month = _about(rule, now)
        title = f"Fine-tuned models in {month.start.astimezone(ZONE):%B %Y}"
        body = self._write(month, now, MARKDOWN)
        page = {"html": self._write(month, now, HTML)} if rule.form == HTML else {}
        return [
            Notice(
                id=id_,
                kind=NoticeKind.REPORT,
                to=to,
                subject=subject,
                title=title,
                body=body,
                made_at=now,
                data={"project": "", "form": rule.form, **page},
            )
            for to, id_ in missing.items()
        ]


def _about(rule: ReportRule, now: datetime) -> Window:
    """The month that a report is about: the running one, for `monthly` the one that has ended."""
    month = month_of(now)
    return month_of(month.start - timedelta(hours=1)) if rule.schedule.when == MONTHLY else month
