"""Tuning jobs, and the days on which base models are shut down."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from guard.web.asking import DeskOf
from guard.web.rendering import render

router = APIRouter()


@router.get("/jobs")
def jobs(request: Request, desk: DeskOf) -> Response:
    """Running jobs first; the calendar below."""
    return render(request, "jobs.html", {"tuning": desk.tuning()})
