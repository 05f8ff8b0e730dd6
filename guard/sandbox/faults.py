"""What can go wrong in a world on demand: kinds, scopes, and the register that services ask."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

from guard.sandbox.clock import VirtualClock

SCOPE_KEYS: Final = ("service", "method", "project", "location", "resource", "principal", "permission", "machine")

KINDS: Final[Mapping[str, str]] = {
    "rate_limited": "the call is refused with 429 RESOURCE_EXHAUSTED",
    "server_error": "the call fails with `status` (500, 502, 503 or 504; default 503)",
    "timeout": "the call never gets an answer; nothing is done",
    "answer_dropped": "the work is done, then the connection is cut before the answer",
    "latency": "`seconds` of machine time are added to the call",
    "page_missing": "a listing leaves out its second page",
    "page_repeated": "a listing gives its first page twice",
    "listing_shrinks": "a listing keeps only the first `keep` share of its entries (default 0.5), with no sign of it",
    "labels_empty": "resources come back without their labels",
    "name_as_project_id": "names come back with the project id in place of its number",
    "no_capacity": "a deployment ends in RESOURCE_EXHAUSTED: no machines of that kind",
    "operation_fails": "the operation ends with an error (`code`, `message`) and changes nothing",
    "operation_never_ends": "the operation stays open for ever and changes nothing",
    "tuning_stalls": "a tuning job stays RUNNING and makes no progress",
    "tuning_fails": "a tuning job ends in JOB_STATE_FAILED",
    "permission_lost": "the caller is refused with 403 PERMISSION_DENIED",
    "clock_jump": "the virtual clock moves by `by` (a duration, negative to go back), once",
    "resource_recreated": "the endpoint `resource` is deleted and made again under the same name, once",
    "new_model_version": "the model `resource` gets a new version, once",
    "monitoring_execution_error": "an otherwise good metrics reply carries an execution error",
    "series_late": "metrics lag by `seconds` more of virtual time",
    "series_missing": "a series that exists is left out",
    "series_duplicate": "a series is given twice",
    "series_several": "a deployment's counts are split over a spot and a non-spot series",
    "request_inside_lag": "`n` requests appear `seconds` before now, in a time that was read already, once",
    "count_witness_disagree": "duty cycle and CPU are high while the count says 0",
}

ONCE: Final = frozenset({"clock_jump", "resource_recreated", "new_model_version", "request_inside_lag"})


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault in force. `scope` values are shell patterns; what is not named matches everything."""

    id: str
    kind: str
    scope: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    probability: float = 1.0
    remaining: int | None = None
    since: datetime
    until: datetime | None = None

    def covers(self, now: datetime, scope: Mapping[str, str | None]) -> bool:
        """Whether the fault is in force at `now` for a call with this scope."""
        if now < self.since or (self.until is not None and now >= self.until) or self.remaining == 0:
            return False
        return all(fnmatchcase(scope.get(key) or "", pattern) for key, pattern in self.scope.items())

    def as_document(self) -> dict[str, Any]:
        """The fault as the control interface shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            **self.scope,
            **self.params,
            "probability": self.probability,
            "remaining": self.remaining,
            "since": self.since.isoformat(),
            "until": self.until.isoformat() if self.until else None,
        }


class Faults:
    """All faults of a world. Services ask `active` (is it on?) or `take` (is it on, and does it strike this time?)."""

    def __init__(self, clock: VirtualClock, *, seed: int = 0) -> None:
        self._clock = clock
        self._faults: dict[str, Fault] = {}
        self._random = random.Random(seed)  # noqa: S311  # a seeded draw that repeats, not a secret
        self._made = 0

    def __bool__(self) -> bool:
        return bool(self._faults)

    def add(
        self,
        kind: str,
        *,
        at: datetime,
        scope: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        probability: float = 1.0,
        count: int | None = None,
        lasts: timedelta | None = None,
    ) -> Fault:
        """Put a fault in force from `at` on, for `count` strikes or for as long as it `lasts`.

        Raises ValueError when the kind or a scope key is unknown.
        """
        if kind not in KINDS:
            raise ValueError(f"unknown fault kind {kind!r}; one of {', '.join(sorted(KINDS))}")
        if unknown := set(scope or ()) - set(SCOPE_KEYS):
            raise ValueError(f"unknown fault scope {min(unknown)!r}; one of {', '.join(SCOPE_KEYS)}")
        self._made += 1
        fault = Fault(
            id=f"fault-{self._made}",
            kind=kind,
            scope=dict(scope or {}),
            params=dict(params or {}),
            probability=probability,
            remaining=count,
            since=at,
            until=at + lasts if lasts is not None else None,
        )
        self._faults[fault.id] = fault
        return fault

    def remove(self, fault_id: str) -> bool:
        """End a fault; False when there is none of this id."""
        return self._faults.pop(fault_id, None) is not None

    def clear(self) -> None:
        """End all faults."""
        self._faults.clear()

    def all(self) -> list[Fault]:
        """Every fault that was not removed, spent ones too."""
        return list(self._faults.values())

    def active(self, kind: str, **scope: str | None) -> list[Fault]:
        """Faults of this kind in force now for this scope; draws nothing and counts nothing."""
        if not self._faults:
            return []
        now = self._clock.now()
        return [fault for fault in self._faults.values() if fault.kind == kind and fault.covers(now, scope)]

    def take(self, kind: str, **scope: str | None) -> Fault | None:
        """The first fault that strikes this call: draws its probability and uses up one of its count."""
        for fault in self.active(kind, **scope):
            if fault.probability < 1 and self._random.random() >= fault.probability:
                continue
            if fault.remaining is not None:
                fault.remaining -= 1
            return fault
        return None
