"""Watches a provider whose tunes bill by tokens: looks once an hour, keeps the latest look, says what people should hear."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from guard.core.model import Snapshot
from guard.core.notice_text import notice_id
from guard.core.plan import Notice, NoticeKind
from guard.core.provider import report, things
from guard.core.settings import Settings
from guard.core.tunes import (
    NOTHING_IDLE,
    Loss,
    TuneLook,
    TunePrice,
    TuneRules,
    curve,
    days_left,
    findings,
    training_cost,
    trouble,
)
from guard.core.units import Known, Maybe, Money, Unknown
from guard.ports.errors import GuardError
from guard.ports.ledger import Ledger
from guard.ports.tunes import TuneSource
from guard.telemetry import events, logging

log = logging.get()

SourceOf = Callable[[TuneRules], "TuneSource | GuardError"]
"""The source for what guard.yaml says, or why there is none."""


class TuneWatch:
    """One provider. A look that fails leaves the last one, which says how old it is."""

    def __init__(self, ledger: Ledger, source_of: SourceOf, prices: Mapping[str, TunePrice]) -> None:
        self._ledger = ledger
        self._source_of = source_of
        self._prices = prices
        self._latest: TuneLook | None = None
        self._problem = ""
        self._next_at: datetime | None = None
        self._name = ""

    def look(self, snapshot: Snapshot, settings: Settings, now: datetime, *, write: bool) -> Snapshot:
        """Look if it is time, and add what is there to a snapshot; after a failure the last look, in a scope that is unknown."""
        rules = settings.tunes
        if rules is None:
            return snapshot
        if self._next_at is None or self._name != rules.name or not self._next_at - rules.every <= now < self._next_at:
            self._look(rules, now, write=write)
        jobs, artefacts = things(self._latest, rules.name) if self._latest is not None else ((), ())
        return replace(
            snapshot,
            scopes=(*snapshot.scopes, report(rules.name, self._problem)),
            jobs=(*snapshot.jobs, *jobs),
            artefacts=artefacts,
        )

    def _look(self, rules: TuneRules, now: datetime, *, write: bool) -> None:
        if self._name != rules.name:
            self._latest, self._name = None, rules.name
        self._next_at = now + rules.every
        before = self._ledger.provider_look(rules.name)
        try:
            source = self._source_of(rules)
            if isinstance(source, GuardError):
                raise source
            self._latest, self._problem = source.look(now), ""
            document = look_document(self._latest, rules, self._prices, now, before)
        except GuardError as error:
            self._problem = str(error)
            log.warning(events.TUNES_UNREAD, provider=rules.name, detail=self._problem)
            document = failed_document(before, rules, self._problem, now)
        if write:
            self._ledger.save_provider_look(rules.name, document)

    def notices(self, settings: Settings, now: datetime) -> list[Notice]:
        """What people should hear of the latest look; the outbox folds what was told already."""
        rules, look = settings.tunes, self._latest
        if rules is None or look is None or self._problem:
            return []
        return [
            Notice(
                id=notice_id(NoticeKind.TUNES, finding.subject, finding.fact),
                kind=NoticeKind.TUNES,
                to=rules.to or settings.default.owners.fallback,
                subject=finding.subject,
                title=finding.title,
                body=finding.body,
                made_at=now,
                data={"project": ""},
            )
            for finding in findings(look, rules, now)
        ]


def failed_document(before: Mapping[str, Any] | None, rules: TuneRules, why: str, now: datetime) -> dict[str, Any]:
    """The last look with the failure beside it."""
    empty: dict[str, Any] = {
        "provider": rules.name,
        "taken_at": None,
        "jobs": [],
        "tunes": [],
        "files": [],
        "spent": None,
        "spent_unknown": why,
    }
    return {**(before or empty), "failing": why, "next_at": (now + rules.every).isoformat()}


def look_document(
    look: TuneLook,
    rules: TuneRules,
    shipped: Mapping[str, TunePrice],
    now: datetime,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A look as the ledger keeps it and `tuneguard jobs` shows it; `before` is the last one, whose loss curves go on."""
    curves = {job["id"]: job.get("losses", ()) for job in (before or {}).get("jobs", ())}
    own = {
        base: TunePrice(base=base, amount=amount, source="guard.yaml", as_of=now.date())
        for base, amount in rules.prices.items()
    }
    prices = {**shipped, **own}
    return {
        "provider": rules.name,
        "taken_at": look.taken_at.isoformat(),
        "next_at": (now + rules.every).isoformat(),
        "failing": None,
        "jobs": [
            {
                "id": job.id,
                "base": job.base,
                "name": job.suffix,
                "state": job.state_text,
                "familiar": job.state.value != "unfamiliar",
                "created_at": job.created_at.isoformat(),
                "finished_at": job.finished_at.isoformat() if job.finished_at else None,
                "trained_tokens": job.trained_tokens,
                "cost": _money(cost := training_cost(job, prices)),
                "cost_unknown": cost.reason if isinstance(cost, Unknown) else None,
                "price": f"{price.source}, {price.as_of}" if (price := prices.get(job.base)) else None,
                "tune": job.tune,
                "warning": trouble(job, rules, now),
                "error": job.error or None,
                "estimated_finish": job.estimated_finish.isoformat() if job.estimated_finish else None,
                "last_step": job.last_step,
                "losses": [
                    [point.step, point.train, point.valid]
                    for point in curve((Loss(*point) for point in curves.get(job.id, ())), job.losses)
                ],
            }
            for job in look.jobs
        ],
        "tunes": [
            {
                "id": tune.id,
                "base": tune.base,
                "created_at": tune.created_at.isoformat(),
                "shut_down": tune.shut_down.isoformat() if tune.shut_down else None,
                "days_left": days_left(tune.shut_down, now),
                "last_used_at": tune.last_used.value.isoformat()
                if isinstance(tune.last_used, Known) and tune.last_used.value
                else None,
                "last_used_unknown": tune.last_used.reason if isinstance(tune.last_used, Unknown) else None,
                "verdict": NOTHING_IDLE,
            }
            for tune in look.tunes
        ],
        "files": [
            {
                "id": one.id,
                "name": one.name,
                "purpose": one.purpose,
                "bytes": one.size,
                "created_at": one.created_at.isoformat(),
            }
            for one in look.files
        ],
        "spent": {item: _amount(money) for item, money in look.spent.value.items()}
        if isinstance(look.spent, Known)
        else None,
        "spent_unknown": look.spent.reason if isinstance(look.spent, Unknown) else None,
    }


def _money(found: Maybe[Money]) -> dict[str, str] | None:
    return _amount(found.value) if isinstance(found, Known) else None


def _amount(money: Money) -> dict[str, str]:
    return {"amount": f"{money.amount:f}", "currency": money.currency}
