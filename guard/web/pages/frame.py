"""What every page stands in: the menu, the mode in its colour, whether anybody is still looking, and the words for it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from guard.web.house import House

PAGES = (
    ("/", "Fleet", "f"),
    ("/plan", "Plan", "p"),
    ("/jobs", "Jobs", "j"),
    ("/money", "Money", "m"),
    ("/backtest", "Backtest", "b"),
)
"""Address, title, and the key that leads there after `g`."""
MODES = {
    "observe": "The guard only looks and tells; it changes nothing.",
    "approve": "Each removal waits for a person's word.",
    "enforce": "What is idle goes, within the limits.",
}


def framed(request: Request) -> dict[str, Any]:
    """The context that every page gets."""
    house: House = request.app.state.house
    frame = house.desk().glimpse()
    return {"pages": PAGES, "frame": frame, "mode_meaning": MODES.get(str(frame["mode"]), ""), "now": frame["now"]}


CONTEXT = framed
