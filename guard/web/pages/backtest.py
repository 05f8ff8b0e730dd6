"""Policies tried on the past: what each would have saved, and whom it would have hurt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from guard.core.units import Money
from guard.ports.errors import ConfigInvalid
from guard.web.asking import DeskOf
from guard.web.rendering import render

router = APIRouter()
UNPROCESSABLE = 422


def amount(value: float, currency: str) -> str:
    """Money of a replay, which reckons in floats: to the cent, for people."""
    return str(Money(Decimal(str(value)), currency))


def backtest_url(trial: Mapping[str, Any]) -> str:
    """The address of what is chosen."""
    return "/backtest?" + urlencode([("wait", wait) for wait in trial["chosen"]])


def last_of(subject: str) -> str:
    """The endpoint and the model of a resource name, short enough for a list.

    >>> last_of("projects/1/locations/x/endpoints/22/deployedModels/3")
    'endpoints/22/deployedModels/3'
    """
    return "/".join(subject.split("/")[4:]) or subject


def rule_name(rule: str) -> str:
    """A rule of the replay in words: `policy` is what guard.yaml says."""
    return {"policy": "as guard.yaml says", "break_even": "break-even"}.get(rule, rule.replace("_", " "))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "amount": amount,
    "backtest_url": backtest_url,
    "last_of": last_of,
    "rule_name": rule_name,
}


@router.get("/backtest")
def backtest(
    request: Request,
    desk: DeskOf,
    wait: Annotated[list[str] | None, Query(max_length=20)] = None,
    own: str = "",
    policy: str = "",
    use: str = "",
) -> Response:
    """What is chosen stands in the address. `own` is a wait that the reader typed; `policy` and `use` ask for a change."""
    chosen = wait or []
    waits = [one for one in (*chosen, own.strip()) if one]
    change = (policy, use) if policy and use else None
    try:
        return render(request, "backtest.html", {"trial": desk.trial(waits, use=change), "problem": "", "own": ""})
    except ConfigInvalid as error:
        shown = {
            "trial": desk.trial(chosen if own and len(chosen) < len(waits) else ()),
            "problem": str(error),
            "own": own,
        }
        return render(request, "backtest.html", shown, status=UNPROCESSABLE)
