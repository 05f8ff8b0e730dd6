"""The first policy that matches speaks; one that can never match is found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.model import Kind
from guard.core.policy import find_policy, never_matching
from guard.core.rules import Line, Match
from guard.core.verdict import Subject
from tests.builders import PROJECT_ID, a_policy, endpoint_name
from tests.strategies import checked


def a_subject(**changes: object) -> Subject:
    subject = Subject(
        name=f"{endpoint_name(1)}/deployedModels/7",
        kind=Kind.DEPLOYED_MODEL,
        project_id=PROJECT_ID,
        location="us-central1",
        display_name="model-7",
        labels={"env": "prod", "team": "search"},
        generation="g",
        digest="d",
        created_at=None,
        billed=True,
        rate=None,
        machine="g2-standard-8 + 1 NVIDIA_L4",
        aliases=("scratch-endpoint",),
    )
    return replace(subject, **changes)  # type: ignore[arg-type]  # the builder takes any field


@pytest.mark.parametrize(
    "match",
    [
        Match(),
        Match(labels={"env": "prod"}),
        Match(labels={"env": "*", "team": "search"}),
        Match(projects=("acme-*",)),
        Match(projects=("1234",)),
        Match(locations=("europe-west4", "us-*")),
        Match(names=("scratch-*",)),
        Match(names=("model-?",)),
        Match(names=(f"{endpoint_name(1)}/*",)),
        Match(kinds=("pool", "deployed_model")),
        Match(machines=("g2-*",)),
        Match(machines=("*NVIDIA_L4",)),
    ],
)
def test_each_field_matches_what_it_names(match: Match) -> None:
    assert find_policy(a_subject(), [a_policy(match=match)]) is not None


@pytest.mark.parametrize(
    "match",
    [
        Match(labels={"env": "dev"}),
        Match(labels={"owner": "*"}),
        Match(projects=("acme",)),
        Match(locations=("europe-*",)),
        Match(names=("scratch",)),
        Match(kinds=("endpoint",)),
        Match(machines=("n1-*",)),
        Match(labels={"env": "prod"}, locations=("asia-*",)),
    ],
)
def test_one_field_that_differs_is_no_match(match: Match) -> None:
    assert find_policy(a_subject(), [a_policy(match=match)]) is None


def test_the_first_match_wins() -> None:
    first, second = a_policy("a", match=Match(names=("scratch-*",))), a_policy("b")

    assert find_policy(a_subject(), [first, second]) is first
    assert find_policy(a_subject(aliases=()), [first, second]) is second


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (Match(), Match(names=("x",))),
        (Match(names=("prod-*",)), Match(names=("prod-eu-*", "prod-1"))),
        (Match(labels={"env": "*"}), Match(labels={"env": "prod", "team": "x"})),
        (Match(kinds=tuple(kind.value for kind in Kind)), Match()),
        (Match(locations=("us-*",)), Match(locations=("us-central1",), machines=("g2-*",))),
    ],
)
def test_a_policy_behind_a_wider_one_never_matches(earlier: Match, later: Match) -> None:
    first, second = a_policy("wide", match=earlier, line=Line("guard.yaml", 3)), a_policy("narrow", match=later)

    ((found, why),) = never_matching([first, second])

    assert found is second
    assert "'wide'" in why
    assert "guard.yaml:3" in why


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (Match(names=("prod-*",)), Match()),
        (Match(names=("prod-?",)), Match(names=("prod-*",))),
        (Match(labels={"env": "prod"}), Match(labels={"env": "*"})),
        (Match(labels={"env": "prod"}), Match(labels={"team": "x"})),
        (Match(kinds=("pool",)), Match(kinds=("pool", "endpoint"))),
        (Match(names=("*]",)), Match(names=("a[b]",))),
    ],
)
def test_a_policy_that_still_matches_something_is_not_reported(earlier: Match, later: Match) -> None:
    assert never_matching([a_policy("a", match=earlier), a_policy("b", match=later)]) == []


WORDS = st.text(alphabet="ab-", min_size=1, max_size=5)
GLOBS = st.text(alphabet="ab-*?", min_size=1, max_size=4)


@checked
@given(st.lists(GLOBS, max_size=2), st.lists(GLOBS, max_size=2), st.lists(WORDS, min_size=5, max_size=30))
def test_what_is_reported_as_never_matching_never_matches(one: list[str], two: list[str], names: list[str]) -> None:
    first, second = a_policy("a", match=Match(names=tuple(one))), a_policy("b", match=Match(names=tuple(two)))

    if never_matching([first, second]):
        assert all(find_policy(a_subject(display_name=n, aliases=()), [first, second]) is not second for n in names)
