"""Money: budgets and their burn, who was told, spend by team, owner and kind, prices that are unknown or old."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from guard.web.asking import DeskOf
from guard.web.rendering import render

router = APIRouter()


@router.get("/money")
def money(request: Request, desk: DeskOf) -> Response:
    """List prices by the guard's own count, before the bill."""
    return render(request, "money.html", {"money": desk.money()})
