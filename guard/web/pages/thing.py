"""One thing: its picture, why it goes or stays, what was done, who was told, and the words that can be said of it."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import Response

from guard.ports.errors import NotFoundByName
from guard.web.asking import DeskOf, PersonOf
from guard.web.pages.audit import said
from guard.web.rendering import render

router = APIRouter()

NEAR = 10
"""How many things are offered where a name means none or several."""
WORDS = 20
"""How many lines of the audit are shown with a thing."""
DONE = {
    "keep": "Your word was taken: it is kept.",
    "unkeep": "Your word was taken: the keep is over.",
    "approve": "Your word was taken: it is approved.",
    "remove": "Your word was taken: it goes after its notice, within the limits, after a second look.",
    "restore": "Your word was taken: it is brought back in the daemon's next cycle.",
}
"""What is said after a word, by the word."""


@router.get("/things/{name:path}")
def thing(request: Request, desk: DeskOf, person: PersonOf, name: str, done: str = "") -> Response:
    """One thing by its resource name, display name or id."""
    try:
        document = desk.thing(name)
    except NotFoundByName as error:
        near = desk.fleet({"text": name, "everything": "1"})["things"][:NEAR]
        return render(
            request, "nothing.html", {"name": name, "error": error, "near": near}, status=HTTPStatus.NOT_FOUND
        )
    verdict = document["verdict"]
    context = {
        "thing": document,
        "verdict": verdict,
        "may_speak": person.may_speak_on(verdict.get("owner")),
        "done": DONE.get(done, ""),
        "audit": said(request, limit=WORDS, subject=str(document["subject"])),
    }
    return render(request, "thing.html", context)
