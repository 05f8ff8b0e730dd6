"""Every kind of deployed model is told apart, and refusals get as many tests as removals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.core.documents import verdict_document
from guard.core.explain import headline
from guard.core.model import HourlyDedicated, HourlyPool, NotBilled, PerToken, UnknownBilling
from guard.core.names import scope_of
from guard.core.plan import Seen
from guard.core.reasons import KeepReason, RemoveReason
from guard.core.removal import ActState
from guard.core.rules import Fixed, Match, Never, Probes, StageRule
from guard.core.verdict import Idle, Keep, Stage, Undecided
from guard.core.wording import reason_words
from tests.builders import (
    DAY,
    L4,
    N1,
    NOW,
    PARENT,
    PROJECT_ID,
    TEAM,
    a_deployed_model,
    a_fixed_policy,
    a_job,
    a_keep,
    a_policy,
    a_price_book,
    a_registry_model,
    a_snapshot,
    a_usage,
    a_view,
    an_act,
    an_endpoint,
    endpoint_name,
    h,
    hourly_rows,
    judged,
    some_rules,
    stages,
    the_verdict,
)

DEPLOYED = f"{endpoint_name()}/deployedModels/7"


def with_model(**changes: Any) -> Any:
    return a_snapshot(an_endpoint(deployed=[a_deployed_model(**changes)]))


def test_silent_for_longer_than_its_wait_is_idle() -> None:
    verdict = the_verdict(a_snapshot(an_endpoint()))

    assert isinstance(verdict, Idle)
    assert verdict.reason is RemoveReason.IDLE
    assert verdict.stage is Stage.UNDEPLOY
    assert verdict.subject.owner == "ops"
    assert verdict.evidence["silent_hours"] == 960
    assert verdict.evidence["policy_line"] == "guard.yaml:12"


def test_people_are_told_before_the_wait_ends() -> None:
    """Wait 91.2 h, notice 2 h: idle from 89.2 h on, due at the end."""
    early = the_verdict(a_snapshot(an_endpoint()), a_usage(calls={89: 1}))
    ahead = the_verdict(a_snapshot(an_endpoint()), a_usage(calls={90: 1}))

    assert isinstance(early, Keep)
    assert early.reason is KeepReason.WAITING
    assert isinstance(ahead, Idle)
    assert ahead.due_at > NOW
    assert early.would_go_at == ahead.due_at + h(1)


def test_used_within_two_hours_is_in_use() -> None:
    assert the_verdict(a_snapshot(an_endpoint()), a_usage(calls={0: 1})).reason is KeepReason.IN_USE


def test_a_project_that_is_not_enrolled_is_left_alone() -> None:
    from guard.core.judge import judge

    (verdict,) = judge(a_snapshot(an_endpoint()), {}, lambda _: None, a_price_book(), a_view(), NOW)

    assert verdict.reason is KeepReason.NOT_ENROLLED


def test_a_scope_that_was_not_listed_whole_keeps_everything_in_it() -> None:
    snapshot = a_snapshot(an_endpoint(1), failed=[scope_of(endpoint_name())])

    verdict = the_verdict(snapshot)

    assert isinstance(verdict, Undecided)
    assert verdict.reason is KeepReason.LISTING_FAILED


@pytest.mark.parametrize("on", [DEPLOYED, endpoint_name(), PARENT, "projects/1234"])
def test_a_persons_keep_holds_for_what_it_names_and_what_is_in_it(on: str) -> None:
    verdict = the_verdict(a_snapshot(an_endpoint()), view=a_view(keeps=(a_keep(on),)))

    assert verdict.reason is KeepReason.KEPT_BY_PERSON
    assert verdict.evidence["who"] == "mia@example.com"
    assert verdict.evidence["why"] == "demo on Friday"


def test_a_keep_that_is_over_or_ended_or_elsewhere_holds_nothing() -> None:
    keeps = (
        a_keep(DEPLOYED, until=NOW),
        a_keep(DEPLOYED, ended_at=NOW - DAY),
        a_keep(endpoint_name(2)),
        a_keep(f"{endpoint_name()}0"),
    )

    assert isinstance(the_verdict(a_snapshot(an_endpoint()), view=a_view(keeps=keeps)), Idle)


def test_labels_on_the_endpoint_or_on_the_model_keep() -> None:
    on_endpoint = a_snapshot(an_endpoint(labels={"tuneguard-keep-until": "2026-12-01"}))
    on_model = a_snapshot(an_endpoint(), models=[a_registry_model(labels={"tuneguard-keep": "true"})])
    misspelt = a_snapshot(an_endpoint(labels={"tunegaurd-keep": "true"}))

    assert the_verdict(on_endpoint).reason is KeepReason.KEPT_BY_LABEL
    assert the_verdict(on_model).reason is KeepReason.KEPT_BY_LABEL
    assert the_verdict(misspelt).reason is KeepReason.LABEL_NOT_UNDERSTOOD


def test_a_managed_shell_lets_its_deployed_model_go() -> None:
    assert isinstance(the_verdict(a_snapshot(an_endpoint(labels={"managed-by": "pulumi"}))), Idle)


def test_what_the_guard_runs_on_stays() -> None:
    rules = some_rules(guard_resources=(endpoint_name(),))

    assert the_verdict(a_snapshot(an_endpoint()), rules=rules).reason is KeepReason.GUARD_ITSELF


@pytest.mark.parametrize(
    ("billing", "reason"),
    [
        (PerToken(), KeepReason.PER_TOKEN),
        (NotBilled(why="free"), KeepReason.NOT_BILLED),
        (UnknownBilling(why="no resources"), KeepReason.BILLING_UNKNOWN),
        (HourlyPool(pool=f"{PARENT}/deploymentResourcePools/elsewhere"), KeepReason.BILLING_UNKNOWN),
    ],
)
def test_what_does_not_bill_by_the_hour_is_never_idle(billing: Any, reason: KeepReason) -> None:
    verdict = the_verdict(with_model(billing=billing))

    assert verdict.reason is reason
    assert isinstance(verdict, Undecided) == reason.is_unknown
    assert not verdict.subject.billed


def test_a_tuned_geminis_checkpoint_is_known_as_its_jobs_leftover() -> None:
    job = a_job(
        endpoints=(endpoint_name(1), endpoint_name(2)), final_endpoint=endpoint_name(2), submitter="mia@example.com"
    )
    snapshot = a_snapshot(an_endpoint(deployed=[a_deployed_model(billing=PerToken(), checkpoint_id="3")]), jobs=[job])

    verdict = the_verdict(snapshot)

    assert verdict.reason is KeepReason.PER_TOKEN
    assert verdict.evidence["leftover"] is True
    assert verdict.evidence["tuning_job"] == job.name
    assert verdict.subject.owner == "mia@example.com"


def test_scaled_to_zero_costs_nothing_and_stays() -> None:
    billing = HourlyDedicated(machine=L4, min_replicas=0, max_replicas=1, scales_to_zero=True)

    verdict = the_verdict(with_model(billing=billing, available_replicas=0))

    assert verdict.reason is KeepReason.SCALED_TO_ZERO
    assert not verdict.subject.billed
    assert verdict.subject.rate is None


def test_an_unknown_age_keeps() -> None:
    assert the_verdict(with_model(created_at=None)).reason is KeepReason.AGE_UNKNOWN


def test_a_deployment_in_progress_stays() -> None:
    rows = a_usage(since=NOW - h(2), dead=range(5))

    verdict = the_verdict(with_model(created_at=NOW - h(2), available_replicas=0), rows)

    assert verdict.reason is KeepReason.DEPLOYING


def test_a_deployment_that_never_came_up_is_unknown_not_deploying() -> None:
    verdict = the_verdict(
        with_model(created_at=NOW - h(30), available_replicas=0), a_usage(since=NOW - h(30), dead=range(40))
    )

    assert verdict.reason is KeepReason.NOT_LIVE


def test_younger_than_its_grace_stays() -> None:
    policy = a_fixed_policy(h(0), grace=h(24))

    assert the_verdict(with_model(created_at=NOW - h(23)), None, policy).reason is KeepReason.YOUNG
    assert isinstance(the_verdict(with_model(created_at=NOW - h(24)), None, policy), Idle)


def test_restored_within_its_grace_stays_and_then_waits_twice_as_long() -> None:
    policy = a_policy(grace=h(24))
    generation = "2026-10-15T12:00:00+00:00/7"
    seen = Seen(
        name=DEPLOYED, kind="deployed_model", generation=generation, first_seen_at=NOW, last_seen_at=NOW, digest="d",
        restored_at=NOW - h(3), wait_factor=2,
    )  # fmt: skip
    fresh = the_verdict(a_snapshot(an_endpoint()), None, policy, view=a_view(seen={DEPLOYED: seen}))
    later = replace(seen, restored_at=NOW - h(100))
    old = the_verdict(a_snapshot(an_endpoint()), a_usage(calls={100: 1}), policy, view=a_view(seen={DEPLOYED: later}))

    assert fresh.reason is KeepReason.RESTORED_RECENTLY
    assert old.reason is KeepReason.WAITING
    assert old.wait is not None
    assert "times 2 since it was restored" in old.wait.because


def test_what_a_restore_has_just_made_is_told_as_restored() -> None:
    """The look that verifies a restore sees the thing before the ledger knows that it was restored."""
    policy = a_policy(grace=h(24))
    restore = an_act(DEPLOYED, stage=Stage.RESTORE, state=ActState.STARTED, intended_at=NOW - h(2))
    back = with_model(created_at=NOW - h(1))

    assert the_verdict(back, None, policy, view=a_view(acts=(restore,))).reason is KeepReason.RESTORED_RECENTLY
    earlier = replace(restore, intended_at=NOW)
    assert the_verdict(back, None, policy, view=a_view(acts=(earlier,))).reason is KeepReason.YOUNG
    elsewhere = replace(
        restore, key=replace(restore.key, subject="projects/1/locations/x/endpoints/9/deployedModels/9")
    )
    assert the_verdict(back, None, policy, view=a_view(acts=(elsewhere,))).reason is KeepReason.YOUNG


def test_late_metrics_are_told_apart_from_none_at_all() -> None:
    late = verdict_document(the_verdict(a_snapshot(an_endpoint()), a_usage(dead=range(6))))
    never = verdict_document(the_verdict(a_snapshot(an_endpoint()), a_usage(dead=range(960))))

    assert late["reason"] == never["reason"] == "not_live"
    assert "no replicas for it since 2026-11-24 06:00 UTC (its metrics are late, or stopped)" in headline(late)
    assert "has never shown replicas for it" in headline(never)
    assert (reason_words(late), reason_words(never)) == ("metrics late", "never live")


def test_no_policy_no_removal() -> None:
    policy = a_policy(match=Match(labels={"env": "dev"}))

    assert the_verdict(a_snapshot(an_endpoint()), None, policy).reason is KeepReason.NO_POLICY


def test_never_and_no_figures_never_end() -> None:
    assert the_verdict(a_snapshot(an_endpoint()), None, a_policy(wait=Never())).reason is KeepReason.NEVER
    assert the_verdict(a_snapshot(an_endpoint()), None, a_policy(if_wrong=None)).reason is KeepReason.NEVER


def test_an_unknown_price_has_no_break_even_wait() -> None:
    verdict = the_verdict(with_model(machine=replace(N1, machine_type="z9-big-1")))

    assert isinstance(verdict, Undecided)
    assert verdict.reason is KeepReason.PRICE_UNKNOWN
    assert verdict.subject.rate is None
    assert verdict.subject.billed
    assert "no price" in verdict.subject.rate_note


def test_an_unknown_price_with_a_fixed_wait_may_go_and_says_that_it_is_unknown() -> None:
    verdict = the_verdict(with_model(machine=replace(N1, machine_type="z9-big-1")), None, a_fixed_policy(h(24)))

    assert isinstance(verdict, Idle)
    assert verdict.subject.rate is None
    assert "no price" in verdict.evidence["price"]


def test_a_price_in_another_currency_than_if_wrong_never_ends() -> None:
    rules = some_rules(price_overrides={"n1-standard-4": "0.20 EUR"})

    verdict = the_verdict(a_snapshot(an_endpoint()), rules=rules)

    assert verdict.reason is KeepReason.NEVER
    assert verdict.subject.rate is not None
    assert verdict.subject.rate.per_hour.currency == "EUR"


@pytest.mark.parametrize(
    ("flaws", "reason"),
    [
        ({"holes": range(960)}, KeepReason.METRICS_MISSING),
        ({"holes": range(6)}, KeepReason.METRICS_STALE),
        ({"dead": range(960)}, KeepReason.NOT_LIVE),
        ({"blind": range(960)}, KeepReason.WITNESS_MISSING),
        ({"busy": range(6)}, KeepReason.WITNESS_DISAGREES),
        ({"busy": [50]}, KeepReason.WITNESS_DISAGREES),
    ],
)
def test_what_is_not_proved_is_kept_and_says_what_is_missing(flaws: dict[str, Any], reason: KeepReason) -> None:
    verdict = the_verdict(a_snapshot(an_endpoint()), a_usage(**flaws))

    assert isinstance(verdict, Undecided)
    assert verdict.reason is reason


def test_no_record_at_all_is_unknown() -> None:
    from guard.core.judge import judge

    (verdict,) = judge(a_snapshot(an_endpoint()), {}, lambda _: some_rules(), a_price_book(), a_view(), NOW)

    assert verdict.reason is KeepReason.METRICS_MISSING


def test_silent_again_for_a_whole_wait_after_a_disagreement_is_idle() -> None:
    assert isinstance(the_verdict(a_snapshot(an_endpoint()), a_usage(busy=[200])), Idle)


def test_a_hole_makes_the_wait_longer_and_no_more() -> None:
    whole = the_verdict(a_snapshot(an_endpoint()), a_usage(calls={95: 1}))
    holed = the_verdict(a_snapshot(an_endpoint()), a_usage(calls={95: 1}, holes=range(10, 20)))

    assert isinstance(whole, Idle)
    assert isinstance(holed, Keep)
    assert holed.reason is KeepReason.WAITING
    assert holed.would_go_at == whole.due_at + h(10)


def test_only_declared_probes_are_no_use() -> None:
    policy = a_policy(probes=Probes(count=1, every=h(1) / 12))
    calls = dict.fromkeys(range(960), 12)

    only = the_verdict(a_snapshot(an_endpoint()), a_usage(calls=calls), policy)
    real = the_verdict(a_snapshot(an_endpoint()), a_usage(calls=calls | {40: 13}), policy)
    undeclared = the_verdict(a_snapshot(an_endpoint()), a_usage(calls=calls))

    assert only.reason is RemoveReason.ONLY_PROBES
    assert real.reason is KeepReason.WAITING
    assert undeclared.reason is KeepReason.IN_USE


def test_only_failing_calls_are_use_unless_the_policy_says_otherwise() -> None:
    calls = dict.fromkeys(range(300), 4)
    usage = a_usage(calls=calls, failed=calls)

    default = the_verdict(a_snapshot(an_endpoint()), usage)
    opted = the_verdict(a_snapshot(an_endpoint()), usage, a_policy(failing_counts_as_use=False))

    assert default.reason is KeepReason.IN_USE
    assert default.evidence["every_call_failed"] is True
    assert opted.reason is RemoveReason.ONLY_FAILING


def test_without_the_opt_in_it_is_reported_and_stays() -> None:
    verdict = the_verdict(a_snapshot(an_endpoint()), None, a_policy(stages=()))

    assert isinstance(verdict, Keep)
    assert verdict.reason is KeepReason.STAGE_NOT_OPTED_IN
    assert verdict.would_go_at is None


def test_a_stage_has_a_wait_and_a_notice_of_its_own() -> None:
    stage = StageRule(stage=Stage.UNDEPLOY, wait=Fixed(h(50)), notify_before=h(10))

    verdict = the_verdict(a_snapshot(an_endpoint()), a_usage(calls={40: 1}), a_policy(stages=(stage,)))

    assert isinstance(verdict, Idle)
    assert verdict.due_at == NOW + h(10)
    assert verdict.wait.notice == h(10)


def test_the_measured_redeploy_time_counts() -> None:
    policy = a_policy(if_wrong=replace(TEAM, redeploy=None))

    verdict = the_verdict(a_snapshot(an_endpoint()), None, policy, measured_redeploy={DEPLOYED: h(1)})

    assert verdict.wait is not None
    assert verdict.wait.sum["redeploy_minutes"] == 60


def test_the_rate_counts_measured_replicas() -> None:
    from guard.core.usage import pack

    verdict = the_verdict(a_snapshot(an_endpoint()), pack(hourly_rows(replicas=3.0)))

    assert verdict.subject.rate is not None
    assert str(verdict.subject.rate.per_hour) == "$0.66"


def test_scale_to_zero_is_suggested_where_asked_for_and_possible() -> None:
    policy = a_policy(stages=stages(Stage.UNDEPLOY, Stage.SCALE_TO_ZERO))
    dedicated = replace(an_endpoint(), dedicated=True)

    assert the_verdict(a_snapshot(dedicated), None, policy).evidence["suggestion"] == "scale_to_zero"
    assert "suggestion" not in the_verdict(a_snapshot(an_endpoint()), None, policy).evidence
    assert "suggestion" not in the_verdict(a_snapshot(dedicated)).evidence


def test_the_owner_is_label_then_run_then_creator_then_fallback() -> None:
    job = a_job(endpoints=(endpoint_name(),), submitter="run@example.com")
    creators = {DEPLOYED: "creator@example.com"}

    def owner(labels: dict[str, str], jobs: list[Any], made_by: dict[str, str]) -> tuple[str | None, str]:
        subject = the_verdict(a_snapshot(an_endpoint(labels=labels), jobs=jobs, creators=made_by)).subject
        return subject.owner, subject.owner_source

    assert owner({"owner": "mia"}, [job], creators) == ("mia", "label owner")
    assert owner({}, [job], creators) == ("run@example.com", "tuning run")
    assert owner({}, [], creators) == ("creator@example.com", "audit log")
    assert owner({}, [], {}) == ("ops", "fallback")


def test_a_fleet_keeps_apart_what_has_the_same_policy() -> None:
    snapshot = a_snapshot(an_endpoint(1), an_endpoint(2))
    busy = f"{endpoint_name(2)}/deployedModels/7"

    verdicts = judged(snapshot, {busy: a_usage(calls={0: 9})})

    assert isinstance(verdicts[f"{endpoint_name(1)}/deployedModels/7"], Idle)
    assert verdicts[busy].reason is KeepReason.IN_USE
    assert verdicts[busy].subject.project_id == PROJECT_ID
