"""Words that people say of one thing. Each has a page that tells what it will do; only its button says it.

A form carries the state that the person saw. If somebody else's word, or the guard, has changed it meanwhile, nothing is done and
the person is told what happened: of two that press at once, one wins.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from guard.ports.desk import Desk
from guard.ports.errors import ConfigInvalid, NotFoundByName
from guard.web.asking import DeskOf, PersonOf
from guard.web.pages.writing import thing_url
from guard.web.rendering import render

router = APIRouter()
WORDS = ("keep", "unkeep", "approve", "remove", "restore")
SEE_OTHER, CONFLICT, UNPROCESSABLE = 303, 409, 422

_one_at_a_time = threading.Lock()
"""Between the look at the state and the word nobody else's word may pass; one process serves the page."""


@router.get("/words/{word}")
def ask(request: Request, desk: DeskOf, person: PersonOf, word: str, name: str) -> Response:
    """The page that tells what a word will do."""
    _known(word)
    return _page(request, desk, person, word, desk.thing(name))


@router.post("/words/{word}")
def say(
    request: Request,
    desk: DeskOf,
    person: PersonOf,
    word: str,
    name: Annotated[str, Form()],
    seen: Annotated[str, Form()],
    until: Annotated[str, Form()] = "",
    why: Annotated[str, Form()] = "",
    zone: Annotated[str, Form()] = "UTC",
    accept_loss: Annotated[bool, Form()] = False,
) -> Response:
    """Say it, unless the thing is not any more as the person saw it."""
    _known(word)
    with _one_at_a_time:
        document = desk.thing(name)
        if document["seen"] != seen:
            return _page(request, desk, person, word, document, overtaken=True, status=CONFLICT)
        try:
            answer = _said(desk, person.name, word, document, until, why, zone, accept_loss=accept_loss)
        except ConfigInvalid as error:
            given = {"until": until, "why": why}
            return _page(request, desk, person, word, document, problem=str(error), given=given, status=UNPROCESSABLE)
    refused = _refusal(word, answer)
    if refused:
        return _page(request, desk, person, word, desk.thing(name), problem=refused, status=CONFLICT)
    return RedirectResponse(f"{thing_url(str(document['subject']))}?done={quote(word)}", SEE_OTHER)


def _known(word: str) -> None:
    if word not in WORDS:
        raise NotFoundByName(f"{word[:40]!r} is no word that can be said.", hint=f"There are {', '.join(WORDS)}.")


def _said(
    desk: Desk, who: str, word: str, document: Mapping[str, Any], until: str, why: str, zone: str, *, accept_loss: bool
) -> Mapping[str, Any]:
    subject = str(document["subject"])
    match word:
        case "keep":
            end = datetime.fromisoformat(str(desk.moment(until, zone=zone)["at"])) if until.strip() else None
            return desk.keep(subject, until=end, why=why.strip() or "no reason given", who=who)
        case "unkeep":
            return desk.unkeep(subject, who=who)
        case "approve":
            return desk.approve(subject, who=who, accept_loss=accept_loss)
        case "remove":
            return desk.remove(subject, who=who)
        case _:
            return _restore(desk, document, who)


def _refusal(word: str, answer: Mapping[str, Any]) -> str:
    """Why a word that was heard leads to nothing; empty where it does."""
    match word:
        case "remove" if not answer["will_go"]:
            return f"It does not go: {answer.get('meaning') or answer['reason']}"
        case "approve" if not answer["approved"]:
            return "No planned removal waits for a word any more."
        case "restore" if answer.get("impossible"):
            return "It cannot be brought back: " + "; ".join(str(one["why"]) for one in answer["impossible"]) + "."
        case _:
            return ""


def _page(
    request: Request,
    desk: Desk,
    person: Any,
    word: str,
    document: Mapping[str, Any],
    *,
    overtaken: bool = False,
    problem: str = "",
    given: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    preview = _restore(desk, document, person.name, dry_run=True) if word == "restore" else None
    context = {
        "word": word,
        "thing": document,
        "verdict": document["verdict"],
        "may_speak": person.may_speak_on(document["verdict"].get("owner")),
        "overtaken": overtaken,
        "problem": problem,
        "given": given or {},
        "preview": preview,
    }
    return render(request, "word.html", context, status=status)


def _restore(desk: Desk, document: Mapping[str, Any], who: str, *, dry_run: bool = False) -> Mapping[str, Any]:
    """Bring back each removal by its act: a pool's are those of its sharers, which no other name means together."""
    answers = [desk.restore(str(act), who=who, dry_run=dry_run) for act in document["removals"]]
    return {key: [one for answer in answers for one in answer[key]] for key in ("ordered", "impossible")}
