"""The Traffic port on Cloud Monitoring."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta

from guard.adapters.connection import Connection
from guard.adapters.monitoring.queries import ENDPOINT_QUERIES, POOL_QUERIES, Query
from guard.adapters.monitoring.rows import Rows, assemble
from guard.adapters.monitoring.series import HourlySeries, read_series
from guard.core.units import Window, hour_number, hour_start
from guard.ports.errors import GuardError
from guard.ports.inventory import Project
from guard.ports.traffic import Reading

METRIC_LAG = timedelta(minutes=10)
"""How long a figure may take to settle. Utilisation is documented to lag up to 360 s; for request counts no figure is
documented, so this is ours, on the safe side.
"""

RETENTION = timedelta(weeks=6)
"""How far back the platform keeps these metrics (Cloud Monitoring, data retention, read 2026-11-24)."""


class MonitoringTraffic:
    """Reads usage. `now` is domain time; `has_pools` False saves the pools' queries."""

    def __init__(
        self,
        connection: Connection,
        now: Callable[[], datetime],
        *,
        metric_lag: timedelta = METRIC_LAG,
        has_pools: Callable[[Project], bool] = lambda _project: True,
    ) -> None:
        self._connection = connection
        self._now = now
        self._metric_lag = metric_lag
        self._has_pools = has_pools

    def read(self, project: Project, window: Window) -> Reading:
        """Read all metrics of one project at once. Any failure makes the whole reading incomplete.

        The window is of whole hours, UTC (ValueError otherwise); it may reach past now, to see what has come in of the
        present hour, but hours that are not settled are never covered. At a thousand deployments a window of a week
        takes about 15 MB; longer spans are better read week by week.
        """
        _require_whole_hours(window)
        queries = (*ENDPOINT_QUERIES, *(POOL_QUERIES if self._has_pools(project) else ()))
        futures: list[tuple[Query, Future[list[HourlySeries]]]] = [
            (query, self._connection.workers.submit(read_series, self._connection, project, query, window))
            for query in queries
        ]
        answers: list[tuple[Query, list[HourlySeries]]] = []
        problems: list[str] = []
        for query, future in futures:
            try:
                answers.append((query, future.result()))
            except GuardError as error:
                problems.append(str(error))
            except Exception as error:  # noqa: BLE001  # invariant 11: not even a bug of ours may stop other projects
                problems.append(
                    f"{query.metric}: could not be read ({type(error).__name__}); this is a bug of Tuneguard."
                )
        first, last = hour_number(window.start), hour_number(window.end)
        settled = min(last, hour_number(self._now() - self._metric_lag))
        covered_until = settled if not problems else first
        covered = Window(window.start, hour_start(covered_until)) if covered_until > first else None
        hours = assemble(answers, first)
        return Reading(
            project=project,
            window=window,
            complete=not problems,
            covered=covered,
            rows={name: Rows(of_one, first, last, covered_until) for name, of_one in hours.items()},
            problems=tuple(problems),
        )


def _require_whole_hours(window: Window) -> None:
    for at in (window.start, window.end):
        if at.minute or at.second or at.microsecond:
            raise ValueError(f"usage is read in whole hours, not from or to {at.isoformat()}")
