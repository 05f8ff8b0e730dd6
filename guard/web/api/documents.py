"""What the answers hold: of the fleet, its plan, its past and people's words. Fields beyond these may come with any version."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from guard.web.api.answering import Document, Looked

Open = ConfigDict(extra="allow")


class Money(BaseModel):
    """An exact amount in one currency."""

    amount: str = Field(description="A decimal as text, unrounded.", examples=["0.2232"])
    currency: str = Field(description="ISO 4217.", examples=["USD"])


class Verdict(BaseModel):
    """What the guard thinks of one thing, by value."""

    model_config = Open
    subject: str = Field(description="Its canonical resource name.")
    kind: str
    project: str | None
    location: str | None
    display_name: str
    endpoint_display_name: str
    decision: str = Field(description="keep, idle, unknown or gone.")
    reason: str = Field(description="One of the closed list of reasons.")
    meaning: str
    policy: str | None
    owner: str | None
    billed: bool
    rate: Money | None = Field(description="Money an hour; null where it is not known or nothing bills.")
    silent_hours: float | None
    last_used_at: str | None
    stage: str | None
    due_at: str | None
    evidence: dict[str, Any]
    wait: dict[str, Any] | None = Field(description="The wait with the sum that led to it.")


class Rates(BaseModel):
    """Spend of one currency, now."""

    hour: Money
    month: Money = Field(description="Of 730 hours.")
    idle_hour: Money
    idle_month: Money


class Totals(BaseModel):
    """Sums of a list; `unpriced` things are in none of them."""

    model_config = Open
    rates: list[Rates]
    unpriced: int


class Pause(BaseModel):
    """Who stopped everything."""

    who: str
    why: str
    at: str


class NamedVerdict(Verdict):
    """With a name that tells it from the others of the list."""

    name: str


class Status(Looked):
    """The fleet, dearest first."""

    mode: str
    paused: str | None = Field(description="In words; null where nothing is paused.")
    pause: Pause | None
    things: list[NamedVerdict]
    totals: Totals


class PlannedVerdict(Verdict):
    """An act to be."""

    act_id: str
    attempt: int
    state: str | None
    blocks: list[str]
    ways_out: list[str]


class Plan(Looked):
    """The plan document; the same in every mode."""

    cycle_id: str | None
    mode: str
    actions: list[PlannedVerdict]
    notices: list[PlannedVerdict]
    blocked: list[PlannedVerdict]
    kept: list[Verdict]
    unknown: list[Verdict]


class Section(BaseModel):
    """One heading with its sentences."""

    title: str
    lines: list[str]


class Event(BaseModel):
    """One arrow of an act."""

    model_config = Open
    at: str
    state: str
    detail: str


class Act(BaseModel):
    """One act with every arrow it took."""

    model_config = Open
    id: str
    subject: str
    stage: str
    attempt: int
    state: str
    due_at: str | None
    settled_at: str | None
    events: list[Event]
    recipe: dict[str, Any] | None


class KeepSaid(BaseModel):
    """A person's word that something stays."""

    model_config = Open
    who: str
    why: str
    made_at: str
    until: str | None
    ended_at: str | None
    holds: bool


class Explanation(Looked):
    """Why one thing goes or stays."""

    subject: str
    name: str
    headline: str
    sections: list[Section]
    verdict: Verdict
    acts: list[Act]
    keeps: list[KeepSaid]
    notices: list[dict[str, Any]]


class Happened(BaseModel):
    """A line of the past."""

    model_config = Open
    at: str
    act_id: str | None
    subject: str
    thing: str
    what: str
    detail: str


class History(Document):
    """What was decided and done, oldest first."""

    events: list[Happened]


class Job(Verdict):
    """A tuning job."""

    name: str
    cost: Money | None = Field(description="By training tokens, an estimate; null where it is not known.")
    cost_unknown: str | None = Field(description="Why there is no cost.")
    on_bill: dict[str, Any] = Field(
        description="`billed`, and `difference` to `cost`; null where `billed_unknown` says why."
    )


class Jobs(Looked):
    """Tuning jobs, running ones first."""

    jobs: list[Job]
    providers: list[dict[str, Any]]


class Me(Document):
    """Who the token speaks for."""

    name: str
    role: str = Field(description="viewer, owner or operator.")
    owns: list[str] = Field(description="Owner names whose things an owner may speak on.")


class Now(Document):
    """Domain time."""


class Moment(Document):
    """What people's words mean."""

    text: str
    zone: str
    at: str


class Found(Document):
    """The one thing that a name means."""

    subject: str
    name: str
    owner: str | None
    project: str | None
    kind: str | None
    gone: bool


class Line(BaseModel):
    """One line of the fleet."""

    model_config = Open
    subject: str
    name: str
    kind: str
    project: str | None
    location: str | None
    owner: str | None
    billed: bool
    rate: Money | None
    decision: str
    reason: str


class Page(BaseModel):
    """Which part of a list it is."""

    number: int
    last: int
    size: int


class Fleet(Looked):
    """A page of the fleet, totals over all pages."""

    cycle_id: str | None
    mode: str
    stamp: str
    paused: str | None
    figures: dict[str, Any]
    totals: Totals
    page: Page
    things: list[Line]


class Thing(Explanation):
    """One thing in full."""

    line: Line
    stamp: str


class Glimpse(Looked):
    """Is there news?"""

    stamp: str = Field(description="Changes with everything that a page shows.")
    late: str | None = Field(description="Says in words that the looks have stopped.")


class Word(Document):
    """A word that was taken."""

    who: str


class Kept(Word):
    """A keep."""

    subject: str
    name: str
    why: str
    until: str | None
    in_flight: int = Field(description="Removals that were already sent when it was said.")
    cost: dict[str, Any] | None = Field(
        description="What keeping it has cost so far; null where this is the first keep."
    )


class Unkept(Word):
    """The end of keeps."""

    subject: str
    name: str
    ended: int


class Waiting(BaseModel):
    """An act that waits."""

    id: str
    subject: str
    name: str
    stage: str
    due_at: str
    is_due: bool


class Approved(Word):
    """A yes."""

    approved: list[str] = Field(description="Ids of the acts; empty where none waits.")
    acts: list[Waiting]
    acknowledged: list[str]
    until: str


class Removing(Word):
    """What became of a wish for a removal."""

    subject: str
    name: str
    will_go: bool
    acts: list[Waiting]
    mode: str
    reason: str
    meaning: str
    way_out: str


class Ordered(BaseModel):
    """A restore that was ordered."""

    subject: str
    name: str
    stage: str
    removed_at: str | None
    recipe: str
    lacks: list[str] = Field(description="What does not come back, in words.")


class Restoring(Word):
    """What comes back, and what cannot."""

    ordered: list[Ordered]
    impossible: list[dict[str, str]]
    dry_run: bool
    mode: str
    paused: bool


class GivenUp(Word):
    """Restores that are not tried any more."""

    given_up: list[str]
    under_way: list[str]
    names: dict[str, str]


class Paused(Word):
    """A pause."""

    paused: bool
    why: str


class Resumed(Word):
    """The end of a pause."""

    resumed: bool
    pause: Pause | None = Field(description="The one that ended.")


class Accepted(Document):
    """Prices that are in force now."""

    accepted: list[dict[str, Any]]
    by: str | None
