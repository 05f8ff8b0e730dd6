"""The first page: what bills, whose it is, how long it is silent, and what comes next."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from guard.web.asking import DeskOf
from guard.web.rendering import render

router = APIRouter()


@router.get("/")
def fleet(request: Request, desk: DeskOf) -> Response:
    """The list with its filters; they stand in the address, so that it can be kept and sent."""
    document = desk.fleet(dict(request.query_params))
    return render(request, "fleet.html", {"fleet": document})
