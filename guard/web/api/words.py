"""Words: each by POST only, by whoever the token speaks for; an owner's on their own things, an operator's on all."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, Field

from guard.web.api.answering import PREFIX, WORD_REFUSALS, Body, answer
from guard.web.api.documents import Accepted, Approved, GivenUp, Kept, Paused, Removing, Restoring, Resumed, Unkept
from guard.web.api.looking import LONGEST_NAME
from guard.web.asking import DeskOf, PersonOf

router = APIRouter(prefix=PREFIX, tags=["words"], responses=WORD_REFUSALS)

LONGEST_REASON = 2000


class OnOne(Body):
    """About one thing."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME, description="A resource name, display name or id.")


class Keep(OnOne):
    """Until when and why."""

    until: AwareDatetime | None = Field(None, description="Null: for good.")
    why: str = Field("", max_length=LONGEST_REASON, description="Others will read it.")


class Yes(Body):
    """What is approved or acknowledged; at least one of them."""

    name: str | None = Field(None, min_length=1, max_length=LONGEST_NAME, description="Also an act's id.")
    accept_loss: bool = Field(default=False, description="Accept that it cannot be undone.")
    scope: str | None = Field(None, max_length=200, description="A project location whose instruments were in doubt.")
    breaker: bool = Field(default=False, description="Let a run go on that selected far more than usual.")
    widening: bool = Field(default=False, description="Accept that a change made many things removable.")


class Back(Body):
    """What is brought back: one thing, or everything that one cycle removed."""

    name: str | None = Field(None, min_length=1, max_length=LONGEST_NAME, description="Also the removal's act id.")
    cycle: str | None = Field(None, min_length=1, max_length=100)


class Restore(Back):
    """A restore, or what it would do."""

    dry_run: bool = Field(default=False, description="Only say what would and would not come back.")


class Why(Body):
    """A reason; others will read it."""

    why: str = Field("", max_length=LONGEST_REASON)


class Price(Body):
    """A price that waits for a person."""

    number: int = Field(ge=1, le=2**31 - 1, description="As /prices lists it.")


@router.post("/keep", response_model=Kept)
def keep(desk: DeskOf, who: PersonOf, word: Keep) -> Response:
    """Say that something stays. Refused for what is gone; one that comes too late says so (`in_flight`)."""
    until: datetime | None = word.until.astimezone(UTC) if word.until else None
    return answer(desk.keep(word.name, until=until, why=word.why, who=who.name))


@router.post("/unkeep", response_model=Unkept)
def unkeep(desk: DeskOf, who: PersonOf, word: OnOne) -> Response:
    """End every keep on one thing."""
    return answer(desk.unkeep(word.name, who=who.name))


@router.post("/approve", response_model=Approved)
def approve(desk: DeskOf, who: PersonOf, word: Yes) -> Response:
    """Say yes to the acts that wait on one thing, or acknowledge a doubt, a tripped breaker, a widening. Holds 72 hours."""
    return answer(
        desk.approve(
            word.name,
            who=who.name,
            accept_loss=word.accept_loss,
            scope=word.scope,
            breaker=word.breaker,
            widening=word.widening,
        )
    )


@router.post("/remove", response_model=Removing)
def remove(desk: DeskOf, who: PersonOf, word: OnOne) -> Response:
    """Ask for one idle thing to go, or hear why it does not. The daemon's rules apply, no short cut."""
    return answer(desk.remove(word.name, who=who.name))


@router.post("/restore", response_model=Restoring)
def restore(desk: DeskOf, who: PersonOf, word: Restore) -> Response:
    """Order a restore; the daemon carries it out in its next cycle."""
    return answer(desk.restore(word.name, who=who.name, cycle=word.cycle, dry_run=word.dry_run))


@router.post("/give-up-restore", response_model=GivenUp)
def give_up_restore(desk: DeskOf, who: PersonOf, word: Back) -> Response:
    """Stop trying a restore that has not succeeded; the recipe is kept."""
    return answer(desk.give_up_restore(word.name, who=who.name, cycle=word.cycle))


@router.post("/pause", response_model=Paused)
def pause(desk: DeskOf, who: PersonOf, word: Why) -> Response:
    """Stop every act at once, on every daemon of the ledger."""
    return answer(desk.pause(who=who.name, why=word.why))


@router.post("/resume", response_model=Resumed)
def resume(desk: DeskOf, who: PersonOf, word: Why) -> Response:
    """End a pause."""
    return answer(desk.resume(who=who.name, why=word.why))


@router.post("/accept-price", response_model=Accepted)
def accept_price(desk: DeskOf, who: PersonOf, word: Price) -> Response:
    """Put a price that jumped in force, from its own time on."""
    return answer(desk.accept_price(word.number, who=who.name))
