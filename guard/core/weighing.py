"""Silence against wait: the last step of every verdict on what bills by the hour. Pure."""

from __future__ import annotations

from guard.core.idle import Silence, silence
from guard.core.labels import TUNING_RUN
from guard.core.model import Machine
from guard.core.prices import Priced
from guard.core.reasons import KeepReason
from guard.core.rules import BreakEven, Fixed, Learned, Never, Policy, Rules
from guard.core.sight import Sight
from guard.core.units import Maybe, Unknown, hour_number, hour_text
from guard.core.usage import Usage
from guard.core.verdict import Evidence, Idle, Keep, Stage, Subject, Undecided, Verdict, Wait


def judge_silence(
    sight: Sight,
    subject: Subject,
    rules: Rules,
    policy: Policy,
    usage: Usage | None,
    machine: Machine,
    price: Maybe[Priced] | None,
    facts: dict[str, object],
) -> Verdict:
    """Weigh the silence of something that bills by the hour against its wait."""
    assert subject.created_at is not None  # noqa: S101  # too_young() has kept what has no age
    quiet = silence(
        usage,
        subject.created_at,
        now_hour=sight.now_hour,
        settled=sight.settled(rules),
        probes=policy.probes,
        failing_is_use=policy.failing_counts_as_use,
    )
    stage = policy.stage(Stage.UNDEPLOY)
    rule = stage.wait if stage is not None and stage.wait is not None else policy.wait
    notice = stage.notify_before if stage is not None and stage.notify_before is not None else policy.notify_before
    wait = sight.wait(subject, rules, policy, rule, notice, machine, price, quiet.counted_from_hour)
    evidence = _evidence(sight, quiet, wait, usage, policy, subject, facts)
    if wait.length is None:
        return _never(subject, rule, policy, price, evidence, wait, quiet)
    return weigh(subject, policy, quiet, wait, evidence, opted_in=stage is not None)


def weigh(
    subject: Subject, policy: Policy, quiet: Silence, wait: Wait, evidence: Evidence, *, opted_in: bool
) -> Verdict:
    """Compare a silence with a wait that ends; the last step of every verdict on what bills by the hour."""
    assert wait.length is not None  # noqa: S101  # the caller has looked
    silent_for = quiet.length
    due_at = quiet.ends_at(wait.length)
    if silent_for >= wait.length - wait.notice and quiet.why_not is None and not quiet.used_lately:
        if opted_in:
            return Idle(
                subject=subject,
                reason=quiet.kind,
                stage=Stage.UNDEPLOY,
                policy=policy.name,
                evidence=evidence,
                wait=wait,
                silent_for=silent_for,
                last_used_at=quiet.last_used_at,
                due_at=due_at,
            )
        reason = KeepReason.STAGE_NOT_OPTED_IN
    elif quiet.used_lately:
        reason = KeepReason.IN_USE
    elif quiet.why_not is not None or quiet.disagreed:
        return Undecided(
            subject=subject,
            reason=quiet.why_not or KeepReason.WITNESS_DISAGREES,
            policy=policy.name,
            evidence=evidence,
            wait=wait,
            silent_for=silent_for,
            last_used_at=quiet.last_used_at,
        )
    else:
        reason = KeepReason.WAITING
    return Keep(
        subject=subject,
        reason=reason,
        policy=policy.name,
        evidence=evidence,
        wait=wait,
        silent_for=silent_for,
        last_used_at=quiet.last_used_at,
        would_go_at=due_at if opted_in else None,
    )


def _never(
    subject: Subject,
    rule: Never | Fixed | BreakEven | Learned,
    policy: Policy,
    price: Maybe[Priced] | None,
    evidence: Evidence,
    wait: Wait,
    quiet: Silence,
) -> Verdict:
    """No wait ends: because the policy says so, or because the price is not known."""
    silent, used = quiet.length, quiet.last_used_at
    unpriced = isinstance(price, Unknown) and isinstance(rule, BreakEven | Learned) and policy.if_wrong is not None
    if unpriced and not quiet.used_lately:
        return Undecided(
            subject=subject,
            reason=KeepReason.PRICE_UNKNOWN,
            policy=policy.name,
            evidence=evidence,
            wait=wait,
            silent_for=silent,
            last_used_at=used,
        )
    return Keep(
        subject=subject,
        reason=KeepReason.IN_USE if unpriced else KeepReason.NEVER,
        policy=policy.name,
        evidence=evidence,
        wait=wait,
        silent_for=silent,
        last_used_at=used,
    )


def _evidence(
    sight: Sight,
    quiet: Silence,
    wait: Wait,
    usage: Usage | None,
    policy: Policy,
    subject: Subject,
    facts: dict[str, object],
) -> dict[str, object]:
    last, proven = quiet.last_used_hour, quiet.proven_until_hour
    found = facts  # made for this verdict alone
    found["silent_hours"] = quiet.hours
    found["counted_from"] = hour_text(quiet.counted_from_hour)
    found["last_used_at"] = None if last is None else hour_text(last)
    found["proven_until"] = None if proven is None else hour_text(proven)
    found["holes_hours"] = quiet.holes
    found["last_used_hour"] = quiet.last_call_hour
    found["wait_hours"] = wait.sum.get("wait_hours")
    found["policy_line"] = sight.line_of(policy)
    found["price"] = subject.rate_note
    if TUNING_RUN in subject.labels:
        found["tuning_run"] = subject.labels[TUNING_RUN]
    if usage is not None and usage.replicas is not None:
        found["replicas"] = usage.replicas
    if quiet.why_not is KeepReason.NOT_LIVE and usage is not None and subject.created_at is not None:
        live_until = usage.origin + usage.live.bit_length()
        found["live_until"] = hour_text(live_until) if live_until > hour_number(subject.created_at) else None
    if quiet.disagreed or quiet.why_not is KeepReason.WITNESS_DISAGREES:
        found["busy_without_requests"] = True
    if quiet.last_call_hour != last and quiet.last_call_hour is not None:
        found["last_call_at"] = hour_text(quiet.last_call_hour)
    if usage is not None and usage.used and not usage.answered:
        found["every_call_failed"] = True
    return found
