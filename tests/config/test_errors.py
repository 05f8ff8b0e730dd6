"""Every wrong field is told with file, line, column, field, what was found and what was expected."""

from __future__ import annotations

import pytest

from guard.config import parse
from guard.ports.errors import ConfigInvalid
from tests.config.files import ENVIRONMENT, VALID, changed, read

DURATION = 'Expected a duration such as "6h", "2d" or "1h30m"'
CASES = [
    # what is changed, into what, where, and the message
    ("mode: observe", "mode: destroy", "1:1: mode", "found 'destroy'. Expected 'observe', 'approve' or 'enforce'"),
    ("mode: observe", "mood: observe", "1:1: mood", "is not a known key"),
    ("projects: [acme-ml]", "projects: []", "2:1: projects", "found no project"),
    ("projects: [acme-ml]", "projects: {folder: 1, exclud: []}", "2:23: projects.exclud", "is not a known key"),
    ("projects: [acme-ml]\n", "", "1:1: projects", "missing. Add it"),
    ("fallback: ops", "fallback: nobody", "3:10: owners.fallback", "found 'nobody'. Expected a name under notify: ops"),
    ("{fallback: ops}", "{}", "3:1: owners.fallback", "missing"),
    (
        "{fallback: ops}",
        "{fallback: ops, from: [boss]}",
        "3:25: owners.from",
        "found 'boss'. Expected label:KEY, run or creator",
    ),
    ("${OPS_URL}", "${OTHER_URL}", "4:10: notify.ops", "needs ${OTHER_URL}, which is not in the environment. Set it"),
    (
        "per_minute_down: 1",
        "per_minute_down: lots",
        "6:10: if_wrong.team.per_minute_down",
        'Expected an amount such as 0.10 or "500 USD"',
    ),
    (
        "per_minute_down: 1",
        "per_minute_down: -1",
        "6:10: if_wrong.team.per_minute_down",
        "Expected an amount of at least 0",
    ),
    ("per_minute_down: 1", "per_minute_down: .inf", "6:10: if_wrong.team.per_minute_down", "Expected an amount"),
    (
        "per_minute_down: 1",
        "per_minute_down: 1 DOLLARS",
        "6:10: if_wrong.team.per_minute_down",
        "three letters such as USD",
    ),
    ("per_minute_down: 1", "floor: 3", "6:10: if_wrong.team.floor", f"found 3, a number without a unit. {DURATION}"),
    (
        "name: prod",
        "name: default",
        "11:5: policies[default].name",
        "found 'default' a second time. Policy names have to differ",
    ),
    ("name: prod", 'name: ""', "8:5: policies[].name", "found ''"),
    ("labels: {env: prod}", "lables: {env: prod}", "9:13: policies[prod].match.lables", "is not a known key"),
    (
        "labels: {env: prod}",
        "kinds: [vm]",
        "9:21: policies[prod].match.kinds[0]",
        "found 'vm'. Expected 'deployed_model'",
    ),
    ("match: {labels: {env: prod}}", "match: all", "11:5: policies[default]", "can never match"),
    (
        "wait: never",
        "wait: 6",
        "10:5: policies[prod].wait",
        '6, a number without a unit. Expected a duration such as "6h", "2d" or "1h30m", or "never"',
    ),
    ("wait: never", "wait: forever", "10:5: policies[prod].wait", "found 'forever', no duration"),
    ("wait: never", "wait: break_even", "10:5: policies[prod].wait", "found 'break_even' without if_wrong"),
    ("wait: never", "wait: 1h\n    notify_before: 2h", "11:5: policies[prod].notify_before", "longer than the wait of"),
    ("wait: never", "wait: 99999d", "10:5: policies[prod].wait", "longer than ten years"),
    (
        "if_wrong: team",
        "if_wrong: teem",
        "12:5: policies[default].if_wrong",
        "found 'teem'. Expected a class under if_wrong: team",
    ),
    ("do: [undeploy]", "do: [destroy]", "14:10: policies[default].do[0]", "found 'destroy'. Expected 'scale_to_zero'"),
    (
        "do: [undeploy]",
        "do: [delete_model]",
        "14:5: policies[default].do",
        "it costs nothing by the hour, so break-even never comes",
    ),
    (
        "do: [undeploy]",
        "do: [{undeploy: {accepted_by: ada}}]",
        "14:5: policies[default].do",
        "Only delete_model takes it",
    ),
    ("do: [undeploy]", "do: undeploy", "14:5: policies[default].do", "found 'undeploy'"),
    ("do: [undeploy]", "worst_case: 0.5x", "14:5: policies[default].worst_case", "Expected a factor of at least 1"),
    ("do: [undeploy]", "worst_case: big", "14:5: policies[default].worst_case", 'Expected a factor such as "3x"'),
    (
        "do: [undeploy]",
        "act_during: Mon-Fri",
        "14:5: policies[default].act_during",
        'Expected e.g. "Mon-Fri 09:00-17:00 Europe/Madrid"',
    ),
    ("do: [undeploy]", "act_during: Mon-Fri 09:00-25:00", "14:5: policies[default].act_during", "no time of day"),
    (
        "do: [undeploy]",
        "act_during: Mon-Fri 09:00-09:00",
        "14:5: policies[default].act_during",
        "begins and ends at the same time",
    ),
    (
        "do: [undeploy]",
        "act_during: Mon-Fri 09:00-17:00 Mars/Base",
        "14:5: policies[default].act_during",
        "the time zone 'Mars/Base', which does not exist",
    ),
    ("do: [undeploy]", "act_during: Foo 09:00-17:00", "14:5: policies[default].act_during", "the weekday 'foo'"),
    (
        "do: [undeploy]",
        "probes: {count: 0, every: 5m}",
        "14:14: policies[default].probes.count",
        "Expected 1 or more",
    ),
    ("do: [undeploy]", "probes: {count: 1}", "14:5: policies[default].probes.every", "missing"),
    ("do: [undeploy]", "restore_when_wrong: perhaps", "14:5: policies[default].restore_when_wrong", "found 'perhaps'"),
    ("removals_per_day: 3", "removals_per_day: 0", "15:10: limits.removals_per_day", "Expected 1 or more"),
    ("removals_per_day: 3", "removals_per_day: many", "15:10: limits.removals_per_day", "found 'many'"),
    (
        "removals_per_day: 3",
        "breaker_share: 150%",
        "15:10: limits.breaker_share",
        'Expected a share above 0 and up to "100%"',
    ),
    (
        "limits:",
        "budgets: [{name: all, monthly: 5 USD, alert_at: [half]}]\nlimits:",
        "15:39: budgets[all].alert_at",
        'Expected a share such as "50%"',
    ),
    ("limits:", "prices: {n1-standard-4: 0 USD}\nlimits:", "15:10: prices.n1-standard-4", "never 0"),
    (
        "limits:",
        "prices: {n1-standard-4+NVIDIA_L4: 1 USD}\nlimits:",
        "15:10: prices.n1-standard-4+NVIDIA_L4",
        "Expected MACHINE",
    ),
    ("limits:", "bucket: s3://x\nlimits:", "15:1: bucket", "found 's3://x'. Expected gs://BUCKET[/PREFIX]"),
    ("limits:", "health: {port: 99999}\nlimits:", "15:10: health.port", "Expected 65535 or less"),
    (
        "limits:",
        "environments: {a: {projects: [x]}, b: {projects: [x]}}\nlimits:",
        "15:40: environments.b.projects",
        "found 'x', which is in environment 'a' too",
    ),
    (
        "limits:",
        "environments: {a: {projects: [x], fallback: y}}\nlimits:",
        "15:35: environments.a.fallback",
        "Expected a name under notify: ops",
    ),
    ("limits:", "every: 15\nlimits:", "15:1: every", "found 15, a number without a unit"),
    ("projects: [acme-ml]", "projects: ['acme ml']", "2:12: projects[0]", "Expected a project id (6 to 30"),
    (
        "match: {labels: {env: prod}}",
        "match: {projects: [other-ml, 'ops-*']}",
        "9:13: policies[prod].match.projects",
        "none of them is watched (projects: acme-ml): the policy 'prod' can never match",
    ),
    (
        "    if_wrong: team\n    wait: break_even\n    do: [undeploy]",
        "    match: {kinds: [tuning_job]}\n    wait: 24h\n    do: [cancel_job, undeploy]",
        "14:22: policies[default].do[1]",
        "found undeploy, which is done to deployed_model or pool; the policy matches only tuning_job",
    ),
    (
        "per_minute_down: 1",
        "per_minute_down: 1 EUR",
        "6:10: if_wrong.team.per_minute_down",
        "every price is in USD: no wait could be worked out",
    ),
    ("removals_per_day: 3", "removals_per_day: many", "15:10: limits.removals_per_day", "Expected a whole number"),
    ("removals_per_day: 3", "removals_per_day: 1.5", "15:10: limits.removals_per_day", "Expected a whole number"),
    ("mode: observe", "mode: enforce", "1:1: bucket", "missing, and mode is not observe"),
]


@pytest.mark.parametrize(("old", "new", "where", "what"), CASES, ids=[f"{case[2]} {case[1]}"[:70] for case in CASES])
def test_a_wrong_field_is_told_with_its_place(old: str, new: str, where: str, what: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        read(changed(old, new))

    [line] = caught.value.message.splitlines()
    assert line.startswith(f"guard.yaml:{where}: ")
    assert what in line


def test_a_policy_for_places_that_are_not_watched_can_never_match() -> None:
    text = changed("match: {labels: {env: prod}}", "match: {locations: [us-east5, 'asia-*']}")

    with pytest.raises(
        ConfigInvalid, match=r"us-east5, asia-\*, and none of them is watched \(locations: us-central1\)"
    ):
        read("locations: [us-central1]\n" + text)
    read("locations: [asia-east1]\n" + text)


def test_what_only_the_cloud_can_tell_is_not_refused() -> None:
    """A number may be the number of the project whose id is watched; a folder's projects are not known offline."""
    read(changed("match: {labels: {env: prod}}", "match: {projects: [123456789012, 'acme-*']}"))
    read(
        changed("match: {labels: {env: prod}}", "match: {projects: [other-ml]}").replace(
            "[acme-ml]", "{folder: 123456}"
        )
    )
    read(
        changed("per_minute_down: 1", "per_minute_down: 1 EUR").replace(
            "limits:", "prices: {n1-standard-4: 1 EUR}\nlimits:"
        )
    )


def test_a_file_without_a_mistake_is_read() -> None:
    config = read()

    assert config.settings.enrolment.projects == ("acme-ml",)
    assert config.warnings == ()


def test_mistakes_are_told_all_at_once_in_the_order_of_the_file() -> None:
    text = (
        VALID.replace("mode: observe", "mode: x").replace("wait: never", "wait: 6").replace("per_day: 3", "per_day: x")
    )

    with pytest.raises(ConfigInvalid) as caught:
        read(text)

    assert [line.split(":")[1] for line in caught.value.message.splitlines()] == ["1", "10", "15"]


def test_secrets_are_not_repeated_in_an_error() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        parse(changed("per_day: 3", "per_day: x"), source="guard.yaml", environment={"OPS_URL": "slack://secret-token"})

    assert "secret-token" not in str(caught.value)


def test_a_name_of_ours_in_the_environment_that_nothing_reads_is_refused() -> None:
    with pytest.raises(ConfigInvalid, match="TUNEGUARD_LEGDER, which nothing reads"):
        read(TUNEGUARD_LEGDER="x")


def test_a_name_that_the_file_itself_uses_is_read() -> None:
    config = parse(
        changed("${OPS_URL}", "${TUNEGUARD_OPS}"), source="guard.yaml", environment={"TUNEGUARD_OPS": "json://h"}
    )

    assert config.notify == {"ops": "json://h"}


def test_a_file_without_policies_is_told_to_keep_everything() -> None:
    text = VALID[: VALID.index("policies:")]

    assert read(text).warnings == ("there is no policy, so everything is kept.",)


def test_an_empty_environment_is_not_an_empty_url() -> None:
    assert ENVIRONMENT["OPS_URL"] == read().notify["ops"]
