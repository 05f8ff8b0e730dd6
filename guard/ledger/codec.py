"""Core values to rows and back. Nothing is rounded: amounts are exact text, instants keep their microseconds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from guard.core.plan import Acknowledgement, Approval, KeepOrder, Notice, NoticeKind, Seen
from guard.core.reasons import BlockReason, RemoveReason
from guard.core.removal import Act, ActKey, ActState, Recipe
from guard.core.restore import strip_env
from guard.core.units import Money, Rate
from guard.core.verdict import Stage
from guard.ledger.types import canonical
from guard.ports.ledger import CycleRecord, OutboxItem, Saving

PLAIN_ACT_FIELDS = (
    "id", "policy", "project", "project_id", "location", "display_name", "digest", "proposed_at", "due_at", "updated_at",
    "evidence", "owner", "owner_source", "config_digest", "noticed_at", "intended_at", "settled_at", "operation", "recipe_id",
    "cycle_id", "term", "detail", "asked_by", "machine",
)  # fmt: skip
"""Fields of Act whose column holds them as they are; key, state, reason, block and rate take more columns or a change of type."""


def act_row(act: Act) -> dict[str, Any]:
    """Return the columns of an act."""
    row = {name: getattr(act, name) for name in PLAIN_ACT_FIELDS}
    return row | {
        "subject": act.key.subject,
        "generation": act.key.generation,
        "stage": act.key.stage.value,
        "attempt": act.key.attempt,
        "state": act.state.value,
        "reason": act.reason.value,
        "block": act.block.value if act.block else None,
        **rate_columns(act.rate),
    }


def act_from(row: Row[Any]) -> Act:
    """Return the act of a row."""
    plain = {name: getattr(row, name) for name in PLAIN_ACT_FIELDS}
    return Act(
        **plain,
        key=ActKey(row.subject, row.generation, Stage(row.stage), row.attempt),
        state=ActState(row.state),
        reason=RemoveReason(row.reason),
        block=BlockReason(row.block) if row.block else None,
        rate=rate_from(row.rate_amount, row.rate_currency),
    )


def act_changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that changed fields of an act lead to; raises ValueError for a field that never changes."""
    columns: dict[str, Any] = {}
    for name, value in changes.items():
        if name == "rate":
            columns |= rate_columns(value)
        elif name == "block":
            columns["block"] = value.value if value else None
        elif name in CHANGEABLE:
            columns[name] = value
        else:
            raise ValueError(f"an act's {name} is not changed by an arrow")
    return columns


CHANGEABLE = frozenset(PLAIN_ACT_FIELDS) - {
    "id",
    "project",
    "project_id",
    "location",
    "proposed_at",
    "updated_at",
    "evidence",
}


def rate_columns(rate: Rate | None) -> dict[str, str | None]:
    """Return amount and currency of a rate, both empty for an unknown one."""
    return money_columns("rate", rate.per_hour if rate else None)


def rate_from(amount: str | None, currency: str | None) -> Rate | None:
    """Return the rate of two columns."""
    money = money_from(amount, currency)
    return Rate(money) if money else None


def money_columns(prefix: str, money: Money | None) -> dict[str, str | None]:
    """Return `PREFIX_amount` and `PREFIX_currency`."""
    return {
        f"{prefix}_amount": str(money.amount) if money else None,
        f"{prefix}_currency": money.currency if money else None,
    }


def money_from(amount: str | None, currency: str | None) -> Money | None:
    """Return the amount of two columns."""
    return Money(Decimal(amount), currency) if amount is not None and currency is not None else None


def recipe_row(recipe: Recipe) -> dict[str, Any]:
    """Return the columns of a recipe. Values of environment variables are dropped: they may be secrets."""
    documents = strip_env(recipe.documents)
    return {
        "id": recipe.id,
        "act_id": recipe.act_id,
        "subject": recipe.subject,
        "stage": recipe.stage.value,
        "made_at": recipe.made_at,
        "documents": documents,
        "names": names_in(documents),
        "lacks": list(recipe.lacks),
        "restorable": recipe.restorable,
        "copied_to": recipe.copied_to,
        "env_names": list(recipe.env_names),
        "digest": digest_of(documents),
    }


def recipe_from(row: Row[Any]) -> Recipe:
    """Return the recipe of a row."""
    return Recipe(
        id=row.id,
        act_id=row.act_id,
        subject=row.subject,
        stage=Stage(row.stage),
        made_at=row.made_at,
        documents=row.documents,
        lacks=tuple(row.lacks),
        restorable=row.restorable,
        copied_to=row.copied_to,
        env_names=tuple(row.env_names),
    )


def names_in(documents: Any) -> list[str]:
    """Return every resource name in raw documents, sorted."""
    found: set[str] = set()
    stack = [documents]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            stack.extend(value.values())
        elif isinstance(value, (list, tuple)):
            stack.extend(value)
        elif isinstance(value, str) and value.startswith("projects/") and "/locations/" in value:
            found.add(value)
    return sorted(found)


def digest_of(value: Any) -> str:
    """Return the SHA-256 of a JSON value in its canonical form."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


SEEN_FIELDS = (
    "name", "kind", "generation", "first_seen_at", "last_seen_at", "digest", "iac_marked", "removable_since", "restored_at",
    "wait_factor", "labels", "told_first_seen", "empty_since", "was_live",
)  # fmt: skip


def seen_row(seen: Seen) -> dict[str, Any]:
    """Return the columns of what is remembered of one thing."""
    return {name: getattr(seen, name) for name in SEEN_FIELDS}


def seen_from(row: Row[Any]) -> Seen:
    """Return what is remembered of one thing."""
    return Seen(**row._mapping)  # noqa: SLF001  # a public attribute in spite of its name (SQLAlchemy's Row)


def keep_from(row: Row[Any]) -> KeepOrder:
    """Return the keep of a row."""
    return KeepOrder(
        id=row.id,
        subject=row.subject,
        who=row.who,
        why=row.why,
        made_at=row.made_at,
        until=row.until,
        ended_at=row.ended_at,
    )


def approval_from(row: Row[Any]) -> Approval:
    """Return the approval of a row."""
    return Approval(
        act_id=row.act_id,
        evidence_digest=row.evidence_digest,
        who=row.who,
        made_at=row.made_at,
        expires_at=row.expires_at,
        accept_loss=row.accept_loss,
    )


def acknowledgement_from(row: Row[Any]) -> Acknowledgement:
    """Return the acknowledgement of a row."""
    return Acknowledgement(what=row.what, who=row.who, made_at=row.made_at, expires_at=row.expires_at)


def notice_row(notice: Notice, now: datetime) -> dict[str, Any]:
    """Return the columns of a notice that is new in the outbox."""
    return {
        "id": notice.id,
        "kind": notice.kind.value,
        "recipient": notice.to,
        "subject": notice.subject,
        "title": notice.title,
        "body": notice.body,
        "made_at": notice.made_at,
        "act_id": notice.act_id,
        "due_at": notice.due_at,
        "data": dict(notice.data),
        "attempts": 0,
        "next_at": now,
        "escalated": False,
        "last_error": "",
    }


def outbox_item_from(row: Row[Any]) -> OutboxItem:
    """Return a notice and what became of it."""
    notice = Notice(
        id=row.id,
        kind=NoticeKind(row.kind),
        to=row.recipient,
        subject=row.subject,
        title=row.title,
        body=row.body,
        made_at=row.made_at,
        act_id=row.act_id,
        due_at=row.due_at,
        data=row.data,
    )
    return OutboxItem(
        notice=notice,
        attempts=row.attempts,
        next_at=row.next_at,
        delivered_at=row.delivered_at,
        escalated=row.escalated,
        last_error=row.last_error,
    )


def saving_row(saving: Saving) -> dict[str, Any]:
    """Return the columns of a saving."""
    return {
        "act_id": saving.act_id,
        "subject": saving.subject,
        "since": saving.since,
        "until": saving.until,
        "note": saving.note,
        **money_columns("rate", saving.rate),
        **money_columns("claimed", saving.claimed),
        **money_columns("measured", saving.measured),
    }


def saving_from(row: Row[Any]) -> Saving:
    """Return the saving of a row."""
    return Saving(
        act_id=row.act_id,
        subject=row.subject,
        since=row.since,
        until=row.until,
        rate=money_from(row.rate_amount, row.rate_currency),
        claimed=money_from(row.claimed_amount, row.claimed_currency),
        measured=money_from(row.measured_amount, row.measured_currency),
        note=row.note,
    )


def cycle_from(row: Row[Any]) -> CycleRecord:
    """Return the cycle of a row."""
    return CycleRecord(
        id=row.cycle_id,
        taken_at=row.taken_at,
        mode=row.mode,
        config_digest=row.config_digest,
        term=row.term,
        took=timedelta(microseconds=row.took_us),
        summary=row.summary,
        plan=row.plan,
    )
