"""The shown change to guard.yaml means what it says: applied, the file loads and only that policy's wait is another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.config import load
from guard.core.rules import BreakEven, Fixed, Learned, Policy, WaitRule
from guard.desk.trial_diff import change_to
from guard.desk.trials import wait_text

HEAD = """\
mode: observe
projects: [demo-project, other-project]
owners: {fallback: ops}
notify: {ops: "json://127.0.0.1/secret-token"}   # wait: for the ops team
if_wrong: {team: {per_minute_down: 1}}
policies:
"""
FORMS = {
    "block": """\
  - name: prod
    match: {labels: {env: prod}}
    wait: never
  - name: other
    match: {projects: [other-project]}
    wait: 24h
  - name: default
    if_wrong: team
    do:
      - undeploy: {wait: 12h}
    wait: 24h   # a day
limits: {removals_per_day: 2}
""",
    "dash on its own keys": """\
- match: all
  name: default
  wait: "24h"
  do: [undeploy]
""",
    "flow": """\
  - {name: prod, match: {labels: {env: prod}}, wait: never}
  - {name: default, if_wrong: team, wait: 24h, do: [undeploy]}
""",
    "flow over lines": """\
  - {name: default,
     if_wrong: team,
     wait: 24h, do: [undeploy]}
""",
    "no wait yet": """\
  - name: default
    if_wrong: team
    do:
      - undeploy: {wait: 12h}
""",
    "flow without a wait": """\
  - {name: default, if_wrong: team, do: [{undeploy: {wait: 12h}}]}
""",
}
WAITS: dict[str, type[WaitRule]] = {"auto": Learned, "break_even": BreakEven, "36h": Fixed}


def policies(path: Path) -> dict[str, Policy]:
    return {policy.name: policy for policy in load(path, {}).settings.default.policies}


def applied(text: str, diff: str) -> str:
    """Make the change by hand: take out what begins with a minus, put in what begins with a plus."""
    lines, out, at = text.splitlines(), list[str](), 0
    for line in diff.splitlines()[2:]:
        if line.startswith("@@"):
            start = int(line.split("-")[1].split(",")[0].split(" ")[0]) - 1
            out += lines[at:start]
            at = start
        elif line.startswith("+"):
            out.append(line[1:])
        else:
            assert lines[at] == line[1:], "the diff shows the file as it stands"
            out += [] if line.startswith("-") else [line[1:]]
            at += 1
    return "\n".join([*out, *lines[at:]]) + "\n"


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("form", FORMS)
def test_the_change_changes_that_policys_wait_and_nothing_else(form: str, wait: str, tmp_path: Path) -> None:
    text = HEAD + FORMS[form]
    path = tmp_path / "guard.yaml"
    path.write_text(text, encoding="utf-8")
    if "if_wrong: team" not in FORMS[form] and wait != "36h":
        pytest.skip("such a wait needs if_wrong, which the change says")
    before = policies(path)

    change = change_to(before["default"], wait, wait_text(before["default"].wait), text)

    assert change["diff"] is not None
    assert "secret-token" not in change["diff"]
    path.write_text(applied(text, change["diff"]), encoding="utf-8")
    after = policies(path)
    assert isinstance(after["default"].wait, WAITS[wait])
    assert after["default"].stages == before["default"].stages
    others = before.keys() - {"default"}
    assert {name: after[name].wait for name in others} == {name: before[name].wait for name in others}


def test_a_change_that_would_break_the_file_is_said_in_words(tmp_path: Path) -> None:
    text = (
        HEAD
        + """\
  - {name: one, match: {projects: [other-project]}, if_wrong: team, wait: &day 24h}
  - {name: default, if_wrong: team, wait: *day}
"""
    )
    path = tmp_path / "guard.yaml"
    path.write_text(text, encoding="utf-8")

    change = change_to(policies(path)["one"], "auto", "24h", text)

    assert change["diff"] is None
    assert "policies[one].wait: write auto in place of 24h" in change["sentence"]


def test_a_wait_that_needs_the_cost_of_being_wrong_says_so(tmp_path: Path) -> None:
    path = tmp_path / "guard.yaml"
    path.write_text(HEAD + FORMS["dash on its own keys"], encoding="utf-8")
    policy = policies(path)["default"]

    assert "if_wrong" in change_to(policy, "auto", "24h", None)["needs"]
    assert change_to(policy, "24h", "24h", None)["same"]
