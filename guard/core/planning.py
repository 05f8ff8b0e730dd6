"""From verdicts to a plan: what is announced, what goes now, what is blocked and why, which open acts are void. Pure.

The plan is the same in every mode, computed as if notices were delivered; what the mode, the lease or a pause forbids is
decided later, at the intent. An announced due time only moves later. What becomes newly removable starts at `proposed`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter

from guard.core.limits import act_window_open, breaker, is_burst, next_open, price_order, throttle
from guard.core.names import Scope
from guard.core.plan import Breaker, Doubt, LedgerView, Plan, Planned
from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActKey, ActState, act_id
from guard.core.rules import Limits, Mode, Policy, Rules
from guard.core.verdict import Idle, Keep, Stage, Subject, Undecided, Verdict
from guard.core.voiding import void_acts

NO_SCOPES: frozenset[Scope] = frozenset()
RulesOf = Callable[[str], Rules | None]
BY_NAME = attrgetter("subject.name")
IRREVERSIBLE = frozenset({Stage.DELETE_MODEL, Stage.DELETE_FILE})
COUNTED = frozenset({ActState.FAILED, ActState.REFUSED})
"""Settled acts that use up an attempt; one that was cancelled because its reason went away does not."""


@dataclass(slots=True)
class _Item:
    """One act to be, before limits: with the rules and policy it comes from, and what bears on it. Lives within one plan,
    and is never changed; not frozen, which would make it three times slower to make.
    """

    planned: Planned
    rules: Rules
    policy: Policy
    is_due: bool
    is_new: bool  # nothing open in the ledger
    selected_at: datetime  # when it was first proposed; now, where nothing is open
    is_overdue: bool  # its wait was over long before that: not its silence but a change made it removable
    history: tuple[Act, ...]  # every act on this very thing that the ledger told of, oldest first


def make_plan(
    verdicts: Sequence[Verdict],
    rules_of: RulesOf,
    view: LedgerView,
    doubts: Sequence[Doubt],
    now: datetime,
    cycle_id: str,
    mode: Mode,
    config_digest: str,
    *,
    incomplete: frozenset[Scope] = NO_SCOPES,
) -> Plan:
    """Make the plan of one cycle.

    Args:
        verdicts: From judge().
        rules_of: Project id -> rules; None where not enrolled.
        view: Open and recently settled acts, acknowledgements, memory of each thing.
        doubts: From sanity.doubts().
        now: The instant of the look.
        cycle_id: Names the cycle; goes into the plan and nowhere else.
        mode: Goes into the plan and nowhere else.
        config_digest: Of the configuration in force; a large widening is acknowledged for one digest.
        incomplete: Scopes that were not listed completely: what is missing there is not gone.
    """
    verdicts = sorted(verdicts, key=BY_NAME)
    doubtful = {doubt.scope for doubt in doubts if not doubt.acknowledged}
    void = void_acts(verdicts, view.acts, doubtful | incomplete)
    acts = _by_thing(view.acts, {act.id for act, _ in void})
    policies = _Policies()
    items = [
        _item(part, group, rules, policies.get(rules, verdict.policy), acts, view, now)
        for verdict in verdicts
        if isinstance(verdict, Idle) and (rules := rules_of(verdict.subject.project_id)) is not None
        for part, group in _expand(verdict)
    ]
    items = _together(items, now)
    fleet = sum(1 for v in verdicts if v.subject.billed)
    widening = _widening(items, view, now, config_digest)
    tripped = _breaker(items, widening, fleet, view, now)
    reasons_of = _shared([(item, _blocks(item, view, now, doubtful, widening, tripped)) for item in items])
    blocked: list[Planned] = []
    upcoming: list[Planned] = []
    due: list[Planned] = []
    for item, reasons in zip(items, reasons_of, strict=True):
        if reasons and (item.is_due or not _may_announce(item, reasons)):
            blocked.append(_blocked(item.planned, tuple(reasons)))
        elif item.is_due:
            due.append(item.planned)
        else:
            upcoming.append(item.planned)
    allowed, waiting = throttle(due, view.acts, rules_of, now)
    blocked += [_blocked(planned, (BlockReason.THROTTLED,)) for planned in waiting]
    return Plan(
        cycle_id=cycle_id,
        taken_at=now,
        mode=mode,
        actions=tuple(sorted(allowed, key=price_order)),
        upcoming=tuple(sorted(upcoming, key=lambda p: (p.due_at, *price_order(p)))),
        blocked=tuple(sorted(blocked, key=price_order)),
        kept=tuple(v for v in verdicts if isinstance(v, Keep)),
        unknown=tuple(v for v in verdicts if isinstance(v, Undecided)),
        suggestions=_suggestions(verdicts),
        void=void,
        doubts=tuple(sorted(doubts, key=lambda doubt: doubt.scope)),
        breaker=tripped,
        config_digest=config_digest,
    )


def _expand(verdict: Idle) -> Iterable[tuple[Idle, Subject | None]]:
    """One act a thing, with the group it belongs to: a pool's removal is an undeploy of each sharer."""
    if not verdict.parts:
        yield verdict, None
        return
    pool = verdict.subject
    price = f"{pool.rate.per_hour.amount:f} {pool.rate.per_hour.currency}" if pool.rate else None
    evidence = {**verdict.evidence, "pool": pool.name, "pool_rate": price}
    for part in verdict.parts:
        yield replace(verdict, subject=part, parts=(), evidence=evidence), pool


class _Policies:
    """Policies by name, indexed once for each group's rules."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[int, dict[str, Policy]] = {}

    def get(self, rules: Rules, name: str) -> Policy:
        """The policy that a verdict names; it was judged under these very rules."""
        known = self._known.get(id(rules))
        if known is None:
            known = self._known.setdefault(id(rules), {policy.name: policy for policy in rules.policies})
        return known[name]


def _item(
    verdict: Idle,
    group: Subject | None,
    rules: Rules,
    policy: Policy,
    acts: Mapping[tuple[str, str, Stage], tuple[Act, ...]],
    view: LedgerView,
    now: datetime,
) -> _Item:
    """One act to be: its key and due time, from the open act if there is one, else afresh with the whole notice ahead."""
    name, generation, stage = verdict.subject.name, verdict.subject.generation, verdict.stage
    known = acts.get((name, generation, stage), ()) if acts else ()
    latest = known[-1] if known else None
    act = latest if latest is not None and latest.state.is_open else None
    notice = verdict.wait.notice
    if act is not None:
        key = act.key
        due_at = max(act.due_at, verdict.due_at)
        if act.noticed_at is not None:
            due_at = max(due_at, act.noticed_at + notice)
    else:
        key = ActKey(name, generation, stage, latest.key.attempt + 1 if latest is not None else 1)
        due_at = max(verdict.due_at, now + notice)
    seen = view.seen.get(name) or (view.seen.get(group.name) if group is not None else None)
    if seen is not None and seen.removable_since is not None:
        due_at = max(due_at, seen.removable_since + notice)
    if policy.act_during is not None:
        due_at = next_open(policy.act_during, due_at) or due_at
    proven = verdict.wait.length is not None and verdict.silent_for >= verdict.wait.length
    selected_at = act.proposed_at if act is not None else now
    failed_before = latest is not None and latest.state in COUNTED
    planned = Planned(
        verdict=verdict,
        key=key,
        due_at=due_at,
        act=act,
        group=group.name if group is not None else None,
        group_rate=group.rate if group is not None else None,
    )
    return _Item(
        planned,
        rules,
        policy,
        is_due=proven and due_at <= now,
        is_new=act is None,
        selected_at=selected_at,
        is_overdue=not failed_before and verdict.due_at < selected_at - max(notice, OVERDUE),
        history=known,
    )


def _together(items: Sequence[_Item], now: datetime) -> list[_Item]:
    """The sharers of a pool are due together, with the last of them: a pool that is half gone bills like a whole one."""
    if all(item.planned.group is None for item in items):
        return list(items)
    due_at: dict[str, datetime] = {}
    held: set[str] = set()
    for item in items:
        group = item.planned.group
        if group is None or _in_flight(item):
            continue
        due_at[group] = max(item.planned.due_at, due_at.get(group, item.planned.due_at))
        if not item.is_due:
            held.add(group)
    return [
        replace(
            item,
            planned=replace(item.planned, due_at=due_at[item.planned.group]),
            is_due=item.planned.group not in held and due_at[item.planned.group] <= now,
        )
        if item.planned.group in due_at and not _in_flight(item)
        else item
        for item in items
    ]


def _shared(blocks: Sequence[tuple[_Item, list[BlockReason]]]) -> list[list[BlockReason]]:
    """What blocks one sharer of a pool blocks all; one that is on its way already holds back no other."""
    of_group: dict[str, dict[BlockReason, None]] = {}
    for item, reasons in blocks:
        if item.planned.group is not None and not _in_flight(item):
            of_group.setdefault(item.planned.group, {}).update(dict.fromkeys(reasons))
    if not of_group:
        return [reasons for _, reasons in blocks]
    return [
        list(of_group[item.planned.group]) if item.planned.group in of_group and not _in_flight(item) else reasons
        for item, reasons in blocks
    ]


OVERDUE = timedelta(hours=24)
"""Selected only a day after its wait was over: not its silence but a change (mode, policy, label, enrolment) made it
removable. A day, so that a daemon which was down over night does not take everything for a widening."""


def _widening(items: Sequence[_Item], view: LedgerView, now: datetime, digest: str) -> frozenset[str]:
    """The things that a change made removable, where there were so many at one moment that a person has to look.

    The moment is remembered with the acts (`proposed_at`), so the block stays until somebody has looked or they are few.
    """
    overdue = [item for item in items if item.is_overdue and not _in_flight(item)]
    if not overdue or _acknowledged(view, f"widening:{digest}", now):
        return frozenset()
    limits = _strictest(overdue)
    at_once = Counter(item.selected_at for item in overdue)
    bursts = {moment for moment, count in at_once.items() if is_burst(count, view.usual_selected, limits)}
    return frozenset(item.planned.key.subject for item in overdue if item.selected_at in bursts)


def _breaker(
    items: Sequence[_Item], widening: frozenset[str], fleet: int, view: LedgerView, now: datetime
) -> Breaker | None:
    """Trip where one moment selected far more than usual, or where too much of the fleet is selected in all."""
    others = [item for item in items if item.planned.key.subject not in widening and not _in_flight(item)]
    if not others or _acknowledged(view, "breaker", now):
        return None
    at_once = Counter(item.selected_at for item in others if not item.is_overdue)
    billed = sum(1 for item in others if item.planned.verdict.subject.billed)
    pools = len({item.planned.group for item in others if item.planned.group})
    return breaker(
        newly=max(at_once.values(), default=0),
        selected=billed + pools,
        fleet=fleet,
        usual=view.usual_selected,
        limits=_strictest(others),
    )


def _acknowledged(view: LedgerView, what: str, now: datetime) -> bool:
    return any(a.what == what and a.made_at <= now < a.expires_at for a in view.acknowledgements)


def _in_flight(item: _Item) -> bool:
    return item.planned.act is not None and item.planned.act.state.is_in_flight


def _strictest(items: Sequence[_Item]) -> Limits:
    """Of several groups' limits the one that stops first."""
    groups = {id(item.rules): item.rules for item in items}
    return min(
        (rules.limits for rules in groups.values()),
        key=lambda limits: (limits.breaker_least, limits.breaker_share, limits.breaker_factor),
    )


def _blocks(
    item: _Item,
    view: LedgerView,
    now: datetime,
    doubtful: set[Scope],
    widening: frozenset[str],
    tripped: Breaker | None,
) -> list[BlockReason]:
    planned, act = item.planned, item.planned.act
    subject = planned.verdict.subject
    scope = Scope(subject.name.split("/", 2)[1], subject.location) if doubtful or view.blocked_machines else None
    reasons: list[BlockReason] = []
    if scope in doubtful:
        reasons.append(BlockReason.INSTRUMENTS_DOUBTFUL)
    if tripped is not None and planned.key.subject not in widening:
        reasons.append(BlockReason.BREAKER)
    if planned.key.subject in widening:
        reasons.append(BlockReason.LARGE_WIDENING)
    if act is not None and act.state.is_in_flight:
        unknown = act.state is ActState.UNKNOWN
        reasons.append(BlockReason.UNKNOWN_OUTCOME if unknown else BlockReason.ALREADY_RUNNING)
    elif item.history and any(past.state is ActState.VERIFIED for past in item.history):
        # Verified before, and yet it is listed: the listing may be old.
        reasons.append(BlockReason.UNKNOWN_OUTCOME)
    used = sum(1 for past in item.history if past.state in COUNTED) if item.history else 0
    if used >= item.rules.limits.attempts and not _approved(planned, view, now):
        reasons.append(BlockReason.ATTEMPTS_EXHAUSTED)
    if scope is not None and planned.key.stage is Stage.UNDEPLOY and _no_capacity(view, scope, planned):
        reasons.append(BlockReason.NO_CAPACITY_TO_RESTORE)
    if planned.key.stage in IRREVERSIBLE and not _loss_accepted(planned, view, now):
        reasons.append(BlockReason.ACCEPTANCE_MISSING)
    if item.is_due and not act_window_open(item.policy.act_during, now):
        reasons.append(BlockReason.OUTSIDE_ACT_WINDOW)
    return reasons


def _blocked(planned: Planned, blocks: tuple[BlockReason, ...]) -> Planned:
    return Planned(
        verdict=planned.verdict,
        key=planned.key,
        due_at=planned.due_at,
        blocks=blocks,
        act=planned.act,
        group=planned.group,
        group_rate=planned.group_rate,
    )


LATER = frozenset({BlockReason.ACCEPTANCE_MISSING})
LATER_IF_OPEN = LATER | {BlockReason.NO_CAPACITY_TO_RESTORE}


def _may_announce(item: _Item, reasons: Sequence[BlockReason]) -> bool:
    """True for blocks that matter only once the time has come: people are told, and can answer, before."""
    return LATER.issuperset(reasons) or (not item.is_new and LATER_IF_OPEN.issuperset(reasons))


def _by_thing(acts: Iterable[Act], void: set[str]) -> dict[tuple[str, str, Stage], tuple[Act, ...]]:
    """Acts by the thing they are on, oldest first; a void one counts as cancelled already: what follows starts afresh."""
    found: dict[tuple[str, str, Stage], tuple[Act, ...]] = {}
    for act in sorted(acts, key=lambda a: a.key):
        thing = (act.key.subject, act.key.generation, act.key.stage)
        now_is = replace(act, state=ActState.CANCELLED) if act.id in void else act
        found[thing] = (*found.get(thing, ()), now_is)
    return found


def _approved(planned: Planned, view: LedgerView, now: datetime) -> bool:
    wanted = act_id(planned.key)
    return any(a.act_id == wanted and a.made_at <= now < a.expires_at for a in view.approvals)


def _loss_accepted(planned: Planned, view: LedgerView, now: datetime) -> bool:
    """A named person accepts that it cannot be undone: in the policy, or for this very attempt."""
    if planned.verdict.evidence.get("accepted_by"):
        return True
    wanted = act_id(planned.key)
    return any(a.act_id == wanted and a.accept_loss and a.made_at <= now < a.expires_at for a in view.approvals)


def _no_capacity(view: LedgerView, scope: Scope, planned: Planned) -> bool:
    machine = str(planned.verdict.evidence.get("machine", planned.verdict.subject.machine))
    bare = machine.partition(" ")[0]
    return any(where == scope and kind in {machine, bare} for where, kind in view.blocked_machines)


def _suggestions(verdicts: Iterable[Verdict]) -> tuple[tuple[str, Stage, str], ...]:
    """What a person could do: let an idle deployment scale to zero, look at a tuning job."""
    found = []
    for verdict in verdicts:
        evidence = verdict.evidence
        if "suggestion" in evidence and evidence["suggestion"] == Stage.SCALE_TO_ZERO.value:
            text = (
                "silent for longer than the platform's own scale-to-zero would wait; it could stop its machines itself"
            )
            found.append((verdict.subject.name, Stage.SCALE_TO_ZERO, text))
        if "warning" in evidence:
            found.append((verdict.subject.name, Stage.WARN_JOB, str(evidence["warning"])))
    return tuple(sorted(found))
