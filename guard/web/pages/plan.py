"""The plan: what goes at the next look and within a week, what is blocked and why, how much of the caps is used."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from guard.web.asking import DeskOf
from guard.web.rendering import render

router = APIRouter()


@router.get("/plan")
def plan(request: Request, desk: DeskOf) -> Response:
    """The same lines in every mode; their colour says whether they would, wait for a yes, or do."""
    return render(request, "plan.html", {"week": desk.week()})
