"""What is asked of Cloud Monitoring: one query a metric and project, hourly, grouped by deployed model or pool.

Metrics, kinds and labels: Cloud Monitoring documentation, metrics_gcp_a_b and monitored resources (read 2026-11-24).
Counters are aligned with ALIGN_SUM: ALIGN_DELTA and ALIGN_RATE fill empty periods by interpolation (the Aligner's own
documentation), which would make requests of nothing. Publisher metrics are not asked for: they name no endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

PREFIX = "aiplatform.googleapis.com/"
ENDPOINT = "resource.label.endpoint_id"
POOL = "resource.label.deployment_resource_pool_id"
LOCATION = "resource.label.location"
DEPLOYED = "metric.label.deployed_model_id"
CODE = "metric.label.response_code"


class Column(IntEnum):
    """The hourly figures that a row is made from, in the order in which they are stored."""

    PREDICTIONS = 0
    RESPONSES = 1
    FAILED_RESPONSES = 2
    ERRORS = 3
    PRIVATE = 4
    FAILED_PRIVATE = 5
    REPLICAS = 6
    DUTY = 7
    CPU = 8
    RECEIVED = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One query: a metric, how its hours and its series are joined, and the column that its values fill.

    `failed` is a second column, which takes the values whose response code is not 2xx. `largest` is the greatest value
    that is believable for one hour of one deployment; beyond it the answer is not trusted.
    """

    metric: str
    column: Column
    align: Literal["ALIGN_SUM", "ALIGN_MAX", "ALIGN_MEAN"]
    reduce: Literal["REDUCE_SUM", "REDUCE_MAX"]
    failed: Column | None = None
    pool: bool = False
    largest: float = 1e10

    @property
    def type(self) -> str:
        """The full metric type."""
        return f"{PREFIX}prediction/online/{self.metric}"

    @property
    def group_by(self) -> tuple[str, ...]:
        """The labels that stay apart."""
        owner = (POOL,) if self.pool else (ENDPOINT, DEPLOYED)
        return (LOCATION, *owner, *((CODE,) if self.failed is not None else ()))


def _witnesses(prefix: str, *, pool: bool) -> tuple[Query, ...]:
    return (
        # The mean is what was paid for; summed, since spot and other replicas are two series.
        Query(
            metric=f"{prefix}replicas",
            column=Column.REPLICAS,
            align="ALIGN_MEAN",
            reduce="REDUCE_SUM",
            pool=pool,
            largest=1e6,
        ),
        # The maximum, over the hour and over replicas: one busy minute of one replica is work.
        Query(
            metric=f"{prefix}accelerator/duty_cycle",
            column=Column.DUTY,
            align="ALIGN_MAX",
            reduce="REDUCE_MAX",
            pool=pool,
            largest=1e5,
        ),
        Query(
            metric=f"{prefix}cpu/utilization",
            column=Column.CPU,
            align="ALIGN_MAX",
            reduce="REDUCE_MAX",
            pool=pool,
            largest=1e5,
        ),
        Query(
            metric=f"{prefix}network/received_bytes_count",
            column=Column.RECEIVED,
            align="ALIGN_SUM",
            reduce="REDUCE_SUM",
            pool=pool,
            largest=1e16,
        ),
    )


ENDPOINT_QUERIES: tuple[Query, ...] = (
    Query(metric="prediction_count", column=Column.PREDICTIONS, align="ALIGN_SUM", reduce="REDUCE_SUM"),
    Query(
        metric="response_count",
        column=Column.RESPONSES,
        align="ALIGN_SUM",
        reduce="REDUCE_SUM",
        failed=Column.FAILED_RESPONSES,
    ),
    Query(metric="error_count", column=Column.ERRORS, align="ALIGN_SUM", reduce="REDUCE_SUM"),
    Query(
        metric="private/response_count",
        column=Column.PRIVATE,
        align="ALIGN_SUM",
        reduce="REDUCE_SUM",
        failed=Column.FAILED_PRIVATE,
    ),
    *_witnesses("", pool=False),
)
POOL_QUERIES: tuple[Query, ...] = _witnesses("deployment_resource_pool/", pool=True)
