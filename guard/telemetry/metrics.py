"""All metrics, in a registry of our own. What a process does is counted here, initialised to 0 so that "nothing happened" is
visible; what the fleet costs and is judged to be (figures.py) is told by the daemon that leads alone. No ids as labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from guard.core.removal import ActState
from guard.core.verdict import Stage
from guard.telemetry.figures import FleetFigures


class Metrics:
    """One set of metrics on one registry (tests make one each)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self.fleet = FleetFigures(r)
        self.cycles = Counter("tuneguard_cycles", "Cycles by outcome", ["outcome"], registry=r)
        self.cycle_seconds = Histogram(
            "tuneguard_cycle_seconds", "Machine time of a cycle", registry=r, buckets=(0.1, 0.3, 1, 3, 10, 30, 100, 300)
        )
        self.last_success_age = Gauge(
            "tuneguard_last_success_age_seconds", "Machine time since the last completed cycle", registry=r
        )
        self.acts = Counter(
            "tuneguard_acts", "Acts by stage and the state they reached", ["stage", "state"], registry=r
        )
        self.leader = Gauge("tuneguard_leader", "1 while this daemon holds the lease", registry=r)
        self.ledger_writable = Gauge(
            "tuneguard_ledger_writable",
            "1 while the lease can be written to the ledger (tried every few seconds)",
            registry=r,
        )
        self.notices = Counter("tuneguard_notices", "Notices by outcome of a delivery", ["outcome"], registry=r)
        self.outbox = Gauge("tuneguard_outbox", "Notices waiting for delivery", registry=r)
        self.config_valid = Gauge(
            "tuneguard_config_valid", "0 while the file on disk is wrong (the last valid one rules)", registry=r
        )
        self.clock_odd = Gauge(
            "tuneguard_clock_odd",
            "1 while the wall clock does not go at machine time's pace; nothing is removed",
            registry=r,
        )
        self.clock_jumps = Counter("tuneguard_clock_jumps", "Times the wall clock moved oddly", registry=r)
        self.missed = Counter(
            "tuneguard_missed_runs", "Scheduled runs that were missed or overlapped", ["why"], registry=r
        )
        self.wrong_removals = Counter(
            "tuneguard_wrong_removals", "Removals after which a late request was found", registry=r
        )
        self._calls = _CallCounts(r)
        self._initialise()

    def _initialise(self) -> None:
        for outcome in ("completed", "failed", "skipped"):
            self.cycles.labels(outcome)
        for stage in Stage:
            for state in ActState:
                self.acts.labels(stage.value, state.value)
        for outcome in ("delivered", "failed", "escalated"):
            self.notices.labels(outcome)
        for why in ("missed", "overlapped"):
            self.missed.labels(why)
        self.config_valid.set(1)

    def stand_by(self) -> None:
        """Another daemon leads: this one says so and tells nothing of the fleet."""
        self.leader.set(0)
        self.fleet.hide()
        self.outbox.set(0)

    def count_calls(self, by_kind: Callable[[], Mapping[str, int]]) -> None:
        """Ask at each scrape how many calls of each kind went to the platform."""
        self._calls.by_kind = by_kind

    def render(self) -> bytes:
        """Return the exposition text."""
        return generate_latest(self.registry)


class _CallCounts(Collector):
    """Calls to the platform, counted where they are made."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.by_kind: Callable[[], Mapping[str, int]] = dict
        registry.register(self)

    def collect(self) -> Iterable[Metric]:
        family = CounterMetricFamily("tuneguard_calls", "Calls to the platform so far, by kind", labels=("kind",))
        for kind, count in sorted(self.by_kind().items()):
            family.add_metric((kind,), count)
        yield family
