"""What is remembered from look to look."""

from __future__ import annotations

from dataclasses import replace

from guard.core.memory import gone, remember
from guard.core.plan import Seen
from tests.builders import DAY, NOW, a_snapshot, a_usage, an_endpoint, endpoint_name, h, judged

SHELL = endpoint_name()
DEPLOYED = f"{SHELL}/deployedModels/7"


def the_rows(endpoint: object, seen: dict[str, Seen], now: object = NOW) -> dict[str, Seen]:
    snapshot = a_snapshot(endpoint)  # type: ignore[arg-type]  # an endpoint
    verdicts = judged(snapshot).values()
    usages = {DEPLOYED: a_usage()}
    rows = remember(seen, verdicts, snapshot, usages, now)  # type: ignore[arg-type]  # an instant
    return seen | {row.name: row for row in rows}


def test_emptiness_is_remembered_from_the_first_look() -> None:
    rows = the_rows(an_endpoint(deployed=()), {}, NOW - DAY)

    assert the_rows(an_endpoint(deployed=()), rows, NOW)[SHELL].empty_since == NOW - DAY


def test_an_endpoint_that_got_a_model_in_between_is_empty_afresh() -> None:
    rows = the_rows(an_endpoint(deployed=()), {}, NOW - DAY * 30)
    rows = the_rows(an_endpoint(), rows, NOW - DAY)
    rows = the_rows(an_endpoint(deployed=()), rows, NOW)

    assert rows[SHELL].empty_since == NOW


def test_a_mark_once_seen_is_remembered_when_it_vanishes() -> None:
    rows = the_rows(an_endpoint(deployed=(), labels={"managed-by": "pulumi"}), {})

    assert the_rows(an_endpoint(deployed=()), rows)[SHELL].iac_marked


def test_liveness_once_seen_is_remembered() -> None:
    assert the_rows(an_endpoint(), {})[DEPLOYED].was_live


def test_a_fleet_that_stands_still_writes_nothing_within_an_hour() -> None:
    rows = the_rows(an_endpoint(), {})
    snapshot = a_snapshot(an_endpoint())

    assert remember(rows, judged(snapshot).values(), snapshot, {DEPLOYED: a_usage()}, NOW + h(0.5)) == []


def test_another_thing_under_the_same_name_is_remembered_afresh() -> None:
    rows = the_rows(an_endpoint(), {}, NOW - DAY)
    newer = an_endpoint(deployed=[replace(an_endpoint().deployed[0], created_at=NOW - h(50))])

    again = the_rows(newer, rows)[DEPLOYED]

    assert again.first_seen_at == NOW
    assert again.generation != rows[DEPLOYED].generation


def test_what_is_not_listed_any_more_is_gone_in_complete_scopes_only() -> None:
    from guard.core.names import scope_of

    rows = the_rows(an_endpoint(), {})
    there, failed = a_snapshot(an_endpoint(2)), a_snapshot(failed=[scope_of(SHELL)])

    assert gone(rows, there, judged(there).values()) == [DEPLOYED]
    assert gone(rows, failed, ()) == []
