"""The sandbox's own bill for what is metered: stored GiB by the hour, and tokens of calls that were answered.

Prices: cloud.google.com/storage/pricing (us-central1; elsewhere the same here) and the catalogue's Gemini rows, 2026-09.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from guard.sandbox.monitoring.metered import TOKENS_A_CALL
from guard.sandbox.monitoring.requests import served
from guard.sandbox.monitoring.series import base_model
from guard.sandbox.monitoring.window import Minutes
from guard.sandbox.storage.shelves import shelves_of
from guard.sandbox.world import World

_HOURS_A_MONTH: Final = Decimal(730)
_GIB_MONTH: Final = {
    "STANDARD": Decimal("0.020"),
    "NEARLINE": Decimal("0.010"),
    "COLDLINE": Decimal("0.004"),
    "ARCHIVE": Decimal("0.0012"),
    "MULTI_REGIONAL": Decimal("0.026"),  # the legacy name of Standard storage in a multi-region
}
_MILLION_TOKENS: Final = {
    "gemini-3.5-flash": {"input": Decimal("1.50"), "output": Decimal("9.00")},
    "gemini-2.5-flash": {"input": Decimal("0.30"), "output": Decimal("2.50")},
}
"""A tune of 3.5 Flash costs 1.5 times that; the sandbox bills the base's price, as its tunes of 2.5 Flash do."""


def read(world: World, since: datetime, until: datetime) -> list[dict[str, str]]:
    """A line a bucket and class, and a line a model and type of token; quantities and USD as strings."""
    return [*_stored(world, since, until), *_tokens(world, since, until)]


def _stored(world: World, since: datetime, until: datetime) -> list[dict[str, str]]:
    found: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for project in world.all_projects():
        for bucket in shelves_of(world).buckets(project):
            for storage_class, size, began in bucket.held():
                span = until - max(since, began)
                if span > timedelta(0):
                    hours = Decimal(span // timedelta(seconds=1)) / 3600
                    found[project.id, bucket.name, storage_class] += Decimal(size) / 2**30 * hours
    return [
        {
            "kind": "bucket",
            "project": project,
            "name": name,
            "item": storage_class,
            "gib_hours": f"{quantity:f}",
            "usd": f"{quantity * _GIB_MONTH[storage_class] / _HOURS_A_MONTH:f}",
        }
        for (project, name, storage_class), quantity in sorted(found.items())
        if quantity
    ]


def _tokens(world: World, since: datetime, until: datetime) -> list[dict[str, str]]:
    minutes = Minutes(int(since.timestamp()) // 60, int(until.timestamp()) // 60)
    found: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    tuned = [one for one in world.deployments if one.kind == "gemini" and one.started_at < until]
    for deployment, by_code in served(world, tuned, minutes) if len(minutes) else ():
        if 200 in by_code:
            place = (deployment.project_id, deployment.location, base_model(world, deployment))
            found[place] += int(by_code[200].sum())
    return [
        {
            "kind": f"{kind}_tokens",
            "project": project,
            "name": model,
            "item": model,
            "location": location,
            "tokens": str(calls * each),
            "usd": f"{_MILLION_TOKENS[model][kind] * calls * each / 1_000_000:f}",
        }
        for (project, location, model), calls in sorted(found.items())
        if model in _MILLION_TOKENS
        for kind, each in TOKENS_A_CALL.items()
    ]
