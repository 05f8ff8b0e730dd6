"""`on_crossing` of a budget: its checks against the rest of the file, and its core values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from guard.config import values
from guard.config.money_schema import CrossingRules, OpenAIRules, ResponseRules
from guard.config.schema import GuardFile, PolicyRules
from guard.core.budget import Threshold
from guard.core.responses import CancelJobs, Response, Shorten

Path = tuple[str | int, ...]


def response_of(rules: CrossingRules, policies: Sequence[str]) -> Response:
    """Make the core value; `policies` are all of the file's, for an `ask` that stands alone."""
    parts = [part for part in rules.do if isinstance(part, ResponseRules)]
    shorten = tuple(Shorten(policies=tuple(p.shorten.policies), to=p.shorten.to) for p in parts if p.shorten)
    cancel = tuple(
        CancelJobs(policies=tuple(p.cancel_jobs.policies), names=tuple(p.cancel_jobs.names))
        for p in parts
        if p.cancel_jobs
    )
    ask = [name for p in parts if p.ask for name in p.ask.policies]
    if "ask" in rules.do:
        beside = [name for one in shorten for name in one.policies] + [name for one in cancel for name in one.policies]
        ask += beside or policies
    return Response(
        at=str(Threshold(*values.threshold(rules.at))),
        shorten=shorten,
        cancel_jobs=cancel,
        ask=tuple(dict.fromkeys(ask)),
    )


def problems(file: GuardFile) -> Iterator[tuple[Path, str]]:
    """What does not fit: a threshold that is not alerted on, a policy that is not there or does not allow it."""
    known: dict[str, PolicyRules | OpenAIRules] = {policy.name: policy for policy in file.policies}
    if file.openai is not None:
        known.setdefault(file.openai.name, file.openai)  # its jobs have a policy of that name
    for index, budget in enumerate(file.budgets):
        alerts = {str(Threshold(*values.threshold(text))) for text in budget.alert_at}
        for number, crossing in enumerate(budget.on_crossing):
            path: Path = ("budgets", index, "on_crossing", number)
            try:
                at = str(Threshold(*values.threshold(crossing.at)))
            except ValueError as error:
                yield (*path, "at"), str(error)
                continue
            if at not in alerts:
                yield (
                    (*path, "at"),
                    f"found {crossing.at!r}. Expected one of alert_at ({', '.join(budget.alert_at)}): nothing is done untold",
                )
            for place, part in enumerate(crossing.do):
                if isinstance(part, ResponseRules):
                    yield from _part(part, (*path, "do", place), known)


def _part(part: ResponseRules, path: Path, known: dict[str, PolicyRules | OpenAIRules]) -> Iterator[tuple[Path, str]]:
    given = {name: getattr(part, name) for name in ResponseRules.model_fields if getattr(part, name) is not None}
    if len(given) != 1:
        yield path, f"found {', '.join(given) or 'nothing'}. Expected exactly one of shorten, cancel_jobs, ask"
        return
    [(what, rules)] = given.items()
    for name in rules.policies:
        policy = known.get(name)
        if policy is None:
            yield (
                (*path, what, "policies"),
                f"found {name!r}. Expected a policy's name: {', '.join(sorted(known)) or 'none yet'}",
            )
        elif what == "shorten" and (isinstance(policy, OpenAIRules) or policy.wait == "never"):
            yield (*path, what, "policies"), f"found {name!r}, whose wait is never: there is nothing to shorten"
        elif what == "cancel_jobs" and not _cancels(policy):
            yield (
                (*path, what, "policies"),
                f"found {name!r}, whose `do` holds no cancel_job. Add it there: a crossing does nothing that the policy forbids",
            )


def _cancels(policy: PolicyRules | OpenAIRules) -> bool:
    return any(entry == "cancel_job" or (isinstance(entry, dict) and "cancel_job" in entry) for entry in policy.do)
