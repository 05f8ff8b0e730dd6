"""From the validated file to core values, with the checks that need more than one field."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from guard.config import values
from guard.config.checks import Problem, cross_checks, stages_of
from guard.config.money_schema import BudgetMatch, BudgetRules, OpenAIRules
from guard.config.provider import PROVIDER, provider_rules
from guard.config.responses import response_of
from guard.config.schema import (
    BillingExportRules,
    GuardFile,
    IfWrongClass,
    MatchRules,
    PolicyRules,
)
from guard.config.token_map import TokenMap, read_map
from guard.core.access import DoorSettings
from guard.core.budget import Budget, Selector, Threshold
from guard.core.google_budget import GoogleRules
from guard.core.policy import never_matching
from guard.core.reporting import BillExport, ReportRule
from guard.core.rules import (
    BreakEven,
    Fixed,
    IfWrong,
    JobRule,
    Learned,
    Limits,
    Line,
    Match,
    Mode,
    Never,
    OwnerRules,
    OwnerSource,
    Policy,
    Probes,
    Rules,
    StageRule,
    WaitRule,
)
from guard.core.settings import Enrolment, Settings
from guard.core.tunes import TuneRules
from guard.core.verdict import Stage
from guard.ports.errors import ConfigInvalid

LineOf = Callable[[tuple[str | int, ...]], int]
"""Path of a field -> its line in the file."""


DEFAULT_NOTICE = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that guard.yaml and the environment say. `settings` decides; the rest is wiring."""

    settings: Settings
    notify: Mapping[str, str] = field(repr=False)  # may hold secrets
    ledger: str
    health_host: str
    health_port: int
    metric_things: int  # the dearest so many things have series of their own in /metrics
    warnings: tuple[str, ...] = ()
    web: DoorSettings = field(default_factory=DoorSettings)
    web_refusal: ConfigInvalid | None = None  # what the page, and only the page, still lacks


def build(
    file: GuardFile, *, source: str, line_of: LineOf, ledger: str, notify: Mapping[str, str]
) -> Config | list[Problem]:
    """Make core values, or return every problem that only shows when fields are read together."""
    problems = cross_checks(file)
    if problems:
        return problems
    try:
        tokens = _tokens(file, source)
    except ValueError as error:
        return [(("token_prices", "file"), str(error))]
    digest = _digest(file)
    classes = {name: _if_wrong(name, rules) for name, rules in file.if_wrong.items()}
    policies = tuple(
        _policy(rules, classes, Line(source, line_of(("policies", index)))) for index, rules in enumerate(file.policies)
    )
    default = Rules(
        mode=Mode(file.mode),
        policies=policies,
        limits=Limits(**file.limits.model_dump()),
        owners=OwnerRules(sources=tuple(_source(text) for text in file.owners.sources), fallback=file.owners.fallback),
        digest=digest,
        housekeeping=file.housekeeping,
        guard_resources=tuple(file.guard_runs_on),
        metric_lag=file.metric_lag,
        longest_request=file.longest_request,
        savings_horizon=file.savings_horizon,
        price_overrides=dict(file.prices),
        price_rows=tokens.rows,
        last_days=tokens.last_days,
    )
    groups: dict[str, Rules] = {}
    group_of: dict[str, str] = {}
    for name, environment in file.environments.items():
        own = classes | {key: _if_wrong(key, rules) for key, rules in environment.if_wrong.items()}
        groups[name] = replace(
            default,
            mode=Mode(environment.mode or file.mode),
            owners=replace(default.owners, fallback=environment.fallback or default.owners.fallback),
            policies=tuple(
                _policy(rules, own, Line(source, line_of(("policies", index))))
                for index, rules in enumerate(file.policies)
            ),
        )
        group_of |= dict.fromkeys(environment.projects, name)
    if file.openai is not None:
        provider = file.openai.name
        groups[PROVIDER + provider] = provider_rules(default, file.openai, Line(source, line_of(("openai",))))
        group_of[provider] = PROVIDER + provider
    shadowed = [
        f"{policy.line}: policies[{policy.name}]: can never match, {why}. Move it up, or take it out."
        for policy, why in never_matching(policies)
    ]
    if shadowed:
        return [(("policies", _index(file, text)), text.split(": ", 2)[2]) for text in shadowed]
    projects = file.projects
    enrolment = (
        Enrolment(projects=tuple(projects), locations=_locations(file))
        if isinstance(projects, list)
        else Enrolment(
            folders=(projects.folder.removeprefix("folders/"),),
            exclude=tuple(projects.exclude),
            locations=_locations(file),
        )
    )
    settings = Settings(
        digest=digest,
        enrolment=enrolment,
        default=default,
        groups=groups,
        group_of=group_of,
        every=file.every,
        keep_detail=file.keep_detail,
        bucket=file.bucket,
        budgets=tuple(_budget(rules, file.policies) for rules in file.budgets),
        tunes=_tunes(file.openai) if file.openai is not None else None,
        billing_account=file.billing_account,
        google=GoogleRules(**file.google_budgets.model_dump()) if file.google_budgets is not None else None,
        bill=_bill(file.billing_export) if file.billing_export is not None else None,
        guard_monthly=file.guard_costs.monthly if file.guard_costs is not None else None,
        reports=tuple(ReportRule(schedule=one.every, to=tuple(one.to), form=one.format) for one in file.reports),
        public_url=file.web.public_url,
        source=source,
    )
    return Config(
        settings=settings,
        notify=notify,
        ledger=ledger,
        health_host=file.health.host,
        health_port=file.health.port,
        metric_things=file.health.things,
        warnings=_warnings(file),
    )


def _bill(rules: BillingExportRules) -> BillExport:
    return BillExport(files=tuple(rules.files), table=rules.bigquery)


def _tokens(file: GuardFile, source: str) -> TokenMap:
    """The price map that the file names, beside it where its path is relative."""
    rules = file.token_prices
    return TokenMap() if rules is None else read_map(Path(source).parent / rules.file, rules.as_of)


def _tunes(rules: OpenAIRules) -> TuneRules:
    return TuneRules(
        name=rules.name,
        base_url=rules.base_url,
        every=rules.every,
        stalled_after=rules.stalled_after,
        retirement_days=tuple(rules.retirement_days),
        to=rules.to,
        prices=rules.prices,
    )


def _budget(rules: BudgetRules, policies: Sequence[PolicyRules]) -> Budget:
    amount = rules.monthly or rules.amount
    assert amount is not None  # noqa: S101  # the checks have looked
    match = BudgetMatch() if rules.match == "all" else rules.match
    return Budget(
        name=rules.name,
        amount=amount,
        per=rules.per,
        selector=Selector(
            labels=tuple(match.labels.items()),
            projects=tuple(match.projects),
            locations=tuple(match.locations),
            owners=tuple(match.owners),
        ),
        thresholds=tuple(Threshold(*values.threshold(text)) for text in rules.alert_at),
        to=rules.to,
        responses=tuple(response_of(one, [policy.name for policy in policies]) for one in rules.on_crossing),
    )


def _warnings(file: GuardFile) -> tuple[str, ...]:
    found = []
    if not file.policies:
        found.append("there is no policy, so everything is kept.")
    return tuple(found)


def _policy(rules: PolicyRules, classes: Mapping[str, IfWrong], line: Line) -> Policy:
    return Policy(
        name=rules.name,
        match=_match(rules.match),
        wait=_wait(rules.wait),
        if_wrong=classes.get(rules.if_wrong) if rules.if_wrong else None,
        line=line,
        worst_case=rules.worst_case,
        notify_before=_notice(rules),
        grace=rules.grace,
        act_during=rules.act_during,
        stages=tuple(
            StageRule(
                stage=Stage(name),
                wait=_wait(options.wait) if options.wait else None,
                notify_before=options.notify_before,
                accepted_by=options.accepted_by,
            )
            for name, options in stages_of(rules)
        ),
        probes=Probes(count=rules.probes.count, every=rules.probes.every) if rules.probes else None,
        jobs=JobRule(
            expected=rules.jobs.expected,
            stalled_after=rules.jobs.stalled_after,
            over_time_factor=rules.jobs.over_time,
            max_cost=rules.jobs.max_cost,
        ),
        restore_when_wrong=rules.restore_when_wrong,
        failing_counts_as_use=rules.failing_counts_as_use,
    )


def _notice(rules: PolicyRules) -> timedelta:
    """The policy's notice; where none is given and the wait is short, a quarter of the wait."""
    if rules.notify_before is not None:
        return rules.notify_before
    wait = _wait(rules.wait)
    return min(DEFAULT_NOTICE, wait.length / 4) if isinstance(wait, Fixed) else DEFAULT_NOTICE


def _wait(text: str) -> WaitRule:
    match text:
        case "never":
            return Never()
        case "break_even":
            return BreakEven()
        case "auto":
            return Learned()
        case _:
            return Fixed(values.duration(text))


def _if_wrong(name: str, rules: IfWrongClass) -> IfWrong:
    return IfWrong(
        name=name,
        per_minute_down=rules.per_minute_down,
        fixed=rules.fixed,
        redeploy=rules.redeploy,
        floor=rules.floor or timedelta(0),
    )


def _match(rules: str | MatchRules) -> Match:
    if isinstance(rules, str):
        return Match()
    return Match(
        labels=dict(rules.labels),
        projects=tuple(rules.projects),
        locations=tuple(rules.locations),
        names=tuple(rules.names),
        kinds=tuple(rules.kinds),
        machines=tuple(rules.machines),
    )


def _source(text: str) -> tuple[OwnerSource, str]:
    kind, _, key = text.partition(":")
    return OwnerSource(kind), key


def _locations(file: GuardFile) -> tuple[str, ...] | None:
    return None if file.locations is None else tuple(file.locations)


def _index(file: GuardFile, text: str) -> int:
    return next((i for i, policy in enumerate(file.policies) if f"[{policy.name}]" in text), 0)


def _digest(file: GuardFile) -> str:
    """A digest of everything that decides; channels by name only, so that a rotated secret changes nothing."""
    content: dict[str, Any] = file.model_dump(mode="python", by_alias=True)
    content["notify"] = sorted(file.notify)
    content.pop("ledger", None)
    content.pop("health", None)
    content.pop("web", None)
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
