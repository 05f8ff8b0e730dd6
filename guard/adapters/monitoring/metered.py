"""Stored bytes and tokens from Cloud Monitoring: two queries a project, whatever lies in its buckets.

Sizes come from Cloud Storage's own metric and not from a listing: it counts noncurrent and soft-deleted bytes too, which are
billed, costs one read instead of a call for every thousand objects, and needs no permission beyond the one that usage needs. It is
sampled once a day; a size holds until the next sample. Tokens come from the publisher's metric, which names the model, no endpoint.

Metrics: docs.cloud.google.com/monitoring/api/metrics_gcp_i_o#gcp-storage and metrics_gcp_a_b, read 2026-11-24.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from guard.adapters.connection import Connection, Read
from guard.core.billed import Metered
from guard.core.units import HOUR, Window, hour_number
from guard.ports.errors import Malformed
from guard.ports.inventory import Project
from guard.ports.metered import Metering

GIB = 2**30
SAMPLED = timedelta(days=2)
"""How long a bucket's size holds without a new sample; one a day is promised, and it may come a day late."""
PLACES = 4
"""Of a GiB: what is smaller (100 kB) is stored as nothing, and an empty bucket costs nothing."""
_OLD_CLASSES = {"": "STANDARD", "REGIONAL": "STANDARD", "MULTI_REGIONAL": "STANDARD"}
"""Legacy names of Standard storage in a region and in a multi-region (docs.cloud.google.com/storage/docs/storage-classes,
read 2026-11-25)."""
HOUR_S = int(HOUR.total_seconds())


@dataclass(frozen=True, slots=True)
class _Query:
    metric: str
    align: str
    group_by: tuple[str, ...]


STORED = _Query(
    "storage.googleapis.com/storage/v2/total_bytes",
    "ALIGN_MEAN",
    ("resource.label.bucket_name", "resource.label.location", "metric.label.storage_class"),
)
TOKENS = _Query(
    "aiplatform.googleapis.com/publisher/online_serving/token_count",
    "ALIGN_SUM",
    ("resource.label.location", "resource.label.model_user_id", "metric.label.type"),
)
_KINDS = {"input": Metered.INPUT_TOKENS, "output": Metered.OUTPUT_TOKENS}


class MonitoringMetered:
    """Reads what is stored and what tokens were used."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, project: Project, window: Window) -> Sequence[Metering]:
        """See the port."""
        return [*self._stored(project, window), *self._tokens(project, window)]

    def _stored(self, project: Project, window: Window) -> Iterator[Metering]:
        first, last = hour_number(window.start), hour_number(window.end)
        back = int(SAMPLED / HOUR)
        found = self._by_labels(project, STORED, Window(window.start - SAMPLED, window.end))
        for (bucket, location, storage_class), samples in found.items():
            held: dict[int, float] = {}
            latest = None
            for hour in range(first - back, last):
                latest = hour if hour in samples else latest
                if latest is not None and hour >= first and hour - latest <= back:
                    held[hour] = round(samples[latest] / GIB, PLACES)
            place = location.lower()
            item = _OLD_CLASSES.get(storage_class.upper(), storage_class.upper())
            yield Metering(
                kind=Metered.BUCKET,
                name=f"projects/{project.number}/locations/{place}/buckets/{bucket}/storageClasses/{item}",
                display_name=bucket if item == "STANDARD" else f"{bucket} ({item.lower()})",
                location=place,
                item=item,
                hours=held,
            )

    def _tokens(self, project: Project, window: Window) -> Iterator[Metering]:
        first, last = hour_number(window.start), hour_number(window.end)
        for (location, model, kind), counts in self._by_labels(project, TOKENS, window).items():
            yield Metering(
                # A type that is not known yet has no price under this name, so it is shown as unknown rather than left out.
                kind=_KINDS.get(kind, Metered.OUTPUT_TOKENS),
                name=f"projects/{project.number}/locations/{location}/publishers/google/models/{model}/tokens/{kind}",
                display_name=f"{model} {kind} tokens",
                location=location,
                item=model if kind in _KINDS else f"{model} ({kind})",
                # No point in an hour of a complete reading means that nobody asked.
                hours={hour: counts.get(hour, 0.0) for hour in range(first, last)},
            )

    def _by_labels(
        self, project: Project, query: _Query, window: Window
    ) -> Mapping[tuple[str, ...], Mapping[int, float]]:
        """Sums over the series that share what is asked for, by hour."""
        found: defaultdict[tuple[str, ...], defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))
        for series in self._series(project, query, window):
            labels = {**series.resource.labels, **series.metric.labels}
            key = tuple(labels.get(path.rsplit(".", 1)[-1], "") for path in query.group_by)
            for point in series.points:
                end = point.interval.end_time
                if end.seconds % HOUR_S:
                    raise Malformed(f"{query.metric}: a point that ends at {end.ToJsonString()}, not on the hour.")
                kind = point.value.WhichOneof("value")
                value = float(getattr(point.value, kind)) if kind in {"int64_value", "double_value"} else -1.0
                if value < 0:
                    raise Malformed(f"{query.metric}: a quantity that is no number of at least 0 ({kind}).")
                found[key][int(end.seconds) // HOUR_S - 1] += value
        return found

    def _series(self, project: Project, query: _Query, window: Window) -> Iterator[Any]:
        service = self._connection.metric_service()
        from google.cloud import monitoring_v3

        read = Read("monitoring", f"timeSeries.list {query.metric}", f"projects/{project.number}")
        request = monitoring_v3.ListTimeSeriesRequest(
            name=f"projects/{project.number}",
            filter=f'metric.type = "{query.metric}"',
            interval=monitoring_v3.TimeInterval(start_time=window.start, end_time=window.end),
            aggregation=monitoring_v3.Aggregation(
                alignment_period={"seconds": HOUR_S},
                per_series_aligner=query.align,
                cross_series_reducer="REDUCE_SUM",
                group_by_fields=list(query.group_by),
            ),
        )
        tokens: set[str] = set()
        while True:
            page = self._connection.call(
                read,
                lambda: monitoring_v3.ListTimeSeriesResponse.pb(
                    next(
                        service.list_time_series(
                            request=request,
                            retry=None,
                            timeout=self._connection.patience.timeout,
                            metadata=self._connection.world.metadata(),
                        ).pages
                    )
                ),
            )
            if page.execution_errors:
                raise Malformed(f"{read}: the reply carries an execution error: {page.execution_errors[0].message}.")
            yield from page.time_series
            token = page.next_page_token
            if not token:
                return
            if token in tokens:
                raise Malformed(f"{read}: the same page token came twice.")
            tokens.add(token)
            request.page_token = token
