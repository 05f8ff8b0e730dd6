"""Reads the traffic of one endpoint as a scenario states it: a name, a mapping, several joined by `+`, or a list."""

from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from guard.sandbox.traffic import patterns, trace, units
from guard.sandbox.traffic.errors import TrafficError
from guard.sandbox.traffic.fields import Fields
from guard.sandbox.traffic.flow import Part, Traffic
from guard.sandbox.traffic.named import PATTERNS
from guard.sandbox.traffic.patterns import Pattern


def parse(spec: Any, *, start: datetime, seed: int, base_dir: Path | None = None) -> Traffic:
    """Build an endpoint's traffic.

    Args:
        spec: `none`, a pattern's name, a mapping with `pattern` or `trace`, names joined by `+`, or a list of these.
        start: When the scenario starts, aware; relative times and traces count from it.
        seed: Decides all that is drawn; give each endpoint its own.
        base_dir: Where relative trace files lie.

    Raises:
        TrafficError: Names the field, what was found and what was expected.
    """
    parts: list[Part] = []
    for position, item in enumerate(_items(spec)):
        parts.extend(_parts(item, start=start, seed=(seed, position), base_dir=base_dir or Path()))
    return Traffic(parts)


def _items(spec: Any) -> list[Mapping[str, Any]]:
    if spec is None:
        return []
    if isinstance(spec, str):
        names = [name.strip() for name in spec.split("+")]
        return [{"pattern": name} for name in names if name != "none"]
    if isinstance(spec, Mapping):
        return [] if spec.get("pattern") == "none" else [spec]
    if isinstance(spec, list):
        return [item for part in spec for item in _items(part)]
    raise TrafficError(
        "traffic", spec, 'none, a pattern\'s name, a mapping with "pattern" or "trace", or a list of these'
    )


def _parts(item: Mapping[str, Any], *, start: datetime, seed: tuple[int, ...], base_dir: Path) -> list[Part]:
    fields = Fields(item, start)
    if "trace" in item:
        if "pattern" in item:
            raise TrafficError("traffic", "pattern and trace", "one of the two; join two items of a list to have both")
        shapes = _trace(fields, base_dir)
    else:
        name = fields.take("pattern", units.text)
        if name not in PATTERNS:
            near = get_close_matches(name, PATTERNS, n=1)
            hint = f"; did you mean {near[0]!r}" if near else ""
            raise TrafficError("traffic.pattern", name, f"none or one of {', '.join(PATTERNS)}{hint}")
        default_codes = {500: 1.0} if name == "failing" else {200: 1.0}
        pattern = PATTERNS[name](fields, seed)
        shapes = [(pattern, fields.take("codes", _codes, default_codes))]
    since, until = fields.maybe("since", fields.instant), fields.maybe("until", fields.instant)
    if item.get("pattern") == "burst_then_forgotten" and until is None:
        raise TrafficError("traffic.until", None, 'the instant of the last call, e.g. until: "2d"')
    fields.finish()
    return [
        Part(pattern=pattern, codes=codes, seed=(*seed, 1), since=_minute(since), until=_minute(until))
        for pattern, codes in shapes
    ]


def _trace(fields: Fields, base_dir: Path) -> list[tuple[Pattern, dict[int, float]]]:
    path = base_dir / fields.take("trace", units.text)
    requests = trace.read(
        path,
        time_column=fields.take("time_column", units.text, "t_seconds"),
        endpoint_column=fields.maybe("endpoint_column", units.text),
        status_column=fields.take("status_column", units.text, "status"),
    )
    scale = fields.take("scale", units.positive, 1.0)
    origin = fields.start.timestamp() + fields.take("shift", units.duration, "0s").total_seconds()
    name = fields.take("endpoint", units.text) if set(requests) != {""} else ""
    if name not in requests:
        some = ", ".join(sorted(requests)[:8])
        raise TrafficError("traffic.endpoint", name, f"one of the {len(requests)} endpoints of {path.name}: {some} ...")
    return [(patterns.Events(seconds=origin + scale * times), {code: 1.0}) for code, times in requests[name].items()]


def _codes(value: Any, field: str) -> dict[int, float]:
    if not isinstance(value, Mapping) or not value:
        raise TrafficError(field, value, "response codes with their shares, e.g. {200: 0.98, 503: 0.02}")
    shares: dict[int, float] = {}
    for code, share in value.items():
        if not str(code).isdigit() or not 100 <= int(code) <= 599:
            raise TrafficError(field, code, "HTTP response codes from 100 to 599")
        shares[int(code)] = units.number(share, f"{field}.{code}")
    total = sum(shares.values())
    if abs(total - 1) > 1e-6:
        raise TrafficError(field, dict(value), f"shares that sum to 1; these sum to {total:g}")
    return shares


def _minute(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp()) // 60
