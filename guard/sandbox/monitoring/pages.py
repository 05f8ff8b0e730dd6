"""What a query answers: series of points, cut into pages that count points."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from guard.sandbox.errors import invalid
from guard.sandbox.monitoring.window import Numbers


@dataclass(frozen=True, slots=True)
class Answered:
    """One series of an answer: points newest first; a DELTA point covers the `width` seconds before its end."""

    metric_type: str
    resource_type: str
    metric_labels: Mapping[str, str]
    resource_labels: Mapping[str, str]
    kind: Literal["DELTA", "GAUGE"]
    value_type: Literal["INT64", "DOUBLE"]
    unit: str
    ends: Numbers
    values: Numbers
    width: int

    def cut(self, low: int, high: int) -> "Answered":
        """The points from offset `low` to before `high`."""
        return replace(self, ends=self.ends[low:high], values=self.values[low:high])


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer; `errors` are (google.rpc code, message) beside good series."""

    series: Sequence[Answered]
    unit: str
    next_page_token: str = ""
    errors: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: series, point in it, and which reading it is cut from."""

    series: int
    point: int
    reading: str
    repeats: int = 0

    def token(self, digest: str) -> str:
        """The page token; `digest` binds it to its query."""
        return base64.urlsafe_b64encode(
            json.dumps([digest, self.series, self.point, self.reading, self.repeats]).encode()
        ).decode()

    @classmethod
    def of(cls, token: str, digest: str) -> "Place":
        """The place that a token names, the beginning where there is none. Raises ApiError for another query's token."""
        if not token:
            return cls(0, 0, "")
        try:
            made_for, series, point, reading, repeats = json.loads(base64.urlsafe_b64decode(token))
        except (ValueError, TypeError):  # no base64, no JSON, or another shape
            made_for, series, point, reading, repeats = "", 0, 0, "", 0
        if made_for != digest:
            raise invalid(f'Field pageToken had an invalid value of "{token}": it is not of this query.')
        return cls(int(series), int(point), str(reading), int(repeats))


def cut_page(
    found: Sequence[Answered], place: Place, size: int, *, headers_only: bool
) -> tuple[list[Answered], Place | None]:
    """Up to `size` points (series, where only headers are asked for) from `place` on, and where the next page begins."""
    chosen: list[Answered] = []
    series, point, left = place.series, place.point, size
    while series < len(found) and left:
        one = found[series]
        if headers_only:
            chosen.append(one.cut(0, 0))
            series, left = series + 1, left - 1
            continue
        high = min(point + left, len(one.ends))
        chosen.append(one if (point, high) == (0, len(one.ends)) else one.cut(point, high))
        left -= high - point
        series, point = (series + 1, 0) if high == len(one.ends) else (series, high)
    return chosen, Place(series, point, place.reading) if series < len(found) else None
