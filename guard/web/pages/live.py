"""Whether there is anything new: asked by every open page every few seconds."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from guard.web.asking import DeskOf

router = APIRouter()


@router.get("/live")
def live(desk: DeskOf) -> dict[str, Any]:
    """The glimpse; a page fetches itself anew when its stamp is another one."""
    return dict(desk.glimpse())
