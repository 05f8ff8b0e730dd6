"""Rules of guard.yaml that could never take effect: ids that no project has, places and projects that are not watched, stages
for other kinds, amounts in a currency that no price has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from guard.config import values
from guard.config.schema import GuardFile, IfWrongClass, MatchRules, PolicyRules

Path = tuple[str | int, ...]
Problem = tuple[Path, str]

STAGE_KINDS = {
    "scale_to_zero": {"deployed_model"},
    "undeploy": {"deployed_model", "pool"},
    "delete_endpoint": {"endpoint"},
    "delete_model": {"model"},
    "cancel_job": {"tuning_job"},
}
"""What each stage is done to."""

SHIPPED_CURRENCY = "USD"
"""The currency of the prices that ship, and of the catalogue as it is asked."""

_PROJECT = re.compile(r"\d{6,}|(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
"""A number; or an id of 6 to 30 characters, a domain before it where the project is scoped to one.

https://cloud.google.com/resource-manager/docs/creating-managing-projects (read 2026-11-24).
"""


def project_problem(project: str) -> str | None:
    """Say what is wrong with a project's id or number; None if nothing is."""
    if _PROJECT.fullmatch(project):
        return None
    return f"found {project!r}. Expected a project id (6 to 30 lower-case letters, digits and hyphens, a letter first) or number"


def problems(file: GuardFile) -> Iterator[Problem]:
    """Every rule that could never take effect, and why."""
    yield from _projects(file)
    yield from _currencies(file)
    for index, policy in enumerate(file.policies):
        if isinstance(policy.match, MatchRules):
            yield from _never(file, policy, policy.match, ("policies", index, "match"))
        yield from _stages(policy, ("policies", index))


def _projects(file: GuardFile) -> Iterator[Problem]:
    for index, project in enumerate(file.projects if isinstance(file.projects, list) else ()):
        if (problem := project_problem(project)) is not None:
            yield ("projects", index), problem


def _never(file: GuardFile, policy: PolicyRules, match: MatchRules, path: Path) -> Iterator[Problem]:
    enrolled = file.projects if isinstance(file.projects, list) else None
    # An id and a number can name the same project, and only the cloud knows: these two are not compared.
    if enrolled and match.projects and not any(_comparable(asked, enrolled) for asked in match.projects):
        yield (
            (*path, "projects"),
            (
                f"found {_listed(match.projects)}, and none of them is watched (projects: {_listed(enrolled)}): "
                f"the policy {policy.name!r} can never match"
            ),
        )
    if file.locations and match.locations and not any(_takes(asked, file.locations) for asked in match.locations):
        yield (
            (*path, "locations"),
            (
                f"found {_listed(match.locations)}, and none of them is watched (locations: {_listed(file.locations)}): "
                f"the policy {policy.name!r} can never match"
            ),
        )


def _comparable(asked: str, enrolled: Iterable[str]) -> bool:
    return any(asked.isdigit() != project.isdigit() or fnmatchcase(project, asked) for project in enrolled)


def _takes(asked: str, watched: Iterable[str]) -> bool:
    return any(fnmatchcase(place, asked) for place in watched)


def _stages(policy: PolicyRules, path: Path) -> Iterator[Problem]:
    kinds = set(policy.match.kinds) if isinstance(policy.match, MatchRules) else set()
    for index, entry in enumerate(policy.do):
        for stage in [entry] if isinstance(entry, str) else entry:
            if kinds and not kinds & STAGE_KINDS[stage]:
                yield (
                    (*path, "do", index),
                    (
                        f"found {stage}, which is done to {' or '.join(sorted(STAGE_KINDS[stage]))}; the policy matches only "
                        f"{_listed(sorted(kinds))}. Take it out, or widen match.kinds"
                    ),
                )


def _currencies(file: GuardFile) -> Iterator[Problem]:
    priced = {SHIPPED_CURRENCY}
    for text in file.prices.values():
        try:
            priced.add(values.money(text).currency)
        except ValueError:
            return  # told by itself; what the price was to be is not known
    places: list[tuple[Path, Mapping[str, IfWrongClass]]] = [(("if_wrong",), file.if_wrong)]
    places += [(("environments", name, "if_wrong"), rules.if_wrong) for name, rules in file.environments.items()]
    for path, classes in places:
        for name, one in classes.items():
            for key in ("per_minute_down", "fixed"):
                amount = getattr(one, key)
                if amount.amount and amount.currency not in priced:
                    yield (
                        (*path, name, key),
                        (
                            f"found {amount}, and every price is in {_listed(sorted(priced))}: no wait could be worked out. "
                            "Give the amount in that currency, or prices in this one"
                        ),
                    )


def _listed(names: Iterable[object]) -> str:
    return ", ".join(map(str, names)) or "none"
