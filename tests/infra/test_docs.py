"""The docs list what the code has."""

import re
from pathlib import Path

from guard.sandbox.provider.kinds import KINDS
from infra import cost, settings
from tests.infra.declared import BASE, declare, raw

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference" / "infra.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return REFERENCE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def first_cells(text: str) -> set[str]:
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name for cell in rows for name in re.findall(r"`([^`]+)`", cell)}


def test_every_configuration_key_is_documented() -> None:
    assert first_cells(section("Configuration")) == settings.KEYS | {"gcp:project", "gcp:region"}


def test_every_output_is_documented() -> None:
    assert first_cells(section("Outputs")) == declare().outputs.keys()


def test_every_component_is_documented() -> None:
    files = (ROOT / "infra" / "components").glob("*.py")
    made = {
        name
        for file in files
        for name in re.findall(r"class (\w+)\(pulumi\.ComponentResource\)", file.read_text(encoding="utf-8"))
    }

    assert first_cells(section("Parts")) == made


def test_the_sandbox_knows_every_type_that_the_program_uses() -> None:
    files = (ROOT / "infra" / "components").glob("*.py")
    used = {
        name
        for file in files
        for name in re.findall(r"= gcp\.(\w+\.\w+)\(|\bgcp\.(\w+\.\w+)\(\n", file.read_text(encoding="utf-8"))
    }
    known = {f"{token.split(':')[1].partition('/')[0]}.{token.rpartition(':')[2]}" for token in KINDS}

    not_resources = {"storage.BucketLifecycleRuleArgs", "organizations.get_project_output"}
    assert {one or other for one, other in used} - not_resources <= known


def test_the_costs_told_in_the_set_up_are_the_computed_ones() -> None:
    text = (ROOT / "docs" / "how-to" / "infra-set-up.md").read_text(encoding="utf-8")
    told = re.search(r"about (\d+) USD for the `vm` home, about (\d+) USD for `worker_pool`", text)
    pool = raw({**BASE, "home": "worker_pool", "databasePassword": "x", "guardConfig": "guard.yaml"})
    secret = frozenset({"tuneguard:databasePassword"})

    assert told is not None
    assert int(told[1]) == round(cost.monthly_cost(settings.load(raw(BASE), stack="dev")).known)
    assert int(told[2]) == round(cost.monthly_cost(settings.load(pool, secret_keys=secret, stack="dev")).known)
