"""Questions about what is there, what was decided and what will happen."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from guard.web.api.answering import PREFIX, READ_REFUSALS, Asked, Document, answer
from guard.web.api.documents import (
    Explanation,
    Fleet,
    Found,
    Glimpse,
    History,
    Jobs,
    Me,
    Moment,
    Now,
    Plan,
    Status,
    Thing,
)
from guard.web.asking import DeskOf, PersonOf

router = APIRouter(prefix=PREFIX, tags=["look"], responses=READ_REFUSALS)

LONGEST_NAME = 500
"""Characters; a full resource name has about 120."""


class Narrowed(Asked):
    """Narrows a list and its totals."""

    project: str | None = Field(None, max_length=200, description="Only this project, by id or number.")
    policy: str | None = Field(None, max_length=200, description="Only what this policy decided.")


class Named(Asked):
    """One thing."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME, description="A resource name, display name or id.")


class Sought(Named):
    """One thing, or what is left of it."""

    removed: bool = Field(default=False, description="What a restore of this name would bring back.")


class Remembered(Asked):
    """What is told of the past."""

    name: str | None = Field(
        None, min_length=1, max_length=LONGEST_NAME, description="One thing, or an act's id; left out: everything."
    )
    limit: int = Field(50, ge=1, le=10_000, description="How many acts and changes at most, the newest.")


class Words(Asked):
    """An instant in people's words."""

    text: str = Field(min_length=1, max_length=100, description="`Friday 18:00`, `in 3 days`, `2026-12-01`.")
    zone: str = Field("UTC", max_length=60, description="The zone that they are read in, such as Europe/Madrid.")


class Listed(BaseModel):
    """Filters, order and page of the fleet, as the page's address has them."""

    model_config = ConfigDict(extra="forbid")

    decision: str | None = Field(None, max_length=20, description="idle, unknown or keep.")
    project: str | None = Field(None, max_length=200)
    owner: str | None = Field(None, max_length=200)
    policy: str | None = Field(None, max_length=200)
    kind: str | None = Field(None, max_length=40)
    text: str | None = Field(None, max_length=200, description="Looked for in names, owners, machines and labels.")
    sort: str | None = Field(None, max_length=20)
    descending: str | None = Field(None, max_length=1, description="1: the other way round.")
    page: str | None = Field(None, max_length=7)
    everything: str | None = Field(None, max_length=1, description="1: also what costs nothing by the hour.")


@router.get("/me", response_model=Me)
def me(who: PersonOf, desk: DeskOf) -> Response:
    """Who the token speaks for, and what it may."""
    return answer({"now": desk.now().isoformat(), "name": who.name, "role": who.role.value, "owns": sorted(who.owns)})


@router.get("/now", response_model=Now)
def now(desk: DeskOf) -> Response:
    """Domain time: what `3d from now` counts from (a sandbox has a clock of its own)."""
    return answer({"now": desk.now().isoformat()})


@router.get("/moment", response_model=Moment)
def moment(desk: DeskOf, asked: Annotated[Words, Query()]) -> Response:
    """The instant that people's words mean; refused where they can be read in two ways."""
    return answer({"now": desk.now().isoformat(), **desk.moment(asked.text, zone=asked.zone)})


@router.get("/find", response_model=Found)
def find(desk: DeskOf, asked: Annotated[Sought, Query()]) -> Response:
    """The one thing that a name means, its owner, and whether it is still there."""
    return answer({"now": desk.now().isoformat(), **desk.find(asked.name, removed=asked.removed)})


@router.get("/status", response_model=Status)
def status(desk: DeskOf, asked: Annotated[Narrowed, Query()]) -> Response:
    """What bills, how long it has been silent, what the guard thinks; dearest first, with totals."""
    return answer(desk.status(project=asked.project, policy=asked.policy))


@router.get("/plan", response_model=Plan)
def plan(desk: DeskOf, asked: Annotated[Narrowed, Query()]) -> Response:
    """What would happen now and next, and what blocks it; the same in every mode."""
    return answer(desk.plan(project=asked.project, policy=asked.policy))


@router.get("/explain", response_model=Explanation)
def explain(desk: DeskOf, asked: Annotated[Named, Query()]) -> Response:
    """Why one thing goes or stays: sentences by heading, and the values behind them."""
    return answer(desk.explain(asked.name))


@router.get("/history", response_model=History)
def history(desk: DeskOf, asked: Annotated[Remembered, Query()]) -> Response:
    """What was decided and done, oldest first; of all, or of one thing through its removals and restores."""
    return answer(desk.history(asked.name, limit=asked.limit))


@router.get("/jobs", response_model=Jobs)
def jobs(desk: DeskOf, asked: Annotated[Narrowed, Query()]) -> Response:
    """Tuning jobs with state, cost, warnings and what they left; other providers' where nothing narrows the list."""
    return answer(desk.jobs(project=asked.project, policy=asked.policy))


@router.get("/fleet", response_model=Fleet)
def fleet(desk: DeskOf, request: Request, _asked: Annotated[Listed, Query()]) -> Response:
    """The fleet as the page lists it: filtered, ordered, page by page, with totals over all pages."""
    return answer(desk.fleet(dict(request.query_params)))


@router.get("/thing", response_model=Thing)
def thing(desk: DeskOf, asked: Annotated[Named, Query()]) -> Response:
    """One thing as the page shows it: its line, picture, story, and which words can be said of it now."""
    return answer(desk.thing(asked.name))


@router.get("/week", response_model=Document)
def week(desk: DeskOf) -> Response:
    """What would happen at the next look and in the seven days from then on, what blocks, how much of the caps is used."""
    return answer(desk.week())


@router.get("/tuning", response_model=Document)
def tuning(desk: DeskOf) -> Response:
    """Tuning jobs with loss curve, cost against estimate and expected end; the days on which base models are shut down."""
    return answer(desk.tuning())


@router.get("/glimpse", response_model=Glimpse)
def glimpse(desk: DeskOf) -> Response:
    """Is there anything new (`stamp`), and is anybody still looking (`late`)?"""
    return answer(desk.glimpse())
