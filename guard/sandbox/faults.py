"""What can go wrong in a world on demand: kinds, scopes, and the register that services ask."""

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

from guard.sandbox.clock import VirtualClock
from guard.sandbox.errors import RPC_CODES

SCOPE_KEYS: Final = ("service", "method", "project", "location", "resource", "principal", "permission", "machine")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a fault does, the parameters it takes, and whether it is an event of one moment."""

    meaning: str
    params: tuple[str, ...] = ()
    once: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    "rate_limited": Kind("the call is refused with 429 RESOURCE_EXHAUSTED"),
    "server_error": Kind("the call fails with `status` 500, 502, 503 or 504 (default 503)", ("status",)),
    "timeout": Kind("the call never gets an answer; the work is done only where `done` is true", ("done",)),
    "answer_dropped": Kind("the work is done, then the connection is cut before the answer"),
    "latency": Kind("`seconds` of machine time (default 1) are added to the call", ("seconds",)),
    "page_missing": Kind("a listing leaves out its second page"),
    "page_repeated": Kind("a listing gives its first page again in place of a later one"),
    "listing_shrinks": Kind("a listing keeps only its first `keep` share (default 0.5) and does not say so", ("keep",)),
    "labels_empty": Kind("resources come back without their labels"),
    "name_as_project_id": Kind("names come back with the project's id in place of its number"),
    "no_capacity": Kind("a deployment ends in RESOURCE_EXHAUSTED: no machines of that kind are to be had"),
    "operation_fails": Kind(
        "the operation ends with `status` and `message`, nothing is changed", ("status", "message")
    ),
    "operation_never_ends": Kind("the operation stays open for ever, nothing is changed"),
    "tuning_stalls": Kind("a tuning job that is created now stays in RUNNING"),
    "tuning_fails": Kind("a tuning job that is created now ends in JOB_STATE_FAILED"),
    "permission_lost": Kind("the caller is refused with 403 PERMISSION_DENIED"),
    "clock_jump": Kind("the virtual clock moves by the duration `by`, negative to go back", ("by",), once=True),
    "resource_recreated": Kind("an `endpoint` is deleted and made again under its name", ("endpoint",), once=True),
    "new_model_version": Kind("a `model` gets a new version, its default from then on", ("model",), once=True),
    "monitoring_execution_error": Kind(
        "an otherwise good metrics reply carries an execution error", ("metric", "code", "message")
    ),
    "series_late": Kind("metrics come `seconds` of virtual time later still", ("seconds", "metric")),
    "series_missing": Kind("a series that exists is left out", ("metric",)),
    "series_duplicate": Kind("a series is given twice", ("metric",)),
    "series_several": Kind("a deployment's counts come as a spot and a non-spot series", ("metric",)),
    "request_inside_lag": Kind("`n` requests turn up, `seconds` back, in a time read already", ("n", "seconds")),
    "count_witness_disagree": Kind("duty cycle and CPU are high while the count says 0", ("metric",)),
}


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _name(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


_VALUES: Final[Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    "seconds": ("a number of seconds", _number),
    "done": ("true or false", lambda value: isinstance(value, bool)),
    "keep": ("a share from 0 to 1", lambda value: _number(value) and value <= 1),
    "n": ("a whole number of at least 1", _whole),
    "code": ("a gRPC code, a whole number of at least 1", _whole),
    "message": ("a text", lambda value: isinstance(value, str)),
    "metric": ("a metric type or its ending", lambda value: isinstance(value, str)),
    "by": ("a duration such as 2h or -2h", lambda value: isinstance(value, str)),
    "endpoint": ("an id or display name", _name),
    "model": ("an id or display name", _name),
    "status": (
        f"500, 502, 503 or 504 for server_error, one of {', '.join(RPC_CODES)} for operation_fails",
        lambda value: isinstance(value, str | int) and value in {*RPC_CODES, 500, 502, 503, 504},
    ),
}
"""What each parameter takes."""


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

    def is_on(self, now: datetime) -> bool:
        """Whether the fault has begun at `now`, and is neither over nor used up."""
        return self.since <= now and (self.until is None or now < self.until) and self.remaining != 0

    def covers(self, now: datetime, scope: Mapping[str, str | None]) -> bool:
        """Whether the fault is in force at `now` for a call with this scope."""
        return self.is_on(now) and all(
            fnmatchcase(scope.get(key) or "", pattern) for key, pattern in self.scope.items()
        )

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

        Raises ValueError when the kind, a scope key or a parameter is unknown, or a parameter has a wrong value.
        """
        if kind not in KINDS:
            raise ValueError(f"unknown fault kind {kind!r}; one of {', '.join(sorted(KINDS))}")
        if unknown := set(scope or ()) - set(SCOPE_KEYS):
            raise ValueError(f"unknown fault scope {min(unknown)!r}; one of {', '.join(SCOPE_KEYS)}")
        if unknown := set(params or ()) - set(KINDS[kind].params):
            raise ValueError(
                f"unknown parameter {min(unknown)!r} of {kind}; {', '.join(KINDS[kind].params) or 'it has none'}"
            )
        for key, value in (params or {}).items():
            expected, fits = _VALUES[key]
            if not fits(value):
                raise ValueError(f"{kind}.{key}: {expected} is expected; found {value!r}")
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

    def is_known(self, fault_id: str) -> bool:
        """Whether a fault of this id was added and not removed."""
        return fault_id in self._faults

    def all(self) -> list[Fault]:
        """Every fault that was not removed, spent ones too."""
        return list(self._faults.values())

    def active(self, kind: str, **scope: str | None) -> list[Fault]:
        """Faults of this kind in force now for this scope; draws nothing and counts nothing."""
        if not self._faults:
            return []
        now = self._clock.now()
        return [fault for fault in self._faults.values() if fault.kind == kind and fault.covers(now, scope)]

    def in_force(self, kinds: Collection[str]) -> bool:
        """Whether a fault of one of these kinds is in force now, for whatever scope."""
        if not self._faults:
            return False
        now = self._clock.now()
        return any(one.kind in kinds and one.is_on(now) for one in self._faults.values())

    def take(self, kind: str, **scope: str | None) -> Fault | None:
        """The first fault that strikes this call: draws its probability and uses up one of its count."""
        for fault in self.active(kind, **scope):
            if fault.probability < 1 and self._random.random() >= fault.probability:
                continue
            if fault.remaining is not None:
                fault.remaining -= 1
            return fault
        return None
