"""Acts and their events: proposed, moved arrow by arrow by compare-and-set, read back. The intent has a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update

from guard.core.plan import NoticeKind
from guard.core.removal import ARROWS, Act, ActKey, ActState, Recipe
from guard.core.verdict import Stage
from guard.ledger import chain, tables
from guard.ledger.codec import act_changes, act_from, act_row, recipe_from
from guard.ledger.engine import Writing
from guard.ledger.room import Room
from guard.ports.ledger import ActEvent

OPEN = tuple(state.value for state in ActState if state.is_open)
POSTPONABLE = tuple(state.value for state in ActState if state.is_open and not state.is_in_flight)


class Acts(Room):
    """The state machine of acts, as far as no call follows."""

    def propose(self, act: Act) -> bool:
        if act.state.is_in_flight:
            raise ValueError(f"an act is proposed before it is {act.state.value}; only an intent gets it there")
        table = tables.acts
        with self._database.write() as writing:
            statement = self._insert(table).on_conflict_do_nothing().returning(table.c.id)
            if writing.connection.execute(statement, act_row(act)).first() is None:
                return False
            chain.append(writing, act.id, act.proposed_at, act.state, detail=act.detail, evidence=act.evidence)
            return True

    def move(self, act_id: str, old: ActState, new: ActState, now: datetime, **changes: Any) -> bool:
        """See the port. `old` and `new` alike record a further step of an open act. Raises ValueError for an arrow that
        does not exist: into `intended` leads only intend(), and an announced due time moves only by postpone().
        """
        if new is ActState.INTENDED or not (new in ARROWS[old] or (new is old and old.is_open)):
            raise ValueError(f"there is no arrow from {old.value} to {new.value}")
        if "due_at" in changes and old is not ActState.PROPOSED:
            raise ValueError("an announced due time is moved by postpone(), and only later")
        evidence = changes.pop("evidence", None)
        columns = act_changes(changes)
        if not new.is_open:
            columns.setdefault("settled_at", now)
        if new is ActState.NOTICED:
            columns.setdefault("noticed_at", now)
        table = tables.acts
        with self._database.write() as writing:
            moved = writing.connection.execute(
                update(table)
                .where(table.c.id == act_id, table.c.state == old.value)
                .values(state=new.value, updated_at=now, **columns)
            )
            if moved.rowcount != 1:
                return False
            chain.append(writing, act_id, now, new, detail=str(changes.get("detail", "")), evidence=evidence)
            if new is ActState.CANCELLED:
                _void_notices(writing, act_id, now)
            return True

    def postpone(self, act_id: str, due_at: datetime, now: datetime, why: str) -> bool:
        """See the port. An act in flight or settled is not postponed."""
        table = tables.acts
        with self._database.write() as writing:
            state = writing.connection.execute(
                update(table)
                .where(table.c.id == act_id, table.c.due_at < due_at, table.c.state.in_(POSTPONABLE))
                .values(due_at=due_at, updated_at=now, detail=why)
                .returning(table.c.state)
            ).scalar()
            if state is None:
                return False
            chain.append(writing, act_id, now, ActState(state), detail=why, evidence={"due_at": due_at})
            return True

    def acts(
        self,
        *,
        subject: str | None = None,
        open_only: bool = False,
        cycle_id: str | None = None,
        limit: int | None = None,
    ) -> Sequence[Act]:
        """See the port: newest first."""
        table = tables.acts
        query = select(table).order_by(table.c.proposed_at.desc(), table.c.attempt.desc(), table.c.id)
        if subject is not None:
            query = query.where(table.c.subject == subject)
        if open_only:
            query = query.where(table.c.state.in_(OPEN))
        if cycle_id is not None:
            query = query.where(table.c.cycle_id == cycle_id)
        if limit is not None:
            query = query.limit(limit)
        with self._database.read() as connection:
            return [act_from(row) for row in connection.execute(query)]

    def latest_restores(self) -> Sequence[Act]:
        table = tables.acts
        query = select(table).where(table.c.stage == Stage.RESTORE.value).order_by(table.c.generation, table.c.attempt)
        with self._database.read() as connection:
            latest = {row.generation: row for row in connection.execute(query)}
        over = {ActState.VERIFIED.value, ActState.CANCELLED.value}
        return [act_from(row) for row in latest.values() if row.state not in over]

    def act(self, act_id: str) -> Act | None:
        return self._one_act(tables.acts.c.id == act_id)

    def act_by_key(self, key: ActKey) -> Act | None:
        return self._one_act(
            tables.acts.c.subject == key.subject,
            tables.acts.c.generation == key.generation,
            tables.acts.c.stage == key.stage.value,
            tables.acts.c.attempt == key.attempt,
        )

    def _one_act(self, *conditions: ColumnElement[bool]) -> Act | None:
        with self._database.read() as connection:
            row = connection.execute(select(tables.acts).where(*conditions)).first()
        return act_from(row) if row else None

    def act_events(self, act_id: str) -> Sequence[ActEvent]:
        """See the port: oldest first."""
        event = tables.act_events
        query = select(event).where(event.c.act_id == act_id).order_by(event.c.seq)
        with self._database.read() as connection:
            return [
                ActEvent(
                    act_id=row.act_id, at=row.at, state=ActState(row.state), detail=row.detail, evidence=row.evidence
                )
                for row in connection.execute(query)
            ]

    def recipe(self, recipe_id: str) -> Recipe | None:
        with self._database.read() as connection:
            row = connection.execute(select(tables.recipes).where(tables.recipes.c.id == recipe_id)).first()
        return recipe_from(row) if row else None

    def recipes(self, *, subject: str | None = None) -> Sequence[Recipe]:
        """See the port: newest first."""
        table = tables.recipes
        query = select(table).order_by(table.c.made_at.desc(), table.c.id)
        if subject is not None:
            query = query.where(table.c.subject == subject)
        with self._database.read() as connection:
            return [recipe_from(row) for row in connection.execute(query)]


def _void_notices(writing: Writing, act_id: str, now: datetime) -> None:
    """Cancelling an act voids its notice: one that is still waiting never goes out."""
    notice = tables.notices
    writing.connection.execute(
        update(notice)
        .where(
            notice.c.act_id == act_id,
            notice.c.kind == NoticeKind.REMOVAL_AHEAD.value,
            notice.c.delivered_at.is_(None),
            notice.c.closed_at.is_(None),
        )
        .values(closed_at=now, last_error="void: the act was cancelled")
    )
