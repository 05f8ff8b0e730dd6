"""Which policy speaks for a thing: the first that matches. And which policy can never match. Pure.

Globs (`*`, `?`, `[...]`) in names, projects, locations and machines; labels by exact value, or `*` for any value. A name is
matched against the canonical name, its last part, the display name, and the endpoint's display name for a deployed model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase, translate

from guard.core.labels import KeepByLabel, NotUnderstood, iac_mark, label_word
from guard.core.model import Kind
from guard.core.names import last_part
from guard.core.rules import Match, Policy
from guard.core.verdict import Subject

__all__ = [
    "KeepByLabel",
    "Matcher",
    "NotUnderstood",
    "find_policy",
    "iac_mark",
    "label_word",
    "never_matching",
]

Test = Callable[[Subject], object]
ANY_VALUE = "*"


class Matcher:
    """The policies of one project group, compiled once and asked for every subject."""

    __slots__ = ("_compiled",)

    def __init__(self, policies: Sequence[Policy]) -> None:
        self._compiled = [(policy, _tests(policy.match)) for policy in policies]

    def find(self, subject: Subject) -> Policy | None:
        """Return the first policy that matches, or None."""
        for policy, tests in self._compiled:
            for test in tests:
                if not test(subject):
                    break
            else:
                return policy
        return None


def find_policy(subject: Subject, policies: Sequence[Policy]) -> Policy | None:
    """Return the first policy that matches, or None. For many subjects build one Matcher."""
    return Matcher(policies).find(subject)


def never_matching(policies: Sequence[Policy]) -> list[tuple[Policy, str]]:
    """Return the policies that can never match because an earlier one takes all of theirs, and why."""
    found = []
    for index, later in enumerate(policies):
        earlier = next((p for p in policies[:index] if _covers(p.match, later.match)), None)
        if earlier is not None:
            found.append(
                (later, f"policy {earlier.name!r} ({earlier.line}) comes first and matches all that it matches")
            )
    return found


def _tests(match: Match) -> list[Test]:
    """The checks of one match, cheapest first; a match without fields has none and takes everything."""
    tests: list[Test] = []
    if match.kinds:
        kinds = frozenset(match.kinds)
        tests.append(lambda s: s.kind.value in kinds)
    if match.labels:
        wanted = tuple(match.labels.items())
        tests.append(lambda s: has_labels(s.labels, wanted))
    if match.projects:
        project = _globs(match.projects)
        tests.append(lambda s: project(s.project_id) or project(s.name.split("/", 2)[1]))
    if match.locations:
        location = _globs(match.locations)
        tests.append(lambda s: location(s.location))
    if match.machines:
        machine = _globs(match.machines)
        tests.append(lambda s: machine(s.machine) or machine(s.machine.partition(" ")[0]))
    if match.names:
        name = _globs(match.names)
        tests.append(
            lambda s: name(s.display_name) or name(last_part(s.name)) or name(s.name) or any(map(name, s.aliases))
        )
    return tests


def has_labels(labels: Mapping[str, str], wanted: Iterable[tuple[str, str]]) -> bool:
    """True where every wanted label is there with its value, or with any where `*` is wanted."""
    for key, value in wanted:
        found = labels.get(key)
        if found is None or value not in (found, ANY_VALUE):  # a tuple of two is faster than a set
            return False
    return True


def _globs(patterns: tuple[str, ...]) -> Callable[[str], object]:
    """A test that is truthy where one of the globs takes the whole text."""
    return re.compile("|".join(translate(p) for p in patterns)).match


def _covers(earlier: Match, later: Match) -> bool:
    """True where everything that `later` matches is matched by `earlier`. Errs towards False."""
    every_kind = {kind.value for kind in Kind}
    return (
        (not earlier.kinds or set(earlier.kinds) >= (set(later.kinds) or every_kind))
        and all(
            key in later.labels and value in {ANY_VALUE, later.labels[key]} for key, value in earlier.labels.items()
        )
        and all(
            _patterns_cover(getattr(earlier, field), getattr(later, field))
            for field in ("projects", "locations", "names", "machines")
        )
    )


def _patterns_cover(earlier: tuple[str, ...], later: tuple[str, ...]) -> bool:
    if not earlier:
        return True
    return bool(later) and all(any(_pattern_covers(e, pattern) for e in earlier) for pattern in later)


def _pattern_covers(earlier: str, later: str) -> bool:
    """A `*` in `later` read as a character is taken by a `*` of `earlier` only, so this holds for whatever it stands for;
    with `?` or `[` in either pattern only the plain cases are decided.
    """
    if earlier in {ANY_VALUE, later}:
        return True
    if not set(later) & set("*?["):
        return fnmatchcase(later, earlier)
    return not set(earlier + later) & set("?[") and fnmatchcase(later, earlier)
