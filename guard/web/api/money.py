"""Questions about money."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from guard.ports.errors import NotUnderstood
from guard.web.api.answering import PREFIX, READ_REFUSALS, Asked, Document, answer
from guard.web.api.documents_money import Budgets, Costs, Prices, Report, Savings
from guard.web.api.looking import Narrowed
from guard.web.asking import DeskOf

router = APIRouter(prefix=PREFIX, tags=["money"], responses=READ_REFUSALS)


class Grouped(Narrowed):
    """What costs are added up by."""

    by: str = Field(
        "thing",
        max_length=100,
        description="thing, endpoint, project, owner, team, machine, location, policy, or label:KEY.",
    )


class OfMonth(Asked):
    """A billing month."""

    month: str | None = Field(None, max_length=7, description="YYYY-MM; left out: the running one.")


class Tried(Asked):
    """Waits to try."""

    wait: list[Annotated[str, Field(max_length=40)]] = Field([], max_length=10, description="Such as 24h, or auto.")
    policy: str | None = Field(None, max_length=200, description="With `use`: the policy whose change is shown.")
    use: str | None = Field(None, max_length=40)


@router.get("/costs", response_model=Costs)
def costs(desk: DeskOf, asked: Annotated[Grouped, Query()]) -> Response:
    """The rate now, the month to date, what it ends at. List prices; what is unknown is listed and in no sum."""
    return answer(desk.costs(by=asked.by, project=asked.project, policy=asked.policy))


@router.get("/budgets", response_model=Budgets)
def budgets(desk: DeskOf) -> Response:
    """How each spend budget stands; every crossing, also those that are over."""
    return answer(desk.budgets())


@router.get("/prices", response_model=Prices)
def prices(desk: DeskOf) -> Response:
    """What is paid an hour, from which source, how old it is, what is missing, what waits for a person."""
    return answer(desk.prices())


@router.get("/savings", response_model=Savings)
def savings(desk: DeskOf) -> Response:
    """What removals saved: claimed, measured, billed."""
    return answer(desk.savings())


@router.get("/report", response_model=Report)
def report(desk: DeskOf, asked: Annotated[OfMonth, Query()]) -> Response:
    """The report of a billing month."""
    return answer(desk.report(month=asked.month))


@router.get("/money", response_model=Document)
def money(desk: DeskOf) -> Response:
    """Budgets with their burn and who was told, spend by team, owner, project and kind, prices that are unknown or old."""
    return answer(desk.money())


@router.get("/trial", response_model=Document)
def trial(desk: DeskOf, asked: Annotated[Tried, Query()]) -> Response:
    """Waits tried on the ledger's own past: saving against cold starts. With `policy` and `use`: the change to guard.yaml."""
    if (asked.policy is None) != (asked.use is None):
        raise NotUnderstood("found one of policy and use. Expected both of them, or none.")
    use = (asked.policy, asked.use) if asked.policy is not None and asked.use is not None else None
    return answer(desk.trial(asked.wait, use=use))
