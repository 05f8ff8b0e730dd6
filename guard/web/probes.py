"""/livez and /readyz: for whatever watches the process. They tell nothing about the fleet and need no session."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from guard.ports.errors import GuardError
from guard.web.house import House

router = APIRouter()


@router.get("/livez")
def livez() -> Response:
    """The process answers."""
    return JSONResponse({"ok": True})


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """The ledger answers. What is wrong with it stands in the log, not here: anybody may ask."""
    house: House = request.app.state.house
    try:
        house.book.audit(1)
    except GuardError:
        return JSONResponse(
            {"ok": False, "problem": "the ledger does not answer"}, status_code=HTTPStatus.SERVICE_UNAVAILABLE
        )
    return JSONResponse({"ok": True})
