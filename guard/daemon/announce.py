"""Telling people: acts proposed and announced, notices through the outbox, undeliverable ones to the fallback.

A notice is a row before it is a message, so a crash between the two sends it again under the same id instead of losing it.
One message carries everything that one owner has to know at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from threading import Lock

from guard.core.plan import Notice, NoticeKind
from guard.core.removal import Act, ActState
from guard.core.rules import Rules
from guard.ports.ledger import Ledger, OutboxItem
from guard.ports.notifier import Notifier
from guard.telemetry import events, logging
from guard.telemetry.metrics import Metrics

RETRY_FIRST = timedelta(minutes=5)
RETRY_MOST = timedelta(hours=6)
ESCALATE_AFTER = 3
"""Failed deliveries after which the fallback is told instead; an owner who cannot be reached keeps nothing for ever."""

MOST_COUNTED = 1000
"""Most undelivered notices that the metric counts."""

MOST_PARTS = 50
"""Most parts of the outbox sent in one cycle; the next one goes on."""

log = logging.get()


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many notices went out, failed, were escalated."""

    delivered: int = 0
    failed: int = 0
    escalated: int = 0


class Announcer:
    """Fills and empties the outbox."""

    def __init__(self, ledger: Ledger, notifier: Notifier, metrics: Metrics) -> None:
        self._ledger = ledger
        self._notifier = notifier
        self._metrics = metrics
        self._lock = Lock()  # the cycle and the budgets' own look both deliver

    def enqueue(
        self,
        notices: Iterable[Notice],
        rules_of: Callable[[str], Rules],
        project_of: Callable[[Notice], str],
        now: datetime,
    ) -> int:
        """Address each notice to its owner, or to the fallback where the owner has no channel; put them into the outbox."""
        addressed: list[Notice] = []
        for notice in notices:
            fallback = rules_of(project_of(notice)).owners.fallback
            to = notice.to if self._notifier.reaches(notice.to) else fallback
            addressed.append(notice if to == notice.to else _to(notice, to))
        return self._ledger.enqueue(addressed, now)

    def reaches(self, to: str) -> bool:
        """True where a channel bears this name."""
        return self._notifier.reaches(to)

    def deliver(self, fallback_of: Callable[[Notice], str], now: datetime) -> Delivered:
        """Send what waits, one digest a person; mark acts whose notice arrived.

        A large outbox is emptied part by part, as long as parts go out.
        """
        with self._lock:
            return self._deliver_all(fallback_of, now)

    def _deliver_all(self, fallback_of: Callable[[Notice], str], now: datetime) -> Delivered:
        delivered = failed = escalated = 0
        for _ in range(MOST_PARTS):
            waiting = self._ledger.outbox(now)
            part = self._deliver(waiting, fallback_of, now)
            delivered, failed, escalated = delivered + part.delivered, failed + part.failed, escalated + part.escalated
            if not waiting or part.delivered == 0:
                break
        # What failed waits for its next try, at the longest RETRY_MOST from now.
        self._metrics.outbox.set(len(self._ledger.outbox(now + RETRY_MOST, limit=MOST_COUNTED)))
        self._metrics.notices.labels("delivered").inc(delivered)
        self._metrics.notices.labels("failed").inc(failed)
        self._metrics.notices.labels("escalated").inc(escalated)
        return Delivered(delivered, failed, escalated)

    def _deliver(self, waiting: Sequence[OutboxItem], fallback_of: Callable[[Notice], str], now: datetime) -> Delivered:
        delivered = failed = escalated = 0
        for to, items in _by_receiver(waiting):
            result = self._notifier.send(to, [item.notice for item in items])
            for item in items:
                if result.delivered:
                    delivered += 1
                    self._ledger.notice_result(
                        item.notice.id, now, delivered=True, detail=result.detail, retry_at=None, escalate_to=None
                    )
                    self._arrived(item.notice, now)
                else:
                    failed += 1
                    escalated += self._later(item, to, result.detail, fallback_of(item.notice), now)
            event = events.NOTICE_DELIVERED if result.delivered else events.NOTICE_FAILED
            log.info(event, to=to, notices=len(items), detail=result.detail)
        return Delivered(delivered, failed, escalated)

    def _arrived(self, notice: Notice, now: datetime) -> None:
        """A removal's notice has arrived: the act is noticed, and its due time leaves the announced time from now on."""
        if notice.kind is not NoticeKind.REMOVAL_AHEAD or notice.act_id is None:
            return
        act = self._ledger.act(notice.act_id)
        if act is None or act.state is not ActState.PROPOSED:
            return
        self._ledger.move(
            act.id, ActState.PROPOSED, ActState.NOTICED, now, noticed_at=now, detail="the notice was delivered"
        )
        promised = notice.data.get("notice_seconds")
        if isinstance(promised, int | float):
            earliest = now + timedelta(seconds=float(promised))
            if earliest > act.due_at:
                self._ledger.postpone(act.id, earliest, now, "the notice arrived late; its time runs from its arrival")

    def _later(self, item: OutboxItem, to: str, detail: str, fallback: str, now: datetime) -> int:
        attempts = item.attempts + 1
        pause = min(RETRY_MOST, RETRY_FIRST * (2 ** (attempts - 1)))
        escalate = attempts >= ESCALATE_AFTER and not item.escalated and to != fallback
        if escalate:
            log.warning(events.NOTICE_ESCALATED, to=to, fallback=fallback, detail=detail)
        self._ledger.notice_result(
            item.notice.id,
            now,
            delivered=False,
            detail=detail,
            retry_at=now if escalate else now + pause,
            escalate_to=fallback if escalate else None,
        )
        return int(escalate)


def ready(act: Act, now: datetime) -> bool:
    """True where an announced act's time has come."""
    return act.state is ActState.NOTICED and now >= act.due_at


def _to(notice: Notice, to: str) -> Notice:
    return replace(notice, to=to, data={**notice.data, "meant_for": notice.to})


def _by_receiver(items: Sequence[OutboxItem]) -> list[tuple[str, list[OutboxItem]]]:
    ordered = sorted(items, key=lambda item: (item.notice.to, _stands_alone(item), item.notice.made_at, item.notice.id))
    found = groupby(ordered, key=lambda item: (item.notice.to, item.notice.id if _stands_alone(item) else ""))
    return [(to, list(group)) for (to, _), group in found]


def _stands_alone(item: OutboxItem) -> bool:
    """A report is a message of its own: a digest of one page and three sentences would be neither."""
    return item.notice.kind is NoticeKind.REPORT
