"""guard.yaml as the stack delivers it: budgets and mode are the stack's."""

from dataclasses import replace
from pathlib import Path

import pytest

from infra import guard_file, settings
from infra.reader import SettingsError
from tests.infra.declared import BASE, raw

WITH_BUDGET = settings.load(
    raw({**BASE, "guardConfig": "guard.yaml", "budget": {"monthly": 500}, "billingAccount": "012345-6789AB-CDEF01"}),
    stack="dev",
)


def read(folder: Path, text: str, chosen: settings.Settings = WITH_BUDGET) -> str:
    (folder / "guard.yaml").write_text(text, encoding="utf-8")
    return guard_file.read(chosen, folder)


def test_the_file_is_delivered_as_it_is(tmp_path: Path) -> None:
    text = "# mine\nmode: observe\nbudgets: [{name: project, monthly: 500 USD}, {name: search, monthly: 50 USD}]\n"

    assert read(tmp_path, text) == text


@pytest.mark.parametrize("amount", ["400 USD", "500 EUR", "lots"])
def test_a_budget_that_differs_from_the_stacks_is_refused(tmp_path: Path, amount: str) -> None:
    with pytest.raises(
        SettingsError, match=rf"budgets\[project\].monthly: found '{amount}'; expected the stack's: 500 USD"
    ):
        read(tmp_path, f"budgets: [{{name: project, monthly: {amount}}}]\n")


def test_a_copied_budget_without_one_in_the_stack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="expected the stack's: no budget"):
        read(tmp_path, "budgets: [{name: project, monthly: 5 USD}]\n", replace(WITH_BUDGET, budget=None))


def test_a_file_that_wants_more_than_the_identity_may_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Type: pulumi config set mode enforce"):
        read(tmp_path, "mode: enforce\n")

    assert read(tmp_path, "mode: enforce\n", replace(WITH_BUDGET, mode="enforce"))


def test_a_channel_whose_variable_the_stack_does_not_set_is_refused_for_the_daemon_would_not_start(
    tmp_path: Path,
) -> None:
    text = 'notify: {ops: "${OPS_URL}", search: "slack://${SEARCH_TOKEN}/x"}\n'

    with pytest.raises(SettingsError) as failed:
        read(tmp_path, text)
    told = str(failed.value)
    assert "notify.ops: found ${OPS_URL}" in told
    assert "Type: pulumi config set --secret notifyUrls VALUE" in told
    assert "notify.search: found ${SEARCH_TOKEN}" in told
    assert "A home knows OPENAI_API_KEY, OPS_URL only" in told
    assert read(tmp_path, text, replace(WITH_BUDGET, home="none")), "a daemon elsewhere has an environment of its own"
    ours = 'notify: {ops: "${OPS_URL}"}\n'
    assert read(tmp_path, ours, replace(WITH_BUDGET, secrets=("notifyUrls",))) == ours


@pytest.mark.parametrize("text", ["- a\n", "a: [\n", "just words\n"])
def test_what_is_no_guard_yaml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="guardConfig"):
        read(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"guard\.yaml cannot be read"):
        guard_file.read(WITH_BUDGET, tmp_path)
