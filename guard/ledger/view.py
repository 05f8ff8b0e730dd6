"""What a plan needs to know of the past, read in one go so that it is one state of the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median_low

from sqlalchemy import Connection, and_, func, or_, select

from guard.core.names import Scope, model_and_version, with_project
from guard.core.plan import LedgerView
from guard.core.reasons import BlockReason, RemoveReason
from guard.core.removal import Act, ActState
from guard.core.units import Money
from guard.core.verdict import Stage
from guard.ledger import money_tables, tables
from guard.ledger.acts import OPEN
from guard.ledger.codec import acknowledgement_from, act_from, approval_from, money_from
from guard.ledger.people import keeps_that_hold
from guard.ledger.room import Room
from guard.ledger.sightings import all_seen

ACTS_SHOWN = timedelta(days=7)
"""How long a settled act stays in the view. Limits count 24 hours; a week also shows late requests and a weekend's work."""

RECIPE_LIVES = timedelta(days=30)
"""How long after its removal a recipe counts as live, so that what it names stays: the horizon of a claimed saving. The recipe
itself is kept for good and can be restored later too, as far as what it names is still there.
"""

USUAL_OVER = timedelta(days=30)
"""Over which past the usual number of newly selected things is taken."""


class View(Room):
    """The view of the past."""

    def view(self, now: datetime) -> LedgerView:
        with self._database.read() as connection:
            seen = all_seen(connection)
            return LedgerView(
                acts=_acts(connection, now),
                keeps=tuple(keeps_that_hold(connection, now)),
                approvals=tuple(
                    approval_from(row)
                    for row in connection.execute(select(tables.approvals).where(tables.approvals.c.expires_at > now))
                ),
                acknowledgements=tuple(
                    acknowledgement_from(row)
                    for row in connection.execute(
                        select(tables.acknowledgements).where(tables.acknowledgements.c.expires_at > now)
                    )
                ),
                seen=seen,
                live_recipes=_live_recipes(connection, now),
                usual_selected=_usual_selected(connection, now),
                blocked_machines=frozenset(_blocked_machines(connection)),
                totals=_totals(connection),
            )


def _acts(connection: Connection, now: datetime) -> tuple[Act, ...]:
    """Open acts, acts of the last days, and all attempts on what still is there as it was: they number the next attempt."""
    act, thing = tables.acts, tables.resources
    query = (
        select(act)
        .outerjoin(thing, and_(thing.c.name == act.c.subject, thing.c.generation == act.c.generation))
        .where(
            or_(
                act.c.state.in_(OPEN),
                act.c.settled_at > now - ACTS_SHOWN,
                act.c.intended_at > now - ACTS_SHOWN,
                thing.c.name.is_not(None),
            )
        )
        .order_by(act.c.proposed_at, act.c.id)
    )
    return tuple(act_from(row) for row in connection.execute(query))


def _live_recipes(connection: Connection, now: datetime) -> tuple[str, ...]:
    """Names in recipes that can be restored, whose removal happened lately and was not taken back."""
    recipe, act = tables.recipes, tables.acts
    restored = (
        select(act.c.recipe_id)
        .where(act.c.stage == Stage.RESTORE.value, act.c.state == ActState.VERIFIED.value, act.c.recipe_id.is_not(None))
        .scalar_subquery()
    )
    query = (
        select(recipe.c.names, act.c.project, act.c.project_id)
        .join(act, act.c.id == recipe.c.act_id)
        .where(
            recipe.c.restorable,
            recipe.c.made_at > now - RECIPE_LIVES,
            act.c.state.in_((*OPEN, ActState.VERIFIED.value)),
            recipe.c.id.not_in(restored),
        )
    )
    names: set[str] = set()
    for row in connection.execute(query):
        for name in row.names:
            # The platform writes a project by id or by number; canonical is the number.
            own = name.split("/", 2)[1] in {row.project, row.project_id}
            canonical = with_project(name, row.project) if own else name
            names |= {canonical, model_and_version(canonical)[0]}
    return tuple(sorted(names))


def _usual_selected(connection: Connection, now: datetime) -> int:
    """The median number of things that a cycle newly proposed, over the cycles that proposed any; 0 without history."""
    act = tables.acts
    query = (
        select(func.count())
        .where(
            act.c.proposed_at > now - USUAL_OVER,
            act.c.stage != Stage.RESTORE.value,
            act.c.reason != RemoveReason.ASKED_BY_PERSON.value,
        )
        .group_by(act.c.proposed_at)
    )
    counts = list(connection.execute(query).scalars())
    return median_low(counts) if counts else 0


def _blocked_machines(connection: Connection) -> Iterable[tuple[Scope, str]]:
    """Machine types whose latest restore found no capacity and has not succeeded since."""
    act = tables.acts
    query = (
        select(act.c.recipe_id, act.c.project, act.c.location, act.c.machine, act.c.block, act.c.state)
        .where(act.c.stage == Stage.RESTORE.value)
        .order_by(act.c.proposed_at, act.c.attempt)
    )
    latest = {row.recipe_id: row for row in connection.execute(query)}
    settled = {ActState.VERIFIED.value, ActState.CANCELLED.value}
    for row in latest.values():
        if row.block == BlockReason.NO_CAPACITY_TO_RESTORE.value and row.machine and row.state not in settled:
            yield Scope(row.project, row.location), row.machine


def _totals(connection: Connection) -> dict[str, Money]:
    """Savings so far, claimed and measured, a sum for each currency: `claimed:USD`."""
    totals: dict[str, Money] = {}
    for row in connection.execute(select(money_tables.savings)):
        for kind in ("claimed", "measured"):
            money = money_from(getattr(row, f"{kind}_amount"), getattr(row, f"{kind}_currency"))
            if money is not None:
                key = f"{kind}:{money.currency}"
                totals[key] = totals[key] + money if key in totals else money
    return totals
