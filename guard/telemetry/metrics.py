"""All metrics, in a registry of our own; initialised to 0 so that "nothing happened" is visible. No ids as labels."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from guard.core.reasons import BlockReason, KeepReason, RemoveReason
from guard.core.removal import ActState
from guard.core.verdict import Stage


class Metrics:
    """One set of metrics on one registry (tests make one each)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self.cycles = Counter("tuneguard_cycles", "Cycles by outcome", ["outcome"], registry=r)
        self.cycle_seconds = Histogram(
            "tuneguard_cycle_seconds", "Machine time of a cycle", registry=r, buckets=(0.1, 0.3, 1, 3, 10, 30, 100, 300)
        )
        self.last_success_age = Gauge(
            "tuneguard_last_success_age_seconds", "Machine time since the last completed cycle", registry=r
        )
        self.things = Gauge("tuneguard_things", "Things by verdict in the last cycle", ["verdict"], registry=r)
        self.kept = Gauge("tuneguard_kept", "Kept or undecided things by reason", ["reason"], registry=r)
        self.idle = Gauge("tuneguard_idle", "Idle things by reason", ["reason"], registry=r)
        self.blocked = Gauge("tuneguard_blocked", "Due removals that do not happen, by reason", ["reason"], registry=r)
        self.acts = Counter(
            "tuneguard_acts", "Acts by stage and the state they reached", ["stage", "state"], registry=r
        )
        self.rate = Gauge(
            "tuneguard_spend_per_hour",
            "Known spend an hour now (lower bound where prices are unknown)",
            ["currency"],
            registry=r,
        )
        self.idle_rate = Gauge(
            "tuneguard_idle_spend_per_hour", "Known spend an hour on idle things", ["currency"], registry=r
        )
        self.unpriced = Gauge("tuneguard_unpriced", "Things that bill and whose price is unknown", registry=r)
        self.saved = Gauge("tuneguard_saved", "Claimed savings so far", ["currency"], registry=r)
        self.scopes_failed = Gauge("tuneguard_scopes_failed", "Project locations whose listing failed", registry=r)
        self.scopes_doubted = Gauge(
            "tuneguard_scopes_doubted", "Project locations with doubtful instruments", registry=r
        )
        self.breaker = Gauge("tuneguard_breaker_tripped", "1 while the breaker is tripped", registry=r)
        self.leader = Gauge("tuneguard_leader", "1 while this daemon holds the lease", registry=r)
        self.paused = Gauge("tuneguard_paused", "1 while paused", registry=r)
        self.notices = Counter("tuneguard_notices", "Notices by outcome of a delivery", ["outcome"], registry=r)
        self.outbox = Gauge("tuneguard_outbox", "Notices waiting for delivery", registry=r)
        self.config_valid = Gauge(
            "tuneguard_config_valid", "0 while the file on disk is wrong (the last valid one rules)", registry=r
        )
        self.calls = Gauge("tuneguard_calls", "Calls to the platform so far, by kind", ["kind"], registry=r)
        self.clock_jumps = Counter("tuneguard_clock_jumps", "Times the wall clock moved oddly", registry=r)
        self.missed = Counter(
            "tuneguard_missed_runs", "Scheduled runs that were missed or overlapped", ["why"], registry=r
        )
        self.wrong_removals = Counter(
            "tuneguard_wrong_removals", "Removals after which a late request was found", registry=r
        )
        self._initialise()

    def _initialise(self) -> None:
        for outcome in ("completed", "failed", "skipped"):
            self.cycles.labels(outcome)
        for verdict in ("keep", "idle", "unknown"):
            self.things.labels(verdict)
        for keep in KeepReason:
            self.kept.labels(keep.value)
        for remove in RemoveReason:
            self.idle.labels(remove.value)
        for block in BlockReason:
            self.blocked.labels(block.value)
        for stage in Stage:
            for state in ActState:
                self.acts.labels(stage.value, state.value)
        for outcome in ("delivered", "failed", "escalated"):
            self.notices.labels(outcome)
        for why in ("missed", "overlapped"):
            self.missed.labels(why)
        self.config_valid.set(1)

    def set_all(self, gauge: Gauge, values: Mapping[str, float]) -> None:
        """Set one gauge for each known label value, 0 where `values` has none."""
        for labels in list(gauge._metrics):  # noqa: SLF001  # the library offers no public way to walk its children
            gauge.labels(*labels).set(values.get(labels[0], 0))
        for label, value in values.items():
            gauge.labels(label).set(value)

    def render(self) -> bytes:
        """Return the exposition text."""
        return generate_latest(self.registry)
