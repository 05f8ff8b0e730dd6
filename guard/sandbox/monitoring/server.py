"""Cloud Monitoring over gRPC, with the installed client's own messages and the same faults and call log as over HTTP."""

import threading
from collections.abc import Callable
from typing import Any, Final

from guard.sandbox.errors import HTTP_CODES, ApiError
from guard.sandbox.frame import ANONYMOUS
from guard.sandbox.monitoring import descriptors, encode
from guard.sandbox.monitoring.aggregate import ALIGNERS, REDUCERS, Aggregation
from guard.sandbox.monitoring.query import Query, Reader
from guard.sandbox.world import World

SERVICE: Final = "google.monitoring.v3.MetricService"
_ALIGNERS: Final = {number: name for name, number in ALIGNERS.items()}
_REDUCERS: Final = {number: name for name, number in REDUCERS.items()}
_SERVER_ERRORS: Final = {500: "INTERNAL", 504: "DEADLINE_EXCEEDED"}

Answer = Callable[[Any, str], Any]
"""(request message, principal) -> response message."""


def add_to(server: Any, world: World) -> None:
    """Serve MetricService of `world` on a `grpc.Server` that is not yet started."""
    import grpc
    from google.cloud import monitoring_v3
    from google.protobuf import json_format

    reader = Reader(world)

    def series(request: Any, principal: str) -> Any:
        return encode.response(reader.answer(query_of(request), principal))

    def described(read: Callable[..., dict[str, Any]], message: Any) -> Answer:
        def answer(request: Any, principal: str) -> Any:
            document = read(
                world,
                request.name,
                principal,
                wanted=request.filter,
                page_size=request.page_size,
                page_token=request.page_token,
            )
            return json_format.ParseDict(document, message())

        return answer

    methods = {
        "ListTimeSeries": (
            "timeSeries.list",
            monitoring_v3.ListTimeSeriesRequest.pb(),
            series,
        ),
        "ListMetricDescriptors": (
            "metricDescriptors.list",
            monitoring_v3.ListMetricDescriptorsRequest.pb(),
            described(descriptors.metric_descriptors, monitoring_v3.ListMetricDescriptorsResponse.pb()),
        ),
        "ListMonitoredResourceDescriptors": (
            "monitoredResourceDescriptors.list",
            monitoring_v3.ListMonitoredResourceDescriptorsRequest.pb(),
            described(descriptors.resource_descriptors, monitoring_v3.ListMonitoredResourceDescriptorsResponse.pb()),
        ),
    }
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            _Handler(world, method, answer),
            request_deserializer=request.FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )
        for name, (method, request, answer) in methods.items()
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))


def query_of(request: Any) -> Query:
    """The query in a ListTimeSeriesRequest. Raises ApiError for what the sandbox cannot do."""
    if request.HasField("secondary_aggregation"):
        raise ApiError("UNIMPLEMENTED", "The sandbox does not do a secondary aggregation.")
    end = request.interval.end_time.seconds
    how = request.aggregation
    return Query(
        name=request.name,
        filter=request.filter,
        start=request.interval.start_time.seconds if request.interval.HasField("start_time") else end,
        end=end,
        aggregation=Aggregation(
            period=how.alignment_period.seconds,
            aligner=_ALIGNERS[how.per_series_aligner],
            reducer=_REDUCERS[how.cross_series_reducer],
            group_by=tuple(how.group_by_fields),
        ),
        headers_only=request.view == 1,
        page_size=request.page_size,
        page_token=request.page_token,
    )


class _Handler:
    """One method: faults of the wire, the answer or the refusal, and a line in the call log."""

    def __init__(self, world: World, method: str, answer: Answer) -> None:
        self._world = world
        self._method = method
        self._answer = answer

    def __call__(self, request: Any, context: Any) -> Any:
        self._world.settle()
        principal = _principal(context)
        status = 0
        try:
            drop = self._strike(request.name, principal, context)
            answer = self._answer(request, principal)
            if drop:
                _lose()
            status = 200
        except ApiError as error:
            status = HTTP_CODES.get(error.status, 504)
            import grpc

            context.abort(grpc.StatusCode[error.status], error.message)
        else:
            return answer
        finally:
            self._world.log_call(
                service="monitoring",
                method=self._method,
                resource=request.name,
                principal=principal,
                status=status,
                changes=False,
            )

    def _strike(self, name: str, principal: str, context: Any) -> bool:
        """Apply the faults of the wire; True where the answer is to be lost."""
        if not self._world.faults:
            return False
        project = self._world.project(name.rpartition("/")[2])
        about = {
            "service": "monitoring",
            "method": self._method,
            "project": project.id if project else "",
            "location": "",
            "resource": name,
            "principal": principal,
        }
        take = self._world.faults.take
        if fault := take("latency", **about):
            _wait(context, float(fault.params.get("seconds", 1)))
        if take("timeout", **about):
            _wait(context, None)
            raise ApiError("UNAVAILABLE", "The caller has gone.")
        if take("rate_limited", **about):
            raise ApiError("RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Time series queries'.")
        if fault := take("server_error", **about):
            status = _SERVER_ERRORS.get(int(fault.params.get("status", 503)), "UNAVAILABLE")
            raise ApiError(status, "The service is currently unavailable.")
        return take("answer_dropped", **about) is not None


def _lose() -> None:
    raise ApiError("UNAVAILABLE", "Socket closed")


def _wait(context: Any, seconds: float | None) -> None:
    """Wait for so long, or until the caller has gone."""
    gone = threading.Event()
    if context.add_callback(gone.set):
        gone.wait(seconds)


def _principal(context: Any) -> str:
    for key, value in context.invocation_metadata():
        if key == "authorization" and value.startswith("Bearer sandbox:"):
            return str(value).removeprefix("Bearer sandbox:")
    return ANONYMOUS
