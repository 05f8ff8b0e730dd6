"""Wrong configuration: one clear error that names key, finding and remedy, before anything is made."""

import ast
import importlib.util
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra import settings
from infra.reader import SettingsError
from infra.specs import exact_amount
from tests.infra.declared import BASE, raw


def load(values: dict[str, Any], stack: str = "dev") -> settings.Settings:
    return settings.load(raw({**BASE, **values}), stack=stack)


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("no project", {"gcp:project": ""}, "gcp:project: found nothing; expected a project id such as my-project-123"),
    ("no region", {"gcp:region": ""}, "Type: pulumi config set gcp:region VALUE"),
    ("project name", {"gcp:project": "My Project"}, "gcp:project: found 'My Project'"),
    ("bad region", {"gcp:region": "europe-wst4"}, "(did you mean europe-west4"),
    ("unknown key", {"bugdet": {"monthly": 5}}, "bugdet: found an unknown key; expected a known one (did you mean budget"),
    ("bad mode", {"mode": "delete"}, "mode: found 'delete'; expected one of observe, approve, enforce"),
    ("no boolean", {"buckets": "yes"}, "buckets: found 'yes'; expected true or false"),
    ("no list", {"watch": "acme-lab"}, "watch: found 'acme-lab'; expected a list of texts. Type: pulumi config set --path"),
    ("bad member", {"team": ["ana@example.com"]}, "team: found 'ana@example.com'; expected members such as"),
    ("bad address", {"alertEmail": "ops"}, "alertEmail: found 'ops'"),
    ("budget without account", {"budget": {"monthly": 500}}, "billingAccount: found nothing, with a budget"),
    ("amount no number", {"budget": {"monthly": "5x"}}, "budget.monthly: found '5x'; expected an amount above 0"),
    ("amount zero", {"budget": {"monthly": 0}}, "budget.monthly: found 0"),
    ("bad currency", {"budget": {"monthly": 5, "currency": "euro"}}, "budget.currency: found 'euro'"),
    ("bad threshold", {"budget": {"monthly": 5, "alertAt": ["half"]}}, "budget.alertAt: found ['half']"),
    ("bad budget field", {"budget": {"mothly": 5}}, "budget.mothly: found an unknown field"),
    ("bad endpoint name", {"endpoints": [{"name": "Chat"}]}, "endpoints[0].name: found 'Chat'; expected lower-case letters"),
    ("twice", {"endpoints": [{"name": "a"}, {"name": "a"}]}, "endpoints[1].name: found 'a'; expected a name used once"),
    ("bad label", {"endpoints": [{"name": "a", "labels": {"Team": "x"}}]}, "endpoints[0].labels: found {'Team': 'x'}"),
    ("bad endpoint region", {"endpoints": [{"name": "a", "region": "mars"}]}, "endpoints[0].region: found 'mars'"),
    ("secret in clear", {"openaiKey": "sk-1"}, "openaiKey: found a value in clear text; expected an encrypted one"),
    ("home without identity", {"identity": False}, "home: found 'vm' with identity false"),
    ("home without image", {"images": False}, "image: found nothing, with images false"),
    ("pool without password", {"home": "worker_pool"}, "databasePassword: found nothing, with home worker_pool"),
    ("pool without guard.yaml", {"home": "worker_pool"}, "guardConfig: found nothing, with home worker_pool"),
    ("page on a vm", {"page": True}, "page: found true with home 'vm'"),
    ("acting without bucket", {"mode": "enforce", "buckets": False}, "mode: found 'enforce' with buckets false"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "told"), [(values, told) for _, values, told in WRONG], ids=[name for name, _, _ in WRONG]
)
def test_wrong_configuration_is_told(values: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError) as failed:
        load(values)

    assert told in str(failed.value)
    assert "Pulumi.dev.yaml cannot be used; nothing was made or changed" in str(failed.value)


def test_a_secret_is_never_shown_in_an_error() -> None:
    with pytest.raises(SettingsError) as failed:
        load({"openaiKey": "sk-very-secret"})

    assert "sk-very-secret" not in str(failed.value)


def test_a_stack_name_that_makes_names_too_long_is_refused() -> None:
    with pytest.raises(SettingsError, match="the stack's name: found 'production-in-europe'"):
        load({}, stack="production-in-europe")


def test_defaults_observe_and_watch_the_own_project() -> None:
    chosen = load({})

    assert (chosen.mode, chosen.watch, chosen.home, chosen.budget, chosen.data_may_go) == (
        "observe",
        ("acme-ml",),
        "vm",
        None,
        False,
    )


def test_a_budget_is_read_exactly() -> None:
    budget = load(
        {
            "budget": {"monthly": "499.99", "alertAt": ["12.5%", "forecast 100%"]},
            "billingAccount": "012345-6789AB-CDEF01",
        }
    ).budget

    assert budget is not None
    assert budget.monthly == Decimal("499.99")
    assert [str(one) for one in budget.thresholds] == ["12.5%", "forecast 100%"]


@pytest.mark.parametrize("value", ["", "-1", "0", "1.001", "NaN", "inf", "1e999", True, None, [], 1.5, "5 USD"])
def test_no_amount_is_taken_for_an_amount(value: Any) -> None:
    assert exact_amount(value) is None


def test_the_regions_are_those_of_the_installed_client() -> None:
    """Read from the source, for importing the client takes five seconds."""
    found = importlib.util.find_spec("google.cloud.aiplatform")
    assert found is not None
    assert found.submodule_search_locations is not None
    text = (Path(found.submodule_search_locations[0]) / "constants" / "base.py").read_text(encoding="utf-8")
    listed = next(
        ast.literal_eval(node.value.args[0])
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "SUPPORTED_REGIONS"
        and isinstance(node.value, ast.Call)
    )

    assert set(listed) - {"global"} == settings.REGIONS
