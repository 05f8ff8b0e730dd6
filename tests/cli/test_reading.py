"""Every command that reads: its table fits, its JSON says which version it is, and both end with the same code."""

from __future__ import annotations

import pytest

from tests.cli.anywhere import Api, elsewhere
from tests.cli.world import LONG, Place

pytestmark = pytest.mark.xdist_group("cli")

READING = (
    ("status",),
    ("status", "--all"),
    ("plan",),
    ("explain", "busy"),
    ("explain", "forgotten-gpu"),
    ("history",),
    ("history", "forgotten-gpu"),
    ("jobs",),
)
MONEY = (("costs",), ("costs", "--by", "owner"), ("prices",), ("budgets",))
HERE = (("doctor",), ("db", "info"), ("db", "verify"), ("config", "check"))


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_an_answer_is_a_table_of_100_columns_or_one_json_document(anywhere: Place, command: tuple[str, ...]) -> None:
    fits(anywhere, command, code=0)


@pytest.mark.parametrize("command", HERE, ids=" ".join)
def test_so_is_what_can_be_asked_on_the_machine_only(place: Place, command: tuple[str, ...]) -> None:
    fits(place, command, code=0)


def fits(place: Place, command: tuple[str, ...], *, code: int) -> None:
    table, document = place.here(*command), place.here(*command, "--output", "json")

    assert (table.code, table.err) == (code, "")
    assert (document.code, document.err) == (code, "")
    assert document.document["schema_version"] == 1
    rows = [line for line in table.out.splitlines() if line.startswith(" ")]
    if command[0] != "explain":  # addresses stay in one piece there
        assert max(map(len, rows), default=0) <= 100


@pytest.mark.parametrize("command", [*READING, *MONEY, ("costs", "--csv"), ("explain", "nope")], ids=" ".join)
def test_another_machine_says_the_same_as_the_guards_own(place: Place, api: Api, command: tuple[str, ...]) -> None:
    with elsewhere(place, api) as there:
        assert there.here(*command) == place.here(*command)
        if "--csv" not in command and "nope" not in command:
            assert there.here(*command, "-o", "json").document == place.here(*command, "-o", "json").document


@pytest.mark.parametrize("command", [("status",), ("jobs", "-o", "json")], ids=" ".join)
def test_a_process_says_the_same_as_the_function(place: Place, command: tuple[str, ...]) -> None:
    assert place(*command) == place.here(*command)


def test_status_lists_what_bills_dearest_first_and_counts_the_rest(anywhere: Place) -> None:
    things = anywhere.here("status", "-o", "json").document["things"]
    out = anywhere.here("status").out

    rates = [float(one["rate"]["amount"]) for one in things if one["rate"]]
    assert rates == sorted(rates, reverse=True)
    assert things[0]["endpoint_display_name"] == "strange", "an unknown price comes first"
    assert out.index("shared-pool") < out.index("waiting")
    assert "empty-shell" not in out
    assert "cost nothing by the hour" in out
    assert "a lower bound, 1 thing(s) without a known price" in out
    assert "empty-shell" in anywhere.here("status", "--all").out


def test_names_in_a_table_are_short_whole_and_told_apart(anywhere: Place) -> None:
    out = anywhere.here("status").out

    assert LONG not in out
    assert LONG[:14] in out
    assert "odd [bold]name[/]" in out, "brackets of a name are no marks"
    assert "(1005)" in out
    assert "(1006)" in out


def test_status_can_be_narrowed_to_a_project_or_a_policy(anywhere: Place) -> None:
    by_project = anywhere.here("status", "--project", "demo-product", "-o", "json").document["things"]
    by_number = anywhere.here("status", "--project", "100000000002", "-o", "json").document["things"]
    by_policy = anywhere.here("status", "--policy", "prod", "-o", "json").document["things"]

    assert {one["project"] for one in by_project} == {"demo-product"}
    assert by_number == by_project
    assert {one["endpoint_display_name"] for one in by_policy if one["kind"] == "deployed_model"} == {"shop"}


@pytest.mark.parametrize("command", ["status", "plan", "jobs"])
@pytest.mark.parametrize(
    ("option", "known"), [("--project", "demo-product, demo-research"), ("--policy", "default, prod")]
)
def test_a_misspelt_selector_is_refused_and_not_shown_as_empty(
    anywhere: Place, command: str, option: str, known: str
) -> None:
    answer = anywhere.here(command, option, "nope")

    assert (answer.code, answer.out) == (2, "")
    assert f"{option}: found 'nope'" in answer.err
    assert known in answer.err


def test_a_look_now_says_what_the_ledger_said_and_writes_nothing(place: Place) -> None:
    before = place.ledger.read_bytes()

    fresh = place.here("plan", "--fresh", "-o", "json").document
    known = place.here("plan", "-o", "json").document
    things = place.here("status", "--fresh", "-o", "json").document["things"]

    assert [one["subject"] for one in fresh["blocked"]] == [one["subject"] for one in known["blocked"]]
    assert {one["subject"] for one in things} >= {one["subject"] for one in known["kept"]}
    assert place.ledger.read_bytes() == before


def test_the_plan_says_what_is_blocked_and_what_a_pool_costs_together(anywhere: Place) -> None:
    out = anywhere.here("plan").out

    assert "Blocked (3)" in out
    assert "throttled" in out
    assert "The limits (removals_per_day in guard.yaml) alone hold back" in out
    assert "(pool" in out
    assert "together" in out
    assert "Nothing goes now" not in out
    assert "Suggestion for nightly-tune" in out


def test_an_empty_plan_says_so(anywhere: Place) -> None:
    out = anywhere.here("plan", "--project", "demo-product").out

    assert "Nothing goes now, and nothing is announced." in out


def test_another_guard_yaml_is_compared_with_the_one_in_force(copied: Place) -> None:
    other = copied.folder / "other.yaml"
    other.write_text(copied.config.read_text("utf-8").replace("removals_per_day: 1", "removals_per_day: 9"), "utf-8")

    answer = copied.here("plan", "--against", "other.yaml")
    same = copied.here("plan", "--against", "guard.yaml")

    assert answer.code == 1
    assert "waiting: blocked (idle) -> goes now (idle)" in answer.out
    assert same.code == 0
    assert "0 of" in same.out


def test_explain_tells_of_a_removal_and_how_to_undo_it(anywhere: Place) -> None:
    out = anywhere.here("explain", "forgotten-gpu").out

    assert "was undeployed" in out
    assert "a wrong removal costs" in out
    assert "guard.yaml:" in out, "the policy's line in the file"
    assert "tuneguard restore projects/100000000001/" in out
    assert "delivered" in out


@pytest.mark.parametrize(
    "name",
    [
        "sharer-one",
        "1007",
        "shared-pool",
        "projects/100000000001/locations/us-central1/endpoints/1007/deployedModels/17",
    ],
)
def test_a_pools_sharer_stands_for_its_pool(anywhere: Place, name: str) -> None:
    document = anywhere.here("explain", name, "-o", "json").document

    assert document["subject"].endswith("/deploymentResourcePools/shared-pool")


@pytest.mark.parametrize("name", ["nightly-tune", "901", "old-weights", "empty-shell", "tuned-answers", "shop-model"])
def test_everything_that_was_seen_can_be_explained(anywhere: Place, name: str) -> None:
    assert " stays" in anywhere.here("explain", name).out


def test_jobs_shows_warnings_and_how_many_endpoints_were_left(anywhere: Place) -> None:
    rows = anywhere.here("jobs").out

    assert "runs for" in rows
    [ended, running] = sorted(anywhere.here("jobs", "-o", "json").document["jobs"], key=lambda job: str(job["reason"]))
    assert len(ended["evidence"]["endpoints"]) == 3
    assert running["owner"] == "ada@example.com"


def test_history_of_all_and_of_one_is_in_the_order_of_time(anywhere: Place) -> None:
    for command in (("history",), ("history", "forgotten-gpu")):
        events = anywhere.here(*command, "-o", "json").document["events"]
        assert [one["at"] for one in events] == sorted(one["at"] for one in events)
    whats = [one["what"] for one in events]
    assert whats.index("undeploy noticed") < whats.index("undeploy intended") < whats.index("undeploy verified")
    assert len(anywhere.here("history", "--limit", "2", "-o", "json").document["events"]) == 2


def test_the_configuration_is_shown_without_secrets(copied: Place) -> None:
    copied.change('ml: "', 'chat: "slack://TokenA/TokenB/SecretTokenC", ml: "')

    answer = copied.here("config", "show", TUNEGUARD_LEDGER="postgresql://ada:hunter2@db.example/tuneguard")

    assert answer.document["notify"] == ["chat", "ml", "ops"]
    assert answer.document["settings"]["default"]["policies"][0]["wait"] == "never"
    assert "SecretTokenC" not in answer.out
    assert "hunter2" not in answer.out


def test_the_ledger_is_exported_row_by_row(place: Place) -> None:
    import json

    rows = [json.loads(line) for line in place.here("db", "export").out.splitlines()]

    assert {row["table"] for row in rows} >= {"acts", "act_events", "recipes", "verdicts"}


def test_a_reader_who_has_seen_enough_is_no_error(place: Place) -> None:
    import subprocess

    from tests.cli.world import COMMAND, environment_of

    with subprocess.Popen(
        [*COMMAND, "status", "--all", "-o", "json"],
        cwd=place.folder,
        env=environment_of(place.folder, place.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
    assert (process.returncode, told) == (0, b"")
