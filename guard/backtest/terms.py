"""Under which terms guard.yaml judges each thing of a history: its rate, its redeploy time, the cost of being wrong, the rule.

Made from the documents of what was judged last (they outlive the things) and from the policies as they stand now, by the core's own
sum, so that a backtest and the guard mean the same break-even wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from guard.backtest.practice import Practice
from guard.core.groups import together
from guard.core.model import Kind, Machine
from guard.core.policy import Matcher
from guard.core.rules import BreakEven, IfWrong, Never, Policy, Rules, WaitRule
from guard.core.sight import RulesOf
from guard.core.units import Money, Rate
from guard.core.usage import Usage
from guard.core.verdict import Stage, Subject
from guard.core.wait import BUCKET, wait_for

MEASURED = "measured on its own deploys"
"""What core.redeploy says of a redeploy time that was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One thing's terms. `ratio` is its break-even wait and `rate` an hour of its machines, in `currency`."""

    policy: Policy
    rule: WaitRule
    ratio: timedelta
    rate: Decimal
    currency: str
    project: str
    practice: Practice
    rules: Rules
    machine: Machine | None
    measured: timedelta | None

    def under(self, if_wrong: IfWrong) -> Terms | None:
        """Return the terms if a wrong removal cost what `if_wrong` says; None where the currencies differ."""
        ratio = _break_even(self.rules, if_wrong, Rate.of(self.rate, self.currency), self.machine, self.measured)
        return replace(self, ratio=ratio) if isinstance(ratio, timedelta) else None


def terms_of(
    documents: Mapping[str, Mapping[str, Any]],
    rules_of: RulesOf,
    *,
    every: timedelta = timedelta(0),
    machines: Mapping[str, Machine] | None = None,
) -> tuple[dict[str, Terms], dict[str, str]]:
    """Return the terms of everything that bills by the hour, by name, and why the others have none.

    Args:
        documents: The last verdict document of each thing.
        rules_of: Project id -> rules in force.
        every: The daemon's interval between looks.
        machines: Hardware by name, for the default redeploy time; a thing that is not in it is taken for a plain machine.
    """
    found: dict[str, Terms] = {}
    without: dict[str, str] = {}
    matchers: dict[int, Matcher] = {}
    for name, document in documents.items():
        if not document.get("billed") or document.get("kind") not in {Kind.DEPLOYED_MODEL, Kind.POOL}:
            continue
        rules = rules_of(str(document.get("project", "")))
        if rules is None:
            without[name] = "its project is not enrolled (any more)"
            continue
        policy = _of_its_sharers(document, rules)
        policy = policy or matchers.setdefault(id(rules), Matcher(rules.policies)).find(_subject(document))
        if policy is None:
            without[name] = "no policy matches it"
            continue
        made = _terms(document, rules, policy, every, (machines or {}).get(name))
        if isinstance(made, str):
            without[name] = made
        else:
            found[name] = made
    return found, without


def histories(
    usages: Mapping[str, Usage], documents: Mapping[str, Mapping[str, Any]], names: Iterable[str]
) -> dict[str, Usage]:
    """Return the records of these things; a pool's is that of its sharers together: a call to one is a call, and an hour counts
    as watched only where it was for every one of them.
    """
    found = {}
    for name in names:
        joined = together(usages, name, documents[name].get("members", ()))
        if joined is not None:
            found[name] = joined
    return found


def _of_its_sharers(document: Mapping[str, Any], rules: Rules) -> Policy | None:
    """The policy that decided about a pool, as far as there still is one of that name: its sharers' labels chose it."""
    if document["kind"] != Kind.POOL:
        return None
    return next((policy for policy in rules.policies if policy.name == document.get("policy")), None)


def _terms(
    document: Mapping[str, Any], rules: Rules, policy: Policy, every: timedelta, machine: Machine | None
) -> Terms | str:
    if policy.if_wrong is None:
        return f"policy {policy.name} does not say what a wrong removal costs (if_wrong)"
    price = document.get("rate")
    if not price:
        return "what an hour of it costs is not known"
    rate = Rate.of(str(price["amount"]), str(price["currency"]))
    figures = (document.get("wait") or {}).get("sum") or {}
    measured = (
        timedelta(minutes=float(figures["redeploy_minutes"])) if figures.get("redeploy_source") == MEASURED else None
    )
    ratio = _break_even(rules, policy.if_wrong, rate, machine, measured)
    if isinstance(ratio, str):
        return ratio
    stage = policy.stage(Stage.UNDEPLOY)
    rule = stage.wait if stage is not None and stage.wait is not None else policy.wait
    notice = stage.notify_before if stage is not None and stage.notify_before is not None else policy.notify_before
    floor = rules.metric_lag + rules.longest_request + BUCKET + policy.if_wrong.floor
    return Terms(
        policy=policy,
        rule=rule,
        ratio=ratio,
        rate=rate.per_hour.amount,
        currency=rate.per_hour.currency,
        project=str(document.get("project", "")),
        practice=Practice(
            floor=floor.total_seconds(),
            notice=notice.total_seconds(),
            look=every.total_seconds(),
            window=policy.act_during,
            group=rules.digest,
            per_day=rules.limits.removals_per_day,
            per_project=rules.limits.removals_per_project_per_day,
        ),
        rules=rules,
        machine=machine,
        measured=measured,
    )


def _break_even(
    rules: Rules, if_wrong: IfWrong, rate: Rate, machine: Machine | None, measured: timedelta | None
) -> timedelta | str:
    """Return what the core's sum says, or why it says nothing."""
    wait = wait_for(
        rule=BreakEven(),
        if_wrong=if_wrong,
        rate=rate,
        machine=machine,
        measured_redeploy=measured,
        metric_lag=rules.metric_lag,
        longest_request=rules.longest_request,
    )
    if wait.length is None:
        return wait.because
    ratio = timedelta(hours=float(wait.sum["base_hours"]))
    return ratio if ratio > timedelta(0) else "a wrong removal costs nothing: there is nothing to weigh"


def _subject(document: Mapping[str, Any]) -> Subject:
    """As much of the subject as a policy can match."""
    created = document.get("created_at")
    return Subject(
        name=str(document["subject"]),
        kind=Kind(document["kind"]),
        project_id=str(document.get("project", "")),
        location=str(document.get("location", "")),
        display_name=str(document.get("display_name", "")),
        labels=dict(document.get("labels") or {}),
        generation=str(document.get("generation", "")),
        digest=str(document.get("digest", "")),
        created_at=datetime.fromisoformat(created) if created else None,
        billed=True,
        rate=None,
        machine=str(document.get("machine", "")),
        aliases=(str(document.get("endpoint_display_name", "")),),
    )


def classes_of(rules: Iterable[Rules]) -> dict[str, IfWrong]:
    """Return the classes of `if_wrong` that some policy uses, the cheapest first."""
    found = {
        policy.if_wrong.name: policy.if_wrong
        for group in rules
        for policy in group.policies
        if policy.if_wrong is not None
    }
    return dict(sorted(found.items(), key=lambda item: _dear(item[1])))


def _dear(if_wrong: IfWrong) -> tuple[str, Decimal, Decimal]:
    per_minute: Money = if_wrong.per_minute_down
    return per_minute.currency, per_minute.amount, if_wrong.fixed.amount


def never(terms: Terms) -> bool:
    """True where a person said that it stays, whatever the rule."""
    return isinstance(terms.rule, Never)
