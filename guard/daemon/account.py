"""What it came to: claimed and measured savings, wrong removals found late.

Claimed counts only after our own finished operation, until a redeploy or the horizon. Measured counts the covered hours in
which monitoring shows no replicas any more. A request that arrives late for a time before the call is a wrong removal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from guard.core.cost import claimed, measured, replica_hours_gone
from guard.core.model import DeployedModel, HourlyPool, Snapshot
from guard.core.names import endpoint_of
from guard.core.removal import Act, ActState
from guard.core.rules import Rules
from guard.core.units import Known, Maybe, Money, Rate, Window, hour_number, hour_start
from guard.core.usage import Usage, merge
from guard.core.verdict import Stage
from guard.daemon.acting import Did
from guard.ports.ledger import Ledger, Saving

LATE_WITHIN = timedelta(hours=24)
"""How long after a removal late points are looked for; Cloud Monitoring delays points by minutes, at worst by hours."""


@dataclass(frozen=True, slots=True)
class WrongRemoval:
    """A removal before which a request had come in that monitoring told of only afterwards."""

    act: Act
    hour: datetime
    requests: int


class Accountant:
    """Keeps the savings' rows."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._open: dict[str, Saving] | None = None
        self._acts: dict[str, Act] = {}
        self._complete = False  # every removal that was verified before this daemon led has its row

    def forget(self) -> None:
        """Read the rows afresh: another daemon has led since, and what it wrote counts."""
        self._open = None
        self._acts.clear()
        self._complete = False

    def watched(self) -> Sequence[str]:
        """Names that are gone and whose usage still matters: removed things with a saving that runs."""
        return [saving.subject for saving in self._savings().values() if saving.until is None]

    def account(
        self,
        settled: Iterable[Did],
        snapshot: Snapshot,
        usage: Mapping[str, Usage],
        rules_of: Callable[[str], Rules],
        now: datetime,
    ) -> Sequence[Saving]:
        """Open a saving for each removal verified by our own operation, and bring the open ones up to now."""
        fresh = [] if self._complete else self._missed(now, rules_of)
        self._complete = True
        savings = self._savings()
        changed: dict[str, Saving] = {}
        ours = {did.act.id: did.act for did in settled if did.state is ActState.VERIFIED and did.ours}
        for act in (ours | {act.id: act for act in fresh}).values():
            if act.key.stage is Stage.UNDEPLOY and act.rate is not None and act.id not in savings:
                counts = self._counts_here(act, snapshot)
                savings[act.id] = Saving(
                    act_id=act.id,
                    subject=act.key.subject,
                    since=act.settled_at or now,
                    until=None,
                    rate=act.rate.per_hour if counts else None,
                    claimed=None,
                    measured=None,
                    note="" if counts else "its pool's saving counts once, with the last model that leaves it",
                )
                changed[act.id] = savings[act.id]
        for key, saving in list(savings.items()):
            removal = self._act(saving.act_id)
            if saving.until is not None or removal is None or saving.rate is None:
                continue
            horizon = saving.since + rules_of(removal.project_id).savings_horizon
            again = _deployed_again(removal, snapshot) or _pool_again(removal, snapshot)
            end = min(end for end in (now, horizon, again) if end is not None)
            gone = _measured(saving, _usage_of(removal, usage), end)
            counts = "pool" not in removal.evidence or (gone is not None and gone.amount > 0)
            value = claimed(Rate(saving.rate), saving.since, again, horizon - saving.since, now) if counts else None
            new = replace(
                saving,
                claimed=_value(value) if value is not None else None,
                measured=gone,
                until=again if again is not None and again <= now else (horizon if now >= horizon else None),
                note="deployed again" if again is not None else saving.note,
            )
            if new != saving:
                savings[key] = changed[key] = new
        if changed:
            self._ledger.save_savings(list(changed.values()))
        return list(savings.values())

    def _missed(self, now: datetime, rules_of: Callable[[str], Rules]) -> list[Act]:
        """Removals that a daemon verified by its own operation and died before it wrote their saving."""
        known = {saving.act_id for saving in self._ledger.savings()}
        return [
            act
            for act in self._ledger.acts()
            if act.state is ActState.VERIFIED
            and act.key.stage is Stage.UNDEPLOY
            and act.operation is not None
            and act.settled_at is not None
            and now - act.settled_at < rules_of(act.project_id).savings_horizon
            and act.id not in known
        ]

    def wrong_removals(self, usage: Mapping[str, Usage], now: datetime) -> list[WrongRemoval]:
        """Look again at what was removed lately: did a request come in before the call that nobody had told us of?"""
        found: list[WrongRemoval] = []
        for saving in self._savings().values():
            act = self._act(saving.act_id)
            if act is None or act.intended_at is None or now - act.intended_at > LATE_WITHIN:
                continue
            late = late_use(act, usage.get(act.key.subject))
            if late is not None:
                found.append(WrongRemoval(act, *late))
        return found

    def _counts_here(self, act: Act, snapshot: Snapshot) -> bool:
        """True where this removal is what stopped the bill: for a pool's sharer, only with the last one, and once."""
        pool = act.evidence.get("pool")
        if not isinstance(pool, str):
            return True
        if any(_runs_on(deployed, pool) for endpoint in snapshot.endpoints for deployed in endpoint.deployed):
            return False
        running = [self._act(saving.act_id) for saving in self._savings().values() if saving.rate and not saving.until]
        return all(other is None or other.evidence.get("pool") != pool for other in running)

    def _savings(self) -> dict[str, Saving]:
        if self._open is None:
            self._open = {saving.act_id: saving for saving in self._ledger.savings()}
        return self._open

    def _act(self, act_id: str) -> Act | None:
        """A settled act does not change any more, so it is read once."""
        if act_id not in self._acts:
            act = self._ledger.act(act_id)
            if act is None:
                return None
            self._acts[act_id] = act
        return self._acts[act_id]


def late_use(act: Act, usage: Usage | None) -> tuple[datetime, int] | None:
    """A request between the last use that the decision knew of and the call: its hour and count; None if there is none."""
    if usage is None or act.intended_at is None:
        return None
    known = act.evidence.get("last_used_at")
    first = hour_number(datetime.fromisoformat(known)) + 1 if isinstance(known, str) else usage.origin
    last = hour_number(act.intended_at)
    if last < first or not usage.used:
        return None
    window = (usage.used >> max(0, first - usage.origin)) & ((1 << (last - max(first, usage.origin) + 1)) - 1)
    if window == 0:
        return None
    hour = max(first, usage.origin) + window.bit_length() - 1
    return hour_start(hour), usage.counts.get(hour, 0)


def _usage_of(removal: Act, usage: Mapping[str, Usage]) -> Usage | None:
    """The usage that shows whether the machines went: for a pool's sharer the pool's and its own, which are the same ones."""
    own = usage.get(removal.key.subject)
    shared = usage.get(str(removal.evidence["pool"])) if "pool" in removal.evidence else None
    return merge(own, shared) if own is not None and shared is not None else own or shared


def _measured(saving: Saving, usage: Usage | None, end: datetime) -> Money | None:
    """What monitoring shows to have gone away: whole hours without replicas after the removal; None while none is known.

    The rate of an act is that of all its replicas, so the hours are counted once.
    """
    if usage is None or saving.rate is None or end <= saving.since:
        return None
    return _value(measured(Rate(saving.rate), replica_hours_gone(usage, Decimal(1), Window(saving.since, end))))


def _value(found: Maybe[Money]) -> Money | None:
    return found.value if isinstance(found, Known) else None


def _deployed_again(act: Act, snapshot: Snapshot) -> datetime | None:
    """When the same model came back on the same endpoint after the removal; None if it has not."""
    model = act.evidence.get("model")
    endpoint = endpoint_of(act.key.subject)
    for there in snapshot.endpoints:
        if there.name != endpoint:
            continue
        for deployed in there.deployed:
            newer = (
                deployed.created_at is not None and act.settled_at is not None and deployed.created_at > act.settled_at
            )
            if deployed.model == model and newer:
                return deployed.created_at
    return None


def _pool_again(act: Act, snapshot: Snapshot) -> datetime | None:
    """When a pool whose models had all gone got one again and bills from then on; None if it has not."""
    pool = act.evidence.get("pool")
    if not isinstance(pool, str) or act.settled_at is None:
        return None
    since = [
        deployed.created_at
        for endpoint in snapshot.endpoints
        for deployed in endpoint.deployed
        if _runs_on(deployed, pool) and deployed.created_at is not None and deployed.created_at > act.settled_at
    ]
    return min(since, default=None)


def _runs_on(deployed: DeployedModel, pool: str) -> bool:
    return isinstance(deployed.billing, HourlyPool) and deployed.billing.pool == pool
