"""Google's budget notices: pulled, kept, then acknowledged; each threshold that Google says is crossed is told once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from guard.core.google_budget import GoogleFigure, GoogleRules, ours, sentence
from guard.core.notice_text import notice_id
from guard.core.plan import Notice, NoticeKind
from guard.core.settings import Settings
from guard.core.units import Money
from guard.ports.errors import GuardError
from guard.ports.google_budgets import GoogleNoticeBook, GoogleNoticeSource
from guard.telemetry import events, logging

log = logging.get()

PULLS = 5
"""Most pulls in one cycle; the next one goes on."""
TOLD_FOR = timedelta(days=35)
"""Facts whose newest message is older are told no more: their month is long over."""


class GoogleBudgets:
    """One subscription. A failure is logged and shown; nothing is lost, since what was not acknowledged comes again."""

    def __init__(self, ledger: GoogleNoticeBook, source: GoogleNoticeSource) -> None:
        self._ledger = ledger
        self._source = source

    def notices(self, settings: Settings, spent: dict[str, Money], now: datetime) -> list[Notice]:
        """Pull what waits and return a notice of every crossing that Google tells; the outbox folds what was told.

        Args:
            settings: In force; without `google_budgets` nothing is done.
            spent: Our own figure of each of our budgets, to stand beside Google's.
            now: The instant of the look.
        """
        rules = settings.google
        if rules is None:
            return []
        try:
            self._pull(rules, now)
        except GuardError as error:
            log.warning(events.GOOGLE_NOTICES_UNREAD, subscription=rules.subscription, detail=str(error))
        to = rules.to or settings.default.owners.fallback
        figures = [one for one in self._ledger.google_figures() if now - one.notice.published_at < TOLD_FOR]
        return [*_crossed(figures, rules, spent, to, now), *self._unreadable(rules, to, now)]

    def _pull(self, rules: GoogleRules, now: datetime) -> None:
        for _ in range(PULLS):
            pulled = self._source.pull(rules.subscription)
            if not pulled.receipts:
                return
            self._ledger.save_google_notices(pulled.notices, pulled.unreadable, now)
            self._source.acknowledge(rules.subscription, pulled.receipts)

    def _unreadable(self, rules: GoogleRules, to: str, now: datetime) -> Iterator[Notice]:
        messages = [one for one in self._ledger.unreadable_messages() if now - one.published_at < TOLD_FOR]
        for day in sorted({one.published_at.date() for one in messages}):
            of_day = [one for one in messages if one.published_at.date() == day]
            first = of_day[0]
            yield _notice(
                f"google_budgets/{rules.subscription}",
                str(day),
                f"A message on {rules.subscription} cannot be read",
                f"Published on {day}: {first.why}.\nIt is kept in the ledger and shown by `tuneguard budgets`; "
                "Google's notices that can be read are not held up.",
                to,
                now,
            )


def _crossed(
    figures: Sequence[GoogleFigure], rules: GoogleRules, spent: dict[str, Money], to: str, now: datetime
) -> Iterator[Notice]:
    for figure in figures:
        notice = figure.notice
        if notice.crossed:
            yield _notice(
                f"google_budgets/{notice.budget_id}",
                notice.id,
                f"Google's budget {notice.name}: {notice.crossed} of {notice.amount} crossed",
                f"{sentence(figure, spent.get(ours(notice, rules)), now)}\nLook: tuneguard budgets, tuneguard costs",
                to,
                now,
            )


def _notice(subject: str, fact: str, title: str, body: str, to: str, now: datetime) -> Notice:
    return Notice(
        id=notice_id(NoticeKind.GOOGLE_BUDGET, subject, fact),
        kind=NoticeKind.GOOGLE_BUDGET,
        to=to,
        subject=subject,
        title=title,
        body=body,
        made_at=now,
        data={"project": ""},
    )
