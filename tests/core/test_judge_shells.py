"""Empty endpoints and registry models cost nothing: they go only where a policy asks for it, and never behind a tool's back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from guard.core.model import JobState
from guard.core.plan import LedgerView, Seen
from guard.core.reasons import KeepReason, RemoveReason
from guard.core.rules import BreakEven, Fixed, Policy, StageRule
from guard.core.verdict import Idle, Keep, Stage, Verdict
from tests.builders import (
    DAY,
    LONG_AGO,
    NOW,
    PARENT,
    a_fixed_policy,
    a_job,
    a_keep,
    a_policy,
    a_registry_model,
    a_snapshot,
    a_view,
    an_endpoint,
    endpoint_name,
    h,
    judged,
    some_rules,
    stages,
)

SHELL = endpoint_name()
MODEL = f"{PARENT}/models/m1"
DELETES = a_fixed_policy(DAY * 7, stages=stages(Stage.DELETE_ENDPOINT, Stage.DELETE_MODEL), notify_before=DAY)


def remembered(name: str, generation: str, *, empty_since: datetime | None, **changes: Any) -> LedgerView:
    seen = Seen(
        name=name, kind="endpoint", generation=generation, first_seen_at=LONG_AGO, last_seen_at=NOW, digest="d",
        empty_since=empty_since, **changes,
    )  # fmt: skip
    return a_view(seen={name: seen})


def the_shell(
    policy: Policy = DELETES,
    *,
    empty_since: datetime | None = NOW - DAY * 8,
    labels: dict[str, str] | None = None,
    **kwargs: Any,
) -> Verdict:
    view = kwargs.pop("view", None) or remembered(SHELL, LONG_AGO.isoformat(), empty_since=empty_since)
    jobs = kwargs.pop("jobs", ())
    return judged(a_snapshot(an_endpoint(deployed=(), labels=labels), jobs=jobs), {}, policy, view=view, **kwargs)[
        SHELL
    ]


def the_model(policy: Policy = DELETES, view: LedgerView | None = None, **changes: Any) -> Verdict:
    view = view or remembered(MODEL, f"{LONG_AGO.isoformat()}@1", empty_since=NOW - DAY * 8)
    jobs = changes.pop("jobs", ())
    endpoints = changes.pop("endpoints", ())
    return judged(a_snapshot(*endpoints, models=[a_registry_model(**changes)], jobs=jobs), {}, policy, view=view)[MODEL]


def test_an_endpoint_empty_for_longer_than_its_wait_may_go() -> None:
    verdict = the_shell()

    assert isinstance(verdict, Idle)
    assert verdict.reason is RemoveReason.ENDPOINT_EMPTY
    assert verdict.stage is Stage.DELETE_ENDPOINT
    assert verdict.due_at == NOW - DAY
    assert verdict.subject.rate is None
    assert not verdict.subject.billed


def test_emptiness_counts_from_when_it_was_first_seen_empty() -> None:
    assert the_shell(empty_since=NOW - DAY * 3).reason is KeepReason.WAITING
    assert the_shell(empty_since=None).reason is KeepReason.WAITING
    assert isinstance(the_shell(empty_since=NOW - DAY * 6), Idle)  # the notice of a day runs inside the wait


def test_another_endpoint_under_the_same_name_starts_afresh() -> None:
    view = remembered(SHELL, "another", empty_since=NOW - DAY * 30)

    assert the_shell(view=view).reason is KeepReason.WAITING


def test_housekeeping_is_off_by_default() -> None:
    assert the_shell(a_policy()).reason is KeepReason.NOT_BILLED
    assert the_model(a_policy()).reason is KeepReason.NOT_BILLED


def test_break_even_never_ends_for_what_costs_nothing() -> None:
    policy = a_policy(stages=stages(Stage.DELETE_ENDPOINT), wait=BreakEven())

    assert the_shell(policy).reason is KeepReason.NEVER


@pytest.mark.parametrize("labels", [{"managed-by": "pulumi"}, {"goog-terraform-provisioned": "true"}])
def test_a_managed_shell_stays_for_good(labels: dict[str, str]) -> None:
    assert the_shell(labels=labels).reason is KeepReason.MANAGED_BY_IAC


def test_a_mark_once_seen_keeps_the_shell_after_it_vanished() -> None:
    """Also where it was seen on a deployed model's row, which carries its endpoint's labels."""
    own = remembered(SHELL, LONG_AGO.isoformat(), empty_since=NOW - DAY * 30, iac_marked=True)
    deployed = f"{SHELL}/deployedModels/7"
    before = remembered(deployed, "g", empty_since=None, iac_marked=True)

    assert the_shell(view=own).reason is KeepReason.MANAGED_BY_IAC
    assert the_shell(view=before).reason is KeepReason.MANAGED_BY_IAC


def test_a_live_recipe_keeps_the_shell_and_the_model_that_it_names() -> None:
    view = a_view(live_recipes=(SHELL, MODEL))

    assert the_shell(view=view).reason is KeepReason.RECIPE_LIVE
    assert the_model(view=view).reason is KeepReason.RECIPE_LIVE


def test_people_and_labels_keep_shells_and_models() -> None:
    assert the_shell(view=a_view(keeps=(a_keep(SHELL),))).reason is KeepReason.KEPT_BY_PERSON
    assert the_shell(labels={"tuneguard-keep": "true"}).reason is KeepReason.KEPT_BY_LABEL
    assert the_model(labels={"tunegaurd": "x"}).reason is KeepReason.LABEL_NOT_UNDERSTOOD


def test_a_tuning_jobs_empty_checkpoint_endpoint_is_housekeeping() -> None:
    job = a_job(state=JobState.SUCCEEDED, endpoints=(SHELL, endpoint_name(2)), final_endpoint=endpoint_name(2))
    opted = some_rules(DELETES, housekeeping=True)

    assert the_shell(jobs=[job]).reason is KeepReason.NOT_BILLED
    assert the_shell(jobs=[job], rules=opted).reason is RemoveReason.TUNING_LEFTOVER


def test_an_endpoint_of_a_running_job_stays() -> None:
    assert the_shell(jobs=[a_job(endpoints=(SHELL,))]).reason is KeepReason.JOB_RUNNING


def test_a_model_that_is_deployed_nowhere_for_long_may_go() -> None:
    verdict = the_model()

    assert isinstance(verdict, Idle)
    assert verdict.reason is RemoveReason.MODEL_UNUSED
    assert verdict.evidence["has_artifacts"] is True
    assert verdict.evidence["accepted_by"] is None


def test_who_accepts_the_loss_is_in_the_evidence() -> None:
    stage = StageRule(stage=Stage.DELETE_MODEL, wait=Fixed(DAY), accepted_by="mia@example.com")

    assert the_model(a_policy(stages=(stage,))).evidence["accepted_by"] == "mia@example.com"


def test_a_deployed_model_stays_whichever_side_says_so() -> None:
    assert the_model(deployed_at=(SHELL,)).reason is KeepReason.DEPLOYED
    verdict = the_model(endpoints=[an_endpoint()])
    assert isinstance(verdict, Keep)
    assert verdict.reason is KeepReason.DEPLOYED
    assert verdict.evidence["deployed_at"] == [SHELL]


def test_the_base_of_a_running_tuning_job_stays() -> None:
    assert the_model(jobs=[a_job(base_model=f"{MODEL}@2")]).reason is KeepReason.JOB_RUNNING
    assert isinstance(the_model(jobs=[a_job(base_model=MODEL, state=JobState.FAILED)]), Idle)


def test_young_shells_stay() -> None:
    policy = a_fixed_policy(h(0), stages=stages(Stage.DELETE_ENDPOINT), grace=DAY)
    name = endpoint_name()
    young = an_endpoint(deployed=(), created_at=NOW - h(5))

    assert judged(a_snapshot(young), {}, policy)[name].reason is KeepReason.YOUNG
    assert (
        judged(a_snapshot(an_endpoint(deployed=(), created_at=None)), {}, policy)[name].reason is KeepReason.AGE_UNKNOWN
    )


def test_no_policy_keeps_shells_and_models() -> None:
    from guard.core.rules import Match

    nobody = a_policy(match=Match(names=("nobody",)))

    assert the_shell(nobody).reason is KeepReason.NO_POLICY
    assert the_model(nobody).reason is KeepReason.NO_POLICY
