"""The audit: who said what through page and API, from where, why, and what came of it; also who signed in, and tokens."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from guard.core.access import Role
from guard.ports.errors import Forbidden
from guard.web.asking import PersonOf
from guard.web.house import House
from guard.web.rendering import render

router = APIRouter()
LINES = 300
"""How many lines of the audit its page shows; the ledger keeps all."""


@router.get("/audit")
def audit(request: Request, person: PersonOf) -> Response:
    """The latest lines, for operators: where people come from is not everybody's business."""
    if person.role is not Role.OPERATOR:
        raise Forbidden(
            f"{person.name} is signed in as {person.role.value} and may not read the audit.",
            hint="Ask an operator. What was said of one thing stands on its page.",
        )
    return render(request, "audit.html", {"audit": said(request, limit=LINES)})


def said(request: Request, *, limit: int, subject: str | None = None) -> list[dict[str, Any]]:
    """Lines of the audit, newest first. Of a word's two lines the first is left out once the second is there."""
    house: House = request.app.state.house
    entries = house.book.audit(limit, subject=subject)
    settled = {entry.request for entry in entries if entry.outcome != "asked"}
    return [
        {name: getattr(entry, name) for name in ("who", "via", "what", "subject", "why", "outcome", "detail")}
        | {"at": entry.at.isoformat()}
        for entry in entries
        if entry.outcome != "asked" or entry.request not in settled
    ]
