"""Instruments are judged, never users: a quiet weekend is normal, a dark fleet is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from guard.core.names import Scope
from guard.core.plan import Acknowledgement, Doubt, LedgerView, Seen
from guard.core.removal import ActState
from guard.core.sanity import doubts
from tests.builders import DAY, NOW, PARENT, a_pool, a_snapshot, a_usage, a_view, an_act, an_endpoint, endpoint_name, h

SCOPE = Scope("1234", "us-central1")
ELSEWHERE = "projects/1234/locations/europe-west4"


def deployed(number: int, parent: str = PARENT) -> str:
    return f"{endpoint_name(number, parent)}/deployedModels/7"


def remembered(*names: str, **changes: Any) -> LedgerView:
    seen = {
        name: replace(
            Seen(name=name, kind="deployed_model", generation="g", first_seen_at=NOW - DAY, last_seen_at=NOW - h(1),
                 digest="d", was_live=True),
            **changes,
        )
        for name in names
    }  # fmt: skip
    return a_view(seen=seen)


def fleet(count: int, **changes: Any) -> Any:
    return a_snapshot(*(an_endpoint(number, **changes) for number in range(1, count + 1)))


def found(
    snapshot: Any, usages: dict[str, Any], view: LedgerView, ok: bool = True, jump: timedelta | None = None
) -> tuple[Doubt, ...]:
    return doubts(snapshot, usages, view, {"1234": ok}, jump, NOW)


DARK = a_usage(dead=range(10))
ALL = [deployed(number) for number in range(1, 7)]


def test_a_fleet_without_any_calls_is_a_quiet_weekend() -> None:
    assert found(fleet(6), dict.fromkeys(ALL, a_usage()), remembered(*ALL)) == ()


def test_half_a_fleet_going_dark_together_is_doubted() -> None:
    usages = {name: DARK if place < 3 else a_usage() for place, name in enumerate(ALL)}

    (doubt,) = found(fleet(6), usages, remembered(*ALL))

    assert doubt.scope == SCOPE
    assert "3 of 6 deployments stopped showing replicas" in doubt.why
    assert doubt.evidence["dark"] == ALL[:3]
    assert not doubt.acknowledged


def test_a_few_or_a_small_part_prove_nothing() -> None:
    two = {name: DARK if place < 2 else a_usage() for place, name in enumerate(ALL)}
    many = [deployed(number) for number in range(1, 9)]
    three_of_eight = {name: DARK if place < 3 else a_usage() for place, name in enumerate(many)}

    assert found(fleet(6), two, remembered(*ALL)) == ()
    assert found(fleet(8), three_of_eight, remembered(*many)) == ()


def test_what_was_never_live_cannot_go_dark() -> None:
    assert found(fleet(6), dict.fromkeys(ALL, DARK), remembered(*ALL, was_live=False)) == ()


def test_recovery_ends_a_doubt() -> None:
    assert found(fleet(6), dict.fromkeys(ALL, a_usage()), remembered(*ALL)) == ()


def test_a_person_who_has_looked_ends_a_doubt_until_it_expires() -> None:
    view = remembered(*ALL)
    word = Acknowledgement(what=f"scope:{SCOPE}", who="mia", made_at=NOW - h(1), expires_at=NOW + h(1))

    (doubt,) = found(fleet(6), dict.fromkeys(ALL, DARK), replace(view, acknowledgements=(word,)))
    (again,) = found(
        fleet(6), dict.fromkeys(ALL, DARK), replace(view, acknowledgements=(replace(word, expires_at=NOW),))
    )

    assert doubt.acknowledged
    assert not again.acknowledged


def test_a_listing_that_shrank_is_doubted() -> None:
    (doubt,) = found(fleet(3), dict.fromkeys(ALL, a_usage()), remembered(*ALL))

    assert "3 of 6 things are not listed any more" in doubt.why


def test_what_the_guard_removed_is_not_missing() -> None:
    acts = tuple(an_act(name, state=ActState.VERIFIED) for name in ALL[3:])

    assert found(fleet(3), dict.fromkeys(ALL, a_usage()), replace(remembered(*ALL), acts=acts)) == ()


def test_what_is_gone_for_long_is_not_missing() -> None:
    assert found(fleet(3), dict.fromkeys(ALL, a_usage()), remembered(*ALL, last_seen_at=NOW - DAY * 60)) == ()


def test_labels_that_vanish_together_are_doubted() -> None:
    view = remembered(*ALL, labels={"team": "x", "tuneguard-keep": "true"})

    (none_left,) = found(fleet(6), dict.fromkeys(ALL, a_usage()), view)
    (no_marks,) = found(fleet(6, labels={"team": "x"}), dict.fromkeys(ALL, a_usage()), view)

    assert "6 of 6 things lost all their labels" in none_left.why
    assert "6 of 6 things lost their marks" in no_marks.why


def test_one_label_that_somebody_took_off_is_normal() -> None:
    view = remembered(*ALL, labels={"team": "x", "tuneguard-keep": "true"})
    marked = {"team": "x", "tuneguard-keep": "true"}
    snapshot = a_snapshot(an_endpoint(1), *(an_endpoint(number, labels=marked) for number in range(2, 7)))

    assert found(snapshot, dict.fromkeys(ALL, a_usage()), view) == ()


def test_the_guards_own_label_may_vanish_as_it_restores() -> None:
    view = remembered(*ALL, labels={"tuneguard-removed": "2026-11-20"})

    assert found(fleet(6), dict.fromkeys(ALL, a_usage()), view) == ()


def test_usage_that_could_not_be_read_is_doubted_in_that_project_only() -> None:
    other = "projects/99/locations/us-central1"
    snapshot = a_snapshot(an_endpoint(1), an_endpoint(2, parent=other))

    (doubt,) = doubts(snapshot, {}, a_view(), {"1234": True, "99": False}, None, NOW)

    assert doubt.scope == Scope("99", "us-central1")


def test_a_clock_that_jumped_is_doubted_everywhere() -> None:
    snapshot = a_snapshot(an_endpoint(1), an_endpoint(2, parent=ELSEWHERE))

    assert len(found(snapshot, {}, a_view(), jump=-h(1))) == 2
    assert found(snapshot, {}, a_view(), jump=timedelta(seconds=20)) == ()


def test_trouble_in_one_location_says_nothing_about_another() -> None:
    here = [deployed(number) for number in range(1, 5)]
    there = [deployed(number, ELSEWHERE) for number in range(1, 5)]
    snapshot = a_snapshot(
        *(an_endpoint(n) for n in range(1, 5)),
        *(an_endpoint(n, parent=ELSEWHERE) for n in range(1, 5)),
        pools=[a_pool()],
    )

    (doubt,) = found(snapshot, dict.fromkeys(here, DARK) | dict.fromkeys(there, a_usage()), remembered(*here, *there))

    assert doubt.scope == SCOPE
