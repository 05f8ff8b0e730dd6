"""The one way to an act: everything that must hold is checked in the transaction that commits the intent.

The checks are in the order in which people want to hear them. Whatever refuses, nothing was changed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, exists, func, select, update

from guard.core.limits import removal_unit
from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActState, Recipe
from guard.core.verdict import Evidence, Stage
from guard.ledger import chain, tables
from guard.ledger.codec import act_from, recipe_row
from guard.ledger.engine import Writing, machine_ms
from guard.ledger.people import covers, keeps_that_hold
from guard.ledger.room import Room
from guard.ports.errors import NotFoundByName
from guard.ports.ledger import IntentCheck

THROTTLE_PERIOD = timedelta(hours=24)
IN_FLIGHT = tuple(state.value for state in ActState if state.is_in_flight)
LEAVES_RECIPE = frozenset({Stage.UNDEPLOY, Stage.DELETE_ENDPOINT, Stage.DELETE_MODEL, Stage.DELETE_FILE})


class Intents(Room):
    """Intents."""

    def intend(self, act_id: str, check: IntentCheck, recipe: Recipe | None, evidence: Evidence) -> Act | BlockReason:
        if recipe is not None and recipe.act_id != act_id:
            raise ValueError(f"the recipe {recipe.id} belongs to act {recipe.act_id}, not to {act_id}")
        with self._database.write(firm=True) as writing:
            block = self._block(writing, act_id, check, recipe, evidence)
            return block if block is not None else _commit(writing, act_id, check, recipe, evidence)

    def _block(
        self, writing: Writing, act_id: str, check: IntentCheck, recipe: Recipe | None, evidence: Evidence
    ) -> BlockReason | None:
        connection = writing.connection
        row = connection.execute(_ACT, {"id": act_id}).first()
        if row is None:
            raise NotFoundByName(f"The ledger has no act {act_id}.")
        act = act_from(row)
        if act.state is not ActState.DUE:
            return BlockReason.ALREADY_RUNNING if act.state.is_in_flight else BlockReason.CHANGED_SINCE_PLAN
        facts = _facts(connection, act, check)
        if facts.running:
            return BlockReason.ALREADY_RUNNING
        if act.due_at > check.now:
            return BlockReason.NOTICE_RUNNING
        if act.noticed_at is None and act.key.stage is not Stage.RESTORE:
            return BlockReason.NOTICE_NOT_DELIVERED
        if not facts.adopted:
            return BlockReason.LEDGER_NOT_ADOPTED
        if not self._durable:
            return BlockReason.LEDGER_NOT_DURABLE
        if (facts.holder, facts.term) != (check.holder, check.term) or facts.expires_ms <= machine_ms(connection):
            return BlockReason.NOT_LEADER
        if not facts.claimed:
            return BlockReason.NO_CLAIM
        if facts.paused:
            return BlockReason.PAUSED
        if writing.config_digest != check.config_digest:
            return BlockReason.CONFIG_CHANGED
        return (
            (_kept(connection, act, check) if act.key.stage is not Stage.RESTORE else None)
            or _words_missing(connection, act, check, recipe, evidence)
            or _limit(connection, act, check, facts)
        )


_ACT = select(tables.acts).where(tables.acts.c.id == bindparam("id"))


def _facts_about_an_act() -> Select[Any]:
    """Who leads, what is in flight, adopted, claimed, paused, and how many intents there were: in one statement, since all
    who act wait for each other here.
    """
    act = tables.acts
    intents = select(func.count()).select_from(act).where(act.c.intended_at.is_not(None))
    same = (
        act.c.subject == bindparam("subject"),
        act.c.generation == bindparam("generation"),
        act.c.stage == bindparam("stage"),
    )
    # An intent dated after now (a clock that was set back) counts as well: the doubt is on the safe side.
    lately = (act.c.intended_at > bindparam("since"), act.c.stage != Stage.RESTORE.value)
    return select(
        tables.lease.c.holder,
        tables.lease.c.term,
        tables.lease.c.expires_ms,
        exists().where(act.c.subject == bindparam("subject"), act.c.state.in_(IN_FLIGHT)).label("running"),
        exists(select(tables.adoptions.c.id)).label("adopted"),
        exists().where(tables.claims.c.project == bindparam("project")).label("claimed"),
        exists().where(tables.pauses.c.resumed_at.is_(None)).label("paused"),
        intents.where(*same).scalar_subquery().label("attempts"),
        intents.where(*lately).scalar_subquery().label("lately"),
        intents.where(*lately, act.c.project == bindparam("project")).scalar_subquery().label("lately_here"),
    )


_FACTS = _facts_about_an_act()


def _facts(connection: Connection, act: Act, check: IntentCheck) -> Row[Any]:
    about = {
        "subject": act.key.subject,
        "generation": act.key.generation,
        "stage": act.key.stage.value,
        "project": act.project,
        "since": check.now - THROTTLE_PERIOD,
    }
    return connection.execute(_FACTS, about).one()


def _kept(connection: Connection, act: Act, check: IntentCheck) -> BlockReason | None:
    names = (act.key.subject, *check.also_kept_by)
    for keep in keeps_that_hold(connection, check.now):
        if any(covers(keep.subject, name) for name in names):
            return BlockReason.KEPT
    return None


def _words_missing(
    connection: Connection, act: Act, check: IntentCheck, recipe: Recipe | None, evidence: Evidence
) -> BlockReason | None:
    """Look for the approval, and for the acceptance of a removal that leaves no way back."""
    table = tables.approvals
    approvals = connection.execute(
        select(table.c.accept_loss).where(
            table.c.act_id == act.id,
            table.c.evidence_digest == check.evidence_digest,
            table.c.made_at <= check.now,
            table.c.expires_at > check.now,
        )
    ).all()
    if check.needs_approval and not approvals:
        return BlockReason.WAITING_FOR_APPROVAL
    if act.key.stage in LEAVES_RECIPE:
        # A named person's word: at an approval, in the policy (which the evidence then names), or by asking for this act.
        accepted = any(row.accept_loss for row in approvals) or evidence.get("accepted_by") or act.asked_by
        if recipe is None and not accepted:
            return BlockReason.NO_RECIPE
        if recipe is not None and not recipe.restorable and not accepted:
            return BlockReason.ACCEPTANCE_MISSING
    return None


def _limit(connection: Connection, act: Act, check: IntentCheck, facts: Row[Any]) -> BlockReason | None:
    if act.key.stage is Stage.RESTORE:
        return None  # tried until it succeeds or a person gives up (guard/daemon/restores.py)
    if facts.attempts >= check.attempts:
        return BlockReason.ATTEMPTS_EXHAUSTED
    most_here = check.per_project_per_day
    if facts.lately < check.per_day and (most_here is None or facts.lately_here < most_here):
        return None  # removals are never more than intents, so that nothing has to be read in the usual case
    return BlockReason.THROTTLED if _is_throttled(connection, act, check) else None


def _is_throttled(connection: Connection, act: Act, check: IntentCheck) -> bool:
    table = tables.acts
    lately = (table.c.intended_at > check.now - THROTTLE_PERIOD, table.c.stage != Stage.RESTORE.value)
    begun = {
        removal_unit(other): other.project for other in map(act_from, connection.execute(select(table).where(*lately)))
    }
    if removal_unit(act) in begun:
        return False  # the rest of a pool that has begun to go
    here = sum(project == act.project for project in begun.values())
    return len(begun) >= check.per_day or (check.per_project_per_day is not None and here >= check.per_project_per_day)


def _commit(writing: Writing, act_id: str, check: IntentCheck, recipe: Recipe | None, evidence: Evidence) -> Act:
    table = tables.acts
    columns = {} if recipe is None else {"recipe_id": recipe.id}
    row = writing.connection.execute(
        update(table)
        .where(table.c.id == act_id, table.c.state == ActState.DUE.value)
        .values(
            state=ActState.INTENDED.value,
            intended_at=check.now,
            updated_at=check.now,
            term=check.term,
            evidence=evidence,
            **columns,
        )
        .returning(table)
    ).one()
    detail = ""
    if recipe is not None:
        stored = recipe_row(recipe)
        writing.connection.execute(tables.recipes.insert(), stored)
        detail = f"{chain.RECIPE_WORDS}{recipe.id} sha256 {stored['digest']}"
    chain.append(writing, act_id, check.now, ActState.INTENDED, detail=detail, evidence=evidence)
    return act_from(row)
