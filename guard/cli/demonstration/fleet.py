"""Which fleet the demo plays: the one of every kind in fleet.yaml, or one endpoint for each endpoint of a usage trace."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from guard.ports.errors import ConfigInvalid
from guard.sandbox.traffic import TrafficError, trace

MACHINE = {"machine": "g2-standard-12", "accelerator": "NVIDIA_L4"}
"""What each endpoint of a trace runs on: no public trace says what its models ran on."""
AHEAD = timedelta(hours=1)
"""A trace's endpoint is deployed so long before its first call; a trace does not say since when a model was there."""
PROJECT, PLACE = "demo-product", "us-central1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """A scenario file's text and how long its story is. `calls`: display name -> instants of a trace's calls, in order."""

    scenario: str
    start: datetime
    days: int
    is_trace: bool = False
    calls: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)


def patterns(*, seed: int | None, days: int | None) -> Fleet:
    """The fleet of fleet.yaml: 30 days unless told otherwise."""
    tree = YAML(typ="safe").load(part("fleet.yaml"))
    for endpoint in tree["endpoints"]:
        for deployed in endpoint.get("deploy", ()):
            deployed.setdefault("display_name", endpoint["display_name"])
    if seed is not None:
        tree["seed"] = seed
    return Fleet(scenario=_dump(tree), start=tree["start"], days=days or 30)


def traced(path: Path, *, seed: int | None, days: int | None) -> Fleet:
    """A fleet from a trace: CSV (or .csv.gz) with `t_seconds` and one of `endpoint`, `model`, `pod`; its whole days.

    Raises ConfigInvalid where the file cannot be used.
    """
    try:
        found = trace.read(path, time_column="t_seconds", endpoint_column=None, status_column="status")
    except TrafficError as error:
        raise ConfigInvalid(f"--trace: {str(error).removeprefix('trace: ')}") from error
    if not found or set(found) == {""}:
        columns = ", ".join(trace.ENDPOINT_COLUMNS)
        raise ConfigInvalid(f"--trace: {path} names no endpoint. Expected rows, and a column called one of {columns}.")
    base = YAML(typ="safe").load(part("fleet.yaml"))
    start: datetime = base["start"]
    endpoints: list[dict[str, Any]] = []
    calls: dict[str, tuple[datetime, ...]] = {}
    longest = 0.0
    for number, name in enumerate(sorted(found, key=lambda one: (len(one), one))):
        times = np.sort(np.concatenate(list(found[name].values())))
        first, longest = float(times[0]), max(longest, float(times[-1]))
        shown = f"{name if not name.isdigit() else f'model-{name}'}"[:32]
        calls[shown] = tuple(start + AHEAD + timedelta(seconds=float(at)) for at in times)
        endpoints.append(
            {
                "id": str(3001 + number),
                "project": PROJECT,
                "location": PLACE,
                "display_name": shown,
                "created": f"{int(first)}s",
                "deploy": [{"id": str(101 + number), "display_name": shown, **MACHINE, "at": f"{int(first)}s"}],
                "traffic": {"trace": str(path.resolve()), "endpoint": name, "shift": "1h"},
            }
        )
    tree = {key: base[key] for key in ("start", "seed", "projects")} | {"endpoints": endpoints}
    if seed is not None:
        tree["seed"] = seed
    return Fleet(
        scenario=_dump(tree), start=start, days=days or max(1, int(longest // 86_400)), is_trace=True, calls=calls
    )


def part(name: str) -> str:
    """A file of this package as text."""
    return files(__package__ or "guard.cli.demonstration").joinpath(name).read_text(encoding="utf-8")


def _dump(tree: Mapping[str, Any]) -> str:
    text = io.StringIO()
    plain = {**tree, "start": f"{tree['start']:%Y-%m-%dT%H:%M:%SZ}"}
    YAML(typ="safe").dump(plain, text)
    return text.getvalue()
