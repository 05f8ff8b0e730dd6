"""Checks that need more than one field of guard.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from guard.config import reach, values
from guard.config.responses import problems as responses_problems
from guard.config.schema import GuardFile, PolicyRules, StageOptions
from guard.core.prices import own_price_of

Problem = tuple[tuple[str | int, ...], str]
"""Path of a field, and what is wrong with it."""


def cross_checks(file: GuardFile) -> list[Problem]:
    """Return every problem that only shows when fields are read together."""
    return [
        *_policies(file),
        *reach.problems(file),
        *_fallbacks(file),
        *_environments(file),
        *_bucket(file),
        *_prices(file),
        *_budgets(file),
        *responses_problems(file),
        *_openai(file),
        *_google(file),
        *_reports(file),
    ]


def stages_of(rules: PolicyRules) -> list[tuple[str, StageOptions]]:
    """The stages that a policy opts in to, with their options."""
    found: list[tuple[str, StageOptions]] = []
    for entry in rules.do:
        found.extend([(entry, StageOptions())] if isinstance(entry, str) else entry.items())
    return found


def _policies(file: GuardFile) -> Iterator[Problem]:
    classes = set(file.if_wrong) | {name for env in file.environments.values() for name in env.if_wrong}
    names: set[str] = set()
    for index, policy in enumerate(file.policies):
        path: tuple[str | int, ...] = ("policies", index)
        if policy.name in names:
            yield (*path, "name"), f"found {policy.name!r} a second time. Policy names have to differ"
        names.add(policy.name)
        yield from _one_policy(policy, path, classes)


def _one_policy(policy: PolicyRules, path: tuple[str | int, ...], classes: set[str]) -> Iterator[Problem]:
    if policy.if_wrong is not None and policy.if_wrong not in classes:
        yield (*path, "if_wrong"), f"found {policy.if_wrong!r}. Expected a class under if_wrong: {_listed(classes)}"
    if policy.wait in {"break_even", "auto"} and policy.if_wrong is None:
        yield (
            (*path, "wait"),
            f"found {policy.wait!r} without if_wrong: nothing says what a wrong removal costs. Add if_wrong",
        )
    wait = _fixed(policy.wait)
    if wait is not None and policy.notify_before is not None and policy.notify_before > wait:
        yield (
            (*path, "notify_before"),
            f"found {policy.notify_before}, longer than the wait of {wait}. The notice runs inside the wait",
        )
    for stage, options in stages_of(policy):
        if options.accepted_by is not None and stage != "delete_model":
            yield (*path, "do"), f"found accepted_by with {stage}. Only delete_model takes it"
        if stage in {"delete_endpoint", "delete_model"} and (options.wait or policy.wait) in {"break_even", "auto"}:
            yield (
                (*path, "do"),
                (
                    f"found {stage} with the wait {options.wait or policy.wait!r}: it costs nothing by the hour, so break-even "
                    f"never comes. Give it a wait of its own, such as {{{stage}: {{wait: 30d}}}}"
                ),
            )
        elif options.wait in {"break_even", "auto"} and policy.if_wrong is None:
            yield (
                (*path, "do"),
                f"found the wait {options.wait!r} with {stage}, and no if_wrong in the policy. Add if_wrong",
            )


def _fixed(wait: str) -> timedelta | None:
    return None if wait in {"never", "break_even", "auto"} else values.duration(wait)


def _fallbacks(file: GuardFile) -> Iterator[Problem]:
    paths: list[tuple[tuple[str | int, ...], str]] = [(("owners", "fallback"), file.owners.fallback)]
    paths += [
        (("environments", name, "fallback"), env.fallback) for name, env in file.environments.items() if env.fallback
    ]
    for path, fallback in paths:
        if fallback not in file.notify:
            yield path, f"found {fallback!r}. Expected a name under notify: {_listed(file.notify)}"


def _environments(file: GuardFile) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, environment in file.environments.items():
        for project in environment.projects:
            if project in seen:
                yield (
                    ("environments", name, "projects"),
                    f"found {project!r}, which is in environment {seen[project]!r} too",
                )
            seen[project] = name


def _bucket(file: GuardFile) -> Iterator[Problem]:
    modes = {file.mode, *(env.mode for env in file.environments.values() if env.mode)}
    if modes & {"enforce", "approve"} and not file.bucket:
        yield (
            ("bucket",),
            "missing, and mode is not observe: claims and recipes need a place. Expected gs://BUCKET[/PREFIX]",
        )
    if file.bucket is not None and not file.bucket.startswith("gs://"):
        yield ("bucket",), f"found {file.bucket!r}. Expected gs://BUCKET[/PREFIX]"


def _prices(file: GuardFile) -> Iterator[Problem]:
    for key, text in file.prices.items():
        try:
            own_price_of(key)
            amount = values.money(text).amount
        except ValueError as error:
            yield ("prices", key), str(error)
        else:
            if amount == 0:
                yield (
                    ("prices", key),
                    f"found {text!r}. Expected an amount above 0; an unknown price is left out, never 0",
                )


def _budgets(file: GuardFile) -> Iterator[Problem]:
    names: set[str] = set()
    for index, budget in enumerate(file.budgets):
        path: tuple[str | int, ...] = ("budgets", index)
        if budget.name in names:
            yield (*path, "name"), f"found {budget.name!r} a second time. Budget names have to differ"
        names.add(budget.name)
        given = (budget.monthly is not None, budget.amount is not None, budget.per is not None)
        if given not in {(True, False, False), (False, True, True)}:
            yield (
                (*path, "name"),
                f"the budget {budget.name!r} needs either monthly, or amount and per such as {{amount: 100 USD, per: 7d}}",
            )
        amount = budget.monthly or budget.amount
        if amount is not None and amount.amount == 0:
            yield (
                (*path, "name"),
                f"the budget {budget.name!r} is 0. Expected an amount above 0; leave it out to have none",
            )
        if budget.per is not None and any(text.startswith("forecast") for text in budget.alert_at):
            yield (
                (*path, "alert_at"),
                "found a forecast with per. A forecast is of a month's end: use monthly, or take it out",
            )
        if budget.to is not None and budget.to not in file.notify:
            yield (*path, "to"), f"found {budget.to!r}. Expected a name under notify: {_listed(file.notify)}"


def _google(file: GuardFile) -> Iterator[Problem]:
    rules = file.google_budgets
    if rules is None:
        return
    if rules.to is not None and rules.to not in file.notify:
        yield ("google_budgets", "to"), f"found {rules.to!r}. Expected a name under notify: {_listed(file.notify)}"
    names = {budget.name for budget in file.budgets}
    for theirs, mine in rules.same_as.items():
        if mine not in names:
            yield (
                ("google_budgets", "same_as", theirs),
                f"found {mine!r}. Expected a name under budgets: {_listed(names)}",
            )


def _openai(file: GuardFile) -> Iterator[Problem]:
    if file.openai is None:
        return
    if file.openai.to is not None and file.openai.to not in file.notify:
        yield ("openai", "to"), f"found {file.openai.to!r}. Expected a name under notify: {_listed(file.notify)}"
    for index, one in enumerate(file.openai.delete):
        if (one.model is None) == (one.file is None):
            yield ("openai", "delete", index), "expected either model or file, the whole id of one thing"


def _reports(file: GuardFile) -> Iterator[Problem]:
    for index, report in enumerate(file.reports):
        for name in report.to:
            if name not in file.notify:
                path = ("reports", index, "to")
                yield path, f"found {name!r}. Expected names under notify: {_listed(file.notify)}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "there is none yet"
