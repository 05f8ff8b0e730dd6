"""Every command by which a person decides: heard by the ledger, told back in words, with an exit code that scripts can use."""

from __future__ import annotations

import pytest

from tests.cli.world import Place

pytestmark = pytest.mark.xdist_group("cli")


def test_a_keep_is_heard_explained_and_ended(telling: Place) -> None:
    kept = telling.here("keep", "waiting", "--until", "2026-12-01", "--why", "customer [demo]", *telling.by("ada"))
    ada = telling.named("ada")

    assert (kept.code, kept.err) == (0, "")
    assert kept.out.splitlines() == [
        f"Kept: waiting until 2026-12-01 23:59 UTC, on {ada}'s word.",
        "It costs $0.22 an hour, $156.37 until then.",
    ]
    assert (
        f"{ada}, 2026-11-02 06:00 UTC, until 2026-12-01 23:59 UTC: customer [demo]"
        in telling.here("explain", "waiting").out
    )
    ended = telling.here("unkeep", "waiting")
    assert (ended.code, ended.out.split(".")[0]) == (0, "Ended")
    again = telling.here("unkeep", "waiting")
    assert again.code == 1
    assert "was not kept by anybody" in again.out


@pytest.mark.parametrize(
    ("until", "end"),
    [
        ("2026-11-03", "2026-11-03T23:59:59+00:00"),
        ("2026-11-03T18:00", "2026-11-03T18:00:00+00:00"),
        ("2026-11-03T18:00+02:00", "2026-11-03T16:00:00+00:00"),
        ("3d", "2026-11-05T06:00:00+00:00"),
        ("12h", "2026-11-02T18:00:00+00:00"),
        ("2w", "2026-11-16T06:00:00+00:00"),
    ],
)
def test_until_takes_a_date_a_time_or_a_duration_of_the_worlds_clock(telling: Place, until: str, end: str) -> None:
    assert telling.here("keep", "waiting", "--until", until, "-o", "json").document["until"] == end


def test_a_keep_on_a_sharer_keeps_the_pool(telling: Place) -> None:
    document = telling.here("keep", "sharer-one", "-o", "json").document

    assert document["subject"].endswith("/shared-pool")
    assert document["until"] is None


def test_a_keep_on_a_pool_that_comes_too_late_says_so(telling: Place) -> None:
    assert "already sent" not in telling.here("keep", "sharer-one").out
    telling.execute("UPDATE acts SET state = 'started' WHERE subject LIKE '%/endpoints/1007/%' AND state != 'verified'")

    late = telling.here("keep", "shared-pool")

    assert (late.code, "But a removal was already sent to the platform." in late.out) == (0, True)


def test_what_is_gone_cannot_be_kept(telling: Place) -> None:
    refused = telling.here("keep", "forgotten-gpu")

    assert (refused.code, refused.out) == (1, "")
    assert "forgotten-gpu is gone: it was removed 2026-11-02 03:00 UTC. Nothing was kept." in refused.err
    assert "tuneguard restore projects/100000000001/" in refused.err


def test_a_pause_shows_everywhere_until_it_ends(telling: Place) -> None:
    assert telling.here("pause", "--why", "release day", *telling.by("ada")).code == 0

    ada = telling.named("ada")
    assert f"Paused by {ada} since 2026-11-02 06:00 UTC: release day" in telling.here("status").out
    assert telling.here("status", "-o", "json").document["paused"]
    resumed = telling.here("resume")
    assert (resumed.code, f"{ada} had paused it" in resumed.out) == (0, True)
    assert telling.here("resume").code == 1
    assert telling.here("status", "-o", "json").document["paused"] is None


def test_a_yes_binds_to_the_acts_that_wait(telling: Place) -> None:
    one = telling.here("approve", "waiting", "-o", "json").document
    pool = telling.here("approve", "shared-pool", "-o", "json").document

    assert len(one["approved"]) == 1
    assert len(pool["approved"]) == 2, "sharers go together"
    assert telling.here("approve", one["approved"][0]).code == 0
    assert "Approved until 2026-11-05 06:00 UTC: undeploy waiting, due now." in telling.here("approve", "waiting").out


def test_a_yes_to_what_does_not_wait_finds_nothing(telling: Place) -> None:
    answer = telling.here("approve", "busy")

    assert (answer.code, answer.out) == (1, "No planned act waits on it: `tuneguard plan`.\n")


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--breaker",), "it has not tripped"),
        (("--widening",), "none waits"),
        (("--scope", "demo-research/us-central1"), "none is in doubt"),
        ((), "Nothing was named"),
    ],
)
def test_a_yes_in_advance_is_refused(telling: Place, option: tuple[str, ...], words: str) -> None:
    answer = telling.here("approve", *option)

    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err


def test_asking_for_a_removal_follows_the_same_rules(telling: Place) -> None:
    idle, used = telling.here("remove", "waiting"), telling.here("remove", "busy")

    assert (idle.code, idle.out.splitlines()[0]) == (
        0,
        f"Undeploy of waiting: due now, within the limits, on {telling.named(_me())}'s word.",
    )
    assert used.code == 1
    assert "busy does not go: It was called within its wait." in used.out
    assert telling.here("remove", "busy", "-o", "json").document["will_go"] is False
    assert "forgotten-gpu" in telling.here("history").out


def test_a_restore_is_tried_ordered_once_and_given_up(telling: Place) -> None:
    tried = telling.here("restore", "forgotten-gpu", "--dry-run")
    assert tried.code == 0
    assert "Would restore forgotten-gpu (undeploy of 2026-11-02 03:00 UTC)." in tried.out
    assert "does not come back: the deployed model's id" in tried.out
    assert "restore" not in telling.here("history", "forgotten-gpu").out

    for _ in range(2):
        assert telling.here("restore", "forgotten-gpu").code == 0
    whats = [one["what"] for one in telling.here("history", "forgotten-gpu", "-o", "json").document["events"]]
    assert len([what for what in whats if what.startswith("restore")]) == 1, whats

    assert "is not restored any more" in telling.here("restore", "forgotten-gpu", "--give-up").out
    again = telling.here("restore", "forgotten-gpu", "--give-up")
    assert (again.code, again.out) == (1, "No restore of it is waiting.\n")


def test_everything_that_one_cycle_removed_comes_back_together(telling: Place) -> None:
    document = telling.here("restore", "--cycle", "c-20261102T020000Z", "--dry-run", "-o", "json").document

    assert [one["subject"].rsplit("/", 1)[-1] for one in document["ordered"]] == ["11"]


def test_a_ledger_is_adopted_by_somebody(copied: Place) -> None:
    answer = copied.here("db", "adopt", "--who", "ada", "--why", "it is the one", "-o", "json")

    assert answer.document["adopted_by"] == "ada"
    assert "by ada on 2026-11-02" in copied.here("db", "info").out
    assert "nothing to do" in copied.here("db", "upgrade").out


def _me() -> str:
    import getpass

    return getpass.getuser()
