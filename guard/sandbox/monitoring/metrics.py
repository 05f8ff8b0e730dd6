"""The metrics that the sandbox serves, with the kinds, units and labels that the platform gives them.

Source: "Google Cloud metrics: aiplatform" and "Monitored resource types" of the Cloud Monitoring documentation
(docs.cloud.google.com/monitoring/api/metrics_gcp_a_b, /monitoring/api/resources), read 2026-11-24.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

PREFIX: Final = "aiplatform.googleapis.com/"
ENDPOINT: Final = PREFIX + "Endpoint"
POOL: Final = PREFIX + "DeploymentResourcePool"
PUBLISHER_MODEL: Final = PREFIX + "PublisherModel"
BUCKET: Final = "gcs_bucket"

RESOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    ENDPOINT: ("resource_container", "location", "endpoint_id"),
    POOL: ("resource_container", "location", "deployment_resource_pool_id"),
    PUBLISHER_MODEL: ("resource_container", "location", "publisher", "model_user_id", "model_version_id"),
    BUCKET: ("project_id", "bucket_name", "location"),
}
"""Monitored resource types and their labels."""


class Measure(Enum):
    """What a metric measures: decides how its raw points are made."""

    PREDICTIONS = "answered with 2xx"
    ERRORS = "answered with anything else"
    RESPONSES = "all, by class of response code"
    PRIVATE_RESPONSES = "all of a private endpoint, by response code"
    INVOCATIONS = "calls of tuned and base models of a publisher"
    TOKENS = "tokens of tuned and base models of a publisher"
    STORED = "bytes that lie in a bucket"
    REPLICAS = "replicas that run"
    CPU = "share of the CPU"
    DUTY_CYCLE = "share of the accelerator's time"
    MEMORY = "bytes in use"
    ACCELERATOR_MEMORY = "bytes in use on the accelerator"
    RECEIVED = "bytes that came in"
    SENT = "bytes that went out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric type. `counts` says which of the two delays it has: that of request counts or that of utilisation."""

    type: str
    resource: str
    kind: Literal["DELTA", "GAUGE"]
    value_type: Literal["INT64", "DOUBLE"]
    unit: str
    labels: tuple[str, ...]
    measure: Measure
    description: str

    @property
    def counts(self) -> bool:
        """Whether it counts requests."""
        return self.measure in _COUNTS


_COUNTS: Final = frozenset(
    {
        Measure.PREDICTIONS,
        Measure.ERRORS,
        Measure.RESPONSES,
        Measure.PRIVATE_RESPONSES,
        Measure.INVOCATIONS,
        Measure.TOKENS,
    }
)
_NAMES: Final = ("deployed_model_id", "spot", "model_display_name", "endpoint_display_name")
_REPLICA: Final = ("deployed_model_id", "replica_id", "spot")


def _online(name: str, kind: str, value_type: str, unit: str, labels: tuple[str, ...], measure: Measure) -> Metric:
    pool = name.startswith("deployment_resource_pool/")
    return Metric(
        type=f"{PREFIX}prediction/online/{name}",
        resource=POOL if pool else ENDPOINT,
        kind="DELTA" if kind == "DELTA" else "GAUGE",
        value_type="INT64" if value_type == "INT64" else "DOUBLE",
        unit=unit,
        labels=labels,
        measure=measure,
        description=f"{name}: {measure.value}.",
    )


def _utilisation(prefix: str, labels: tuple[str, ...]) -> tuple[Metric, ...]:
    return (
        _online(f"{prefix}cpu/utilization", "GAUGE", "DOUBLE", "10^2.%", labels, Measure.CPU),
        _online(f"{prefix}accelerator/duty_cycle", "GAUGE", "DOUBLE", "10^2.%", labels, Measure.DUTY_CYCLE),
        _online(f"{prefix}memory/bytes_used", "GAUGE", "INT64", "By", labels, Measure.MEMORY),
        _online(f"{prefix}accelerator/memory/bytes_used", "GAUGE", "INT64", "By", labels, Measure.ACCELERATOR_MEMORY),
        _online(f"{prefix}network/received_bytes_count", "DELTA", "INT64", "By", labels, Measure.RECEIVED),
        _online(f"{prefix}network/sent_bytes_count", "DELTA", "INT64", "By", labels, Measure.SENT),
    )


_ALL: Final = (
    _online("prediction_count", "DELTA", "INT64", "1", _NAMES, Measure.PREDICTIONS),
    _online("error_count", "DELTA", "INT64", "1", _NAMES, Measure.ERRORS),
    _online("response_count", "DELTA", "INT64", "1", (*_NAMES, "response_code"), Measure.RESPONSES),
    _online(
        "private/response_count",
        "DELTA",
        "INT64",
        "1",
        ("deployed_model_id", "response_code"),
        Measure.PRIVATE_RESPONSES,
    ),
    _online("replicas", "GAUGE", "INT64", "1", _NAMES, Measure.REPLICAS),
    _online("target_replicas", "GAUGE", "INT64", "1", _NAMES, Measure.REPLICAS),
    *_utilisation("", _REPLICA),
    _online("deployment_resource_pool/replicas", "GAUGE", "INT64", "1", ("spot",), Measure.REPLICAS),
    _online("deployment_resource_pool/target_replicas", "GAUGE", "INT64", "1", ("spot",), Measure.REPLICAS),
    *_utilisation("deployment_resource_pool/", ("replica_id", "spot")),
    Metric(
        type=PREFIX + "publisher/online_serving/model_invocation_count",
        resource=PUBLISHER_MODEL,
        kind="DELTA",
        value_type="INT64",
        unit="1",
        labels=("response_code", "request_type", "method"),
        measure=Measure.INVOCATIONS,
        description="model_invocation_count: calls of a publisher's model, tuned ones included; it names no endpoint.",
    ),
    Metric(
        type=PREFIX + "publisher/online_serving/token_count",
        resource=PUBLISHER_MODEL,
        kind="DELTA",
        value_type="INT64",
        unit="1",
        labels=("type", "request_type"),
        measure=Measure.TOKENS,
        description="token_count: input and output tokens of a publisher's model, tuned ones included; it names no endpoint.",
    ),
    Metric(
        type="storage.googleapis.com/storage/v2/total_bytes",
        resource=BUCKET,
        kind="GAUGE",
        value_type="DOUBLE",
        unit="By",
        labels=("storage_class", "type"),
        measure=Measure.STORED,
        description="v2/total_bytes: bytes in a bucket by storage class, sampled once a day.",
    ),
)

METRICS: Final[Mapping[str, Metric]] = {metric.type: metric for metric in _ALL}
"""Every metric served, by its type."""
