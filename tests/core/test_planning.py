"""What is announced, what goes, what is blocked and why, which acts are void."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.core.names import Scope
from guard.core.plan import Acknowledgement, Approval, Doubt, LedgerView, Plan, Seen
from guard.core.planning import make_plan
from guard.core.reasons import BlockReason
from guard.core.removal import ActState, act_id
from guard.core.rules import Limits, Match, Mode, Never, Rules
from guard.core.verdict import Idle, Stage
from tests.builders import (
    DAY,
    LONG_AGO,
    NOW,
    PARENT,
    a_deployed_model,
    a_fixed_policy,
    a_keep,
    a_policy,
    a_pool_with,
    a_registry_model,
    a_snapshot,
    a_usage,
    a_view,
    an_act,
    an_endpoint,
    endpoint_name,
    h,
    judged,
    some_rules,
    stages,
)
from tests.core.test_limits import MADRID

SCOPE = Scope("1234", "us-central1")
GENERATION = f"{LONG_AGO.isoformat()}/7"


def deployed(number: int = 1) -> str:
    return f"{endpoint_name(number)}/deployedModels/7"


def fleet(count: int) -> Any:
    return a_snapshot(*(an_endpoint(number) for number in range(1, count + 1)))


def the_plan(
    snapshot: Any = None,
    *,
    view: LedgerView | None = None,
    rules: Rules | None = None,
    usages: Any = None,
    **changes: Any,
) -> Plan:
    rules, view = rules or some_rules(), view or a_view()
    verdicts = tuple(judged(snapshot or fleet(1), usages or {}, rules=rules, view=view).values())
    arguments: dict[str, Any] = {
        "doubts": (),
        "now": NOW,
        "cycle_id": "c1",
        "mode": Mode.ENFORCE,
        "config_digest": "config-1",
    }
    arguments |= changes
    return make_plan(verdicts, lambda _: rules, view, **arguments)


def noticed(number: int = 1, **changes: Any) -> Any:
    return an_act(deployed(number), generation=GENERATION, **changes)


def test_what_becomes_removable_starts_with_a_whole_notice_ahead() -> None:
    plan = the_plan()

    assert plan.actions == ()
    (upcoming,) = plan.upcoming
    assert upcoming.act is None
    assert upcoming.key.attempt == 1
    assert upcoming.due_at == NOW + h(2)


def test_an_announced_act_goes_when_its_time_has_come() -> None:
    plan = the_plan(view=a_view(acts=(noticed(),)))

    (action,) = plan.actions
    assert action.key.subject == deployed()
    assert action.act is not None
    assert action.blocks == ()


def test_before_its_time_it_is_upcoming() -> None:
    plan = the_plan(view=a_view(acts=(noticed(due_at=NOW + h(1)),)))

    assert plan.actions == ()
    assert len(plan.upcoming) == 1


def test_an_announced_due_time_only_moves_later() -> None:
    """The wait became shorter: the announced time stands. It became longer: the due time moves."""
    announced = noticed(due_at=NOW + h(5))
    shorter = the_plan(view=a_view(acts=(announced,)), rules=some_rules(a_fixed_policy(h(3))))
    (upcoming,) = shorter.upcoming
    longer = the_plan(
        view=a_view(acts=(announced,)),
        rules=some_rules(a_fixed_policy(DAY, notify_before=h(20))),
        usages={deployed(): a_usage(calls={14: 1})},
    )

    assert upcoming.due_at == NOW + h(5)
    (moved,) = longer.upcoming
    assert moved.due_at == NOW + h(10)


def test_a_notice_that_arrived_late_runs_its_whole_time() -> None:
    (upcoming,) = the_plan(view=a_view(acts=(noticed(due_at=NOW - h(1), noticed_at=NOW - h(1)),))).upcoming

    assert upcoming.due_at == NOW + h(1)


def test_an_act_goes_only_when_the_whole_wait_is_proved() -> None:
    """Due by the clock, but the last hours are not covered yet."""
    usage = a_usage(calls={92: 1}, holes=[0, 1])

    plan = the_plan(view=a_view(acts=(noticed(),)), usages={deployed(): usage})

    assert plan.actions == ()


def test_what_became_removable_a_moment_ago_waits_its_notice_again() -> None:
    seen = Seen(
        name=deployed(), kind="deployed_model", generation=GENERATION, first_seen_at=LONG_AGO, last_seen_at=NOW, digest="d",
        removable_since=NOW - h(1),
    )  # fmt: skip

    (upcoming,) = the_plan(view=a_view(acts=(noticed(),), seen={deployed(): seen})).upcoming

    assert upcoming.due_at == NOW + h(1)


@pytest.mark.parametrize(
    ("view", "kwargs", "block"),
    [
        (a_view(acts=(noticed(state=ActState.STARTED),)), {}, BlockReason.ALREADY_RUNNING),
        (a_view(acts=(noticed(state=ActState.INTENDED),)), {}, BlockReason.ALREADY_RUNNING),
        (a_view(acts=(noticed(state=ActState.UNKNOWN),)), {}, BlockReason.UNKNOWN_OUTCOME),
        (a_view(acts=(noticed(state=ActState.VERIFIED),)), {}, BlockReason.UNKNOWN_OUTCOME),
        (
            a_view(acts=(noticed(),)),
            {"doubts": (Doubt(scope=SCOPE, why="dark", evidence={}),)},
            BlockReason.INSTRUMENTS_DOUBTFUL,
        ),
        (
            a_view(acts=(noticed(),), blocked_machines=frozenset({(SCOPE, "n1-standard-4")})),
            {},
            BlockReason.NO_CAPACITY_TO_RESTORE,
        ),
        (
            a_view(acts=tuple(noticed(attempt=n, state=ActState.FAILED) for n in (1, 2, 3))),
            {},
            BlockReason.ATTEMPTS_EXHAUSTED,
        ),
    ],
)
def test_each_block_is_named(view: LedgerView, kwargs: dict[str, Any], block: BlockReason) -> None:
    plan = the_plan(view=view, **kwargs)

    assert plan.actions == ()
    (blocked,) = plan.blocked
    assert block in blocked.blocks


def test_doubts_elsewhere_or_acknowledged_block_nothing() -> None:
    elsewhere = Doubt(scope=Scope("1234", "europe-west4"), why="dark", evidence={})
    looked_at = Doubt(scope=SCOPE, why="dark", evidence={}, acknowledged=True)

    assert len(the_plan(view=a_view(acts=(noticed(),)), doubts=(elsewhere, looked_at)).actions) == 1


def test_outside_the_hours_of_acting_it_waits_for_the_next_opening() -> None:
    saturday = NOW + DAY * 4
    rules = some_rules(a_policy(act_during=MADRID))
    verdicts = tuple(judged(fleet(1), rules=rules).values())

    plan = make_plan(
        verdicts, lambda _: rules, a_view(acts=(noticed(due_at=saturday),)), (), saturday, "c", Mode.ENFORCE, "d"
    )

    (upcoming,) = plan.upcoming
    assert upcoming.due_at.isoformat() == "2026-11-30T08:00:00+00:00"


def test_an_overdue_act_outside_the_hours_is_blocked_by_name() -> None:
    rules = some_rules(a_policy(act_during=MADRID))
    night = NOW + h(10)
    verdicts = tuple(judged(fleet(1), rules=rules).values())

    plan = make_plan(verdicts, lambda _: rules, a_view(acts=(noticed(due_at=NOW),)), (), night, "c", Mode.ENFORCE, "d")

    assert plan.blocked[0].blocks == (BlockReason.OUTSIDE_ACT_WINDOW,)


def test_a_new_attempt_takes_the_next_number() -> None:
    acts = (noticed(attempt=1, state=ActState.CANCELLED), noticed(attempt=2, state=ActState.FAILED))

    (upcoming,) = the_plan(view=a_view(acts=acts)).upcoming

    assert upcoming.key.attempt == 3


def test_attempts_that_were_cancelled_use_up_nothing() -> None:
    acts = tuple(noticed(attempt=n, state=ActState.CANCELLED) for n in range(1, 8))

    assert len(the_plan(view=a_view(acts=acts)).upcoming) == 1


def test_a_person_lifts_the_cap_of_attempts_for_one_more() -> None:
    acts = tuple(noticed(attempt=n, state=ActState.FAILED) for n in (1, 2, 3))
    (blocked,) = the_plan(view=a_view(acts=acts)).blocked
    word = Approval(
        act_id=act_id(blocked.key), evidence_digest="e", who="mia", made_at=NOW - h(1), expires_at=NOW + h(1)
    )

    assert the_plan(view=a_view(acts=acts, approvals=(word,))).blocked == ()


def test_deleting_a_model_needs_somebody_who_accepts_the_loss() -> None:
    name = f"{PARENT}/models/m1"
    seen = Seen(
        name=name, kind="model", generation=f"{LONG_AGO.isoformat()}@1", first_seen_at=LONG_AGO, last_seen_at=NOW, digest="d",
        empty_since=NOW - DAY * 30,
    )  # fmt: skip
    act = an_act(name, generation=seen.generation, stage=Stage.DELETE_MODEL)
    rules = some_rules(a_fixed_policy(DAY, stages=stages(Stage.DELETE_MODEL)))
    snapshot = a_snapshot(models=[a_registry_model()])

    def plan(**changes: Any) -> Plan:
        return the_plan(snapshot, rules=rules, view=a_view(seen={name: seen}, **changes))

    assert plan(acts=(act,)).blocked[0].blocks == (BlockReason.ACCEPTANCE_MISSING,)
    assert len(plan().upcoming) == 1  # announced all the same, so that a person can answer
    word = Approval(act_id=act.id, evidence_digest="e", who="mia", made_at=NOW, expires_at=NOW + h(1), accept_loss=True)
    assert len(plan(acts=(act,), approvals=(word,)).actions) == 1
    assert plan(acts=(act,), approvals=(replace(word, accept_loss=False),)).actions == ()


def test_a_pool_is_removed_by_an_act_on_each_sharer() -> None:
    pool, endpoints = a_pool_with(2)
    acts = tuple(noticed(number) for number in (1, 2))

    plan = the_plan(a_snapshot(*endpoints, pools=[pool]), view=a_view(acts=acts))

    assert [action.key.subject for action in plan.actions] == [deployed(1), deployed(2)]
    assert all(action.group == pool.name and action.group_rate is not None for action in plan.actions)
    assert all(action.verdict.subject.rate is None for action in plan.actions)
    assert plan.actions[0].verdict.evidence["pool"] == pool.name


def test_a_pools_sharers_are_all_told_the_time_of_the_last() -> None:
    pool, endpoints = a_pool_with(2)
    acts = (noticed(1), noticed(2, due_at=NOW + h(5)))

    plan = the_plan(a_snapshot(*endpoints, pools=[pool]), view=a_view(acts=acts))

    assert plan.actions == ()
    assert [one.due_at for one in plan.upcoming] == [NOW + h(5), NOW + h(5)]


@pytest.mark.parametrize(
    ("usages", "rules", "view", "why"),
    [
        ({deployed(): a_usage(calls={0: 1})}, some_rules(), a_view(), "used again"),
        ({}, some_rules(), a_view(keeps=(a_keep(deployed()),)), "kept_by_person"),
        ({}, some_rules(a_policy(wait=Never())), a_view(), "never"),
        ({}, some_rules(a_policy("other")), a_view(), "policy changed"),
        ({}, some_rules(a_policy(match=Match(names=("x",)))), a_view(), "no_policy"),
    ],
)
def test_an_act_without_its_reason_is_void(usages: Any, rules: Rules, view: LedgerView, why: str) -> None:
    plan = the_plan(usages=usages, rules=rules, view=replace(view, acts=(noticed(),)))

    ((act, text),) = plan.void
    assert act.key.subject == deployed()
    assert why in text
    assert plan.actions == ()


def test_an_act_void_by_a_changed_policy_starts_afresh() -> None:
    (upcoming,) = the_plan(rules=some_rules(a_policy("other")), view=a_view(acts=(noticed(),))).upcoming

    assert upcoming.act is None
    assert upcoming.key.attempt == 2
    assert upcoming.due_at == NOW + h(2)


def test_what_is_gone_voids_its_act_unless_the_listing_is_in_doubt() -> None:
    view = a_view(acts=(noticed(9),))

    assert the_plan(view=view).void[0][1].startswith("gone")
    assert the_plan(view=view, incomplete=frozenset({SCOPE})).void == ()
    assert the_plan(view=view, doubts=(Doubt(scope=SCOPE, why="shrank", evidence={}),)).void == ()


def test_what_is_not_known_leaves_its_act_where_it_is() -> None:
    plan = the_plan(usages={deployed(): a_usage(holes=range(6))}, view=a_view(acts=(noticed(),)))

    assert plan.void == ()
    assert plan.actions == ()
    assert len(plan.unknown) == 1


def test_an_act_in_flight_is_never_void() -> None:
    view = a_view(acts=(noticed(state=ActState.STARTED),))

    assert the_plan(usages={deployed(): a_usage(calls={0: 1})}, view=view).void == ()


LIMITED = some_rules(limits=Limits(removals_per_day=2, breaker_least=1000))


def test_the_dearest_go_first() -> None:
    from tests.builders import L4

    dear = an_endpoint(3, deployed=[a_deployed_model(endpoint=endpoint_name(3), machine=L4)])
    unpriced = replace(dear.deployed[0].billing, machine=replace(L4, machine_type="z9"))  # type: ignore[type-var]
    odd = an_endpoint(4, deployed=[a_deployed_model(endpoint=endpoint_name(4), billing=unpriced)])
    rules = replace(some_rules(a_fixed_policy(DAY)), limits=LIMITED.limits)
    acts = tuple(noticed(number) for number in (1, 2, 3, 4))

    plan = the_plan(a_snapshot(an_endpoint(1), an_endpoint(2), odd, dear), rules=rules, view=a_view(acts=acts))

    assert [action.key.subject for action in plan.actions] == [deployed(3), deployed(1)]
    assert [item.key.subject for item in plan.blocked] == [deployed(2), deployed(4)]
    assert {item.blocks for item in plan.blocked} == {(BlockReason.THROTTLED,)}


def test_what_went_within_a_day_counts_against_the_limit() -> None:
    gone = [
        an_act(deployed(n), state=ActState.VERIFIED, intended_at=at) for n, at in ((8, NOW - h(3)), (9, NOW - h(25)))
    ]
    acts = (noticed(1), noticed(2), *gone)

    plan = the_plan(fleet(2), rules=LIMITED, view=a_view(acts=acts))

    assert len(plan.actions) == 1
    assert len(plan.blocked) == 1


def test_a_projects_own_limit_holds() -> None:
    limits = Limits(removals_per_day=10, removals_per_project_per_day=1, breaker_least=1000)

    plan = the_plan(fleet(3), rules=some_rules(limits=limits), view=a_view(acts=tuple(noticed(n) for n in (1, 2, 3))))

    assert len(plan.actions) == 1


BREAKS = some_rules(limits=Limits(removals_per_day=100, breaker_least=5))


def at_once(count: int, **changes: Any) -> tuple[Any, ...]:
    return tuple(noticed(number, **changes) for number in range(1, count + 1))


def fresh(count: int) -> dict[str, Any]:
    """Records that made things idle just now, not long ago."""
    return {deployed(number): a_usage(calls={95: 1}) for number in range(1, count + 1)}


def test_a_burst_trips_the_breaker_and_the_list_is_still_shown() -> None:
    plan = the_plan(fleet(8), rules=BREAKS, usages=fresh(8))

    assert plan.breaker is not None
    assert plan.actions == plan.upcoming == ()
    assert len(plan.blocked) == 8
    assert all(BlockReason.BREAKER in item.blocks for item in plan.blocked)


def test_a_burst_still_trips_the_breaker_after_it_was_announced() -> None:
    plan = the_plan(fleet(8), rules=BREAKS, usages=fresh(8), view=a_view(acts=at_once(8)))

    assert plan.breaker is not None
    assert plan.actions == ()


def test_a_person_who_has_looked_lets_the_breaker_go() -> None:
    word = Acknowledgement(what="breaker", who="mia", made_at=NOW, expires_at=NOW + DAY)

    plan = the_plan(fleet(8), rules=BREAKS, usages=fresh(8), view=a_view(acts=at_once(8), acknowledgements=(word,)))

    assert plan.breaker is None
    assert len(plan.actions) == 8


def test_a_change_that_makes_much_removable_at_once_waits_for_a_person() -> None:
    """All silent for weeks, nothing announced: a policy, a mode or an enrolment made them removable just now."""
    plan = the_plan(fleet(8), rules=BREAKS)
    announced = the_plan(fleet(8), rules=BREAKS, view=a_view(acts=at_once(8)))
    word = Acknowledgement(what="widening:config-1", who="mia", made_at=NOW, expires_at=NOW + DAY)
    looked_at = the_plan(fleet(6), rules=BREAKS, view=a_view(acts=at_once(6), acknowledgements=(word,)))

    assert {item.blocks for item in plan.blocked} == {(BlockReason.LARGE_WIDENING,)}
    assert plan.breaker is None
    assert {item.blocks for item in announced.blocked} == {(BlockReason.LARGE_WIDENING,)}
    assert BlockReason.LARGE_WIDENING not in {block for item in looked_at.blocked for block in item.blocks}


def test_a_small_widening_only_gets_its_notice() -> None:
    assert len(the_plan(fleet(4), rules=some_rules(limits=Limits(breaker_least=5))).upcoming) == 4


def test_suggestions_come_from_the_verdicts() -> None:
    from tests.builders import a_job

    job = a_job(started_at=NOW - h(60), created_at=NOW - h(61))
    plan = the_plan(a_snapshot(jobs=[job]))

    ((name, stage, text),) = plan.suggestions
    assert (name, stage) == (job.name, Stage.WARN_JOB)
    assert "2 d 12 h" in text


def test_a_verdict_on_a_project_that_left_the_configuration_makes_no_act() -> None:
    rules = some_rules()
    verdicts = tuple(judged(fleet(1), rules=rules).values())

    plan = make_plan(verdicts, lambda _: None, a_view(), (), NOW, "c", Mode.ENFORCE, "d")

    assert isinstance(verdicts[0], Idle)
    assert plan.actions == plan.upcoming == plan.blocked == ()
