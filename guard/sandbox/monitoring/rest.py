"""Cloud Monitoring over REST: the same answers as over gRPC, as JSON."""

import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from guard.sandbox.errors import ApiError, invalid
from guard.sandbox.frame import PRINCIPAL, Target
from guard.sandbox.monitoring import descriptors
from guard.sandbox.monitoring.aggregate import ALIGNERS, REDUCERS, Aggregation
from guard.sandbox.monitoring.pages import Answered, Page
from guard.sandbox.monitoring.query import Query, Reader
from guard.sandbox.world import World

_PATH: Final = re.compile(
    r"^/v3/(?P<name>(?:projects|folders|organizations)/[^/]+)/"
    r"(?P<what>timeSeries|metricDescriptors|monitoredResourceDescriptors)$"
)


def classify(verb: str, path: str) -> Target | None:
    """What a call under /v3 is about, where it is Monitoring's."""
    if verb != "GET" or (found := _PATH.match(path)) is None:
        return None
    name = found["name"]
    return Target(service="monitoring", method=f"{found['what']}.list", resource=name, project=name.rpartition("/")[2])


def routes(world: World) -> list[BaseRoute]:
    """GET timeSeries, metricDescriptors and monitoredResourceDescriptors of a project."""
    reader = Reader(world)

    async def series(request: Request) -> Response:
        try:
            query = _query(request)
            page = await run_in_threadpool(reader.answer, query, request.scope[PRINCIPAL])
        except ApiError as error:
            return error.as_response()
        return Response(encode(page), media_type="application/json")

    async def described(request: Request) -> Response:
        read = (
            descriptors.metric_descriptors
            if "metricDescriptors" in request.url.path
            else descriptors.resource_descriptors
        )
        given = _Params(request)
        try:
            document = read(
                world,
                _name(request),
                request.scope[PRINCIPAL],
                wanted=given.one("filter"),
                page_size=given.whole("pageSize"),
                page_token=given.one("pageToken"),
            )
        except ApiError as error:
            return error.as_response()
        return Response(json.dumps(document), media_type="application/json")

    return [
        Route("/v3/{kind}/{id}/timeSeries", series),
        Route("/v3/{kind}/{id}/metricDescriptors", described),
        Route("/v3/{kind}/{id}/monitoredResourceDescriptors", described),
    ]


class _Params:
    """Query parameters in camelCase or snake_case."""

    def __init__(self, request: Request) -> None:
        self._given: dict[str, list[str]] = {}
        for key, value in request.query_params.multi_items():
            camel = re.sub(r"_([a-z])", lambda found: found[1].upper(), key)
            self._given.setdefault(camel, []).append(value)

    def one(self, key: str) -> str:
        return self._given.get(key, [""])[-1]

    def many(self, key: str) -> tuple[str, ...]:
        return tuple(self._given.get(key, []))

    def whole(self, key: str) -> int:
        value = self.one(key) or "0"
        if not re.fullmatch(r"-?\d{1,9}", value):
            raise invalid(f'Field {key} had an invalid value of "{value}": a whole number is expected.')
        return int(value)

    def instant(self, key: str) -> int:
        value = self.one(key)
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise invalid(f'Field {key} had an invalid value of "{value}": an RFC 3339 timestamp is expected.')
        return int(at.timestamp())

    def seconds(self, key: str) -> int:
        value = self.one(key) or "0s"
        if not re.fullmatch(r"\d+(\.\d+)?s", value):
            raise invalid(f'Field {key} had an invalid value of "{value}": a duration such as "3600s" is expected.')
        return int(float(value[:-1]))

    def choice(self, key: str, names: dict[str, int]) -> str:
        value = self.one(key) or next(iter(names))
        for name, number in names.items():
            if value in {name, str(number)}:
                return name
        raise invalid(f'Field {key} had an invalid value of "{value}": one of {", ".join(names)} is expected.')


def _name(request: Request) -> str:
    return f"{request.path_params['kind']}/{request.path_params['id']}"


def _query(request: Request) -> Query:
    given = _Params(request)
    if given.one("secondaryAggregation.alignmentPeriod") or given.one("secondaryAggregation.perSeriesAligner"):
        raise ApiError("UNIMPLEMENTED", "The sandbox does not do a secondary aggregation.")
    end = given.instant("interval.endTime")
    return Query(
        name=_name(request),
        filter=given.one("filter"),
        start=given.instant("interval.startTime") if given.one("interval.startTime") else end,
        end=end,
        aggregation=Aggregation(
            period=given.seconds("aggregation.alignmentPeriod"),
            aligner=given.choice("aggregation.perSeriesAligner", ALIGNERS),
            reducer=given.choice("aggregation.crossSeriesReducer", REDUCERS),
            group_by=given.many("aggregation.groupByFields"),
        ),
        headers_only=given.choice("view", {"FULL": 0, "HEADERS": 1}) == "HEADERS",
        page_size=given.whole("pageSize"),
        page_token=given.one("pageToken"),
    )


def encode(page: Page) -> bytes:
    """The JSON body of a page."""
    document: dict[str, Any] = {"unit": page.unit}
    if page.series:
        document["timeSeries"] = [_series(one) for one in page.series]
    if page.next_page_token:
        document["nextPageToken"] = page.next_page_token
    if page.errors:
        document["executionErrors"] = [{"code": code, "message": message} for code, message in page.errors]
    return json.dumps(document).encode()


def _series(one: Answered) -> dict[str, Any]:
    document: dict[str, Any] = {
        "metric": {"type": one.metric_type, "labels": dict(one.metric_labels)},
        "resource": {"type": one.resource_type, "labels": dict(one.resource_labels)},
        "metricKind": one.kind,
        "valueType": one.value_type,
        "unit": one.unit,
    }
    width = one.width if one.kind == "DELTA" else 0
    whole = one.value_type == "INT64"
    points = [
        {
            "interval": {"startTime": _stamp(end - width), "endTime": _stamp(end)},
            "value": {"int64Value": str(int(value))} if whole else {"doubleValue": float(value)},
        }
        for end, value in zip(one.ends.tolist(), one.values.tolist(), strict=True)
    ]
    if points:
        document["points"] = points
    return document


@lru_cache(maxsize=8192)
def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
