"""The files that ship: project file, stack examples, the program's start."""

import runpy
from io import StringIO
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, set_all_config, set_mocks
from ruamel.yaml import YAML

from infra import settings
from tests.infra.declared import Declared, _Monitor, _Platform, raw

ROOT = Path(__file__).parents[2]


def yaml(name: str) -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe").load(StringIO((ROOT / name).read_text(encoding="utf-8")))
    return document


def test_the_project_file_declares_every_key_but_secrets_with_type_default_and_description() -> None:
    declared = yaml("Pulumi.yaml")["config"]

    assert declared.keys() == settings.KEYS - set(settings.SECRETS)
    assert all({"type", "default", "description"} <= entry.keys() for entry in declared.values())


def test_the_declared_defaults_are_the_programs_defaults() -> None:
    base = {"gcp:project": "acme-ml", "gcp:region": "us-central1"}
    defaults = {key: entry["default"] for key, entry in yaml("Pulumi.yaml")["config"].items()}

    assert settings.load(raw({**base, **defaults}), stack="dev") == settings.load(base, stack="dev")


@pytest.mark.parametrize(("stack", "secrets"), [("dev", {}), ("prod", {"databasePassword": "x"})])
def test_the_example_stacks_are_valid(stack: str, secrets: dict[str, str]) -> None:
    values = yaml(f"Pulumi.{stack}.yaml")["config"] | {f"tuneguard:{key}": value for key, value in secrets.items()}

    chosen = settings.load(raw(values), secret_keys=frozenset(f"tuneguard:{key}" for key in secrets), stack=stack)

    assert chosen.endpoints[0].name == "chat"


def test_pulumi_up_starts_the_same_program() -> None:
    """infra/__main__.py is what the language host runs; here with mocks in the engine's place."""
    declared = Declared()
    set_mocks(_Platform(), project="tuneguard", stack="dev", preview=False, monitor=_Monitor(declared))
    set_all_config({"gcp:project": "acme-ml", "gcp:region": "us-central1", "tuneguard:home": "none"}, [])

    def run() -> pulumi.Output[None]:
        runpy.run_path(str(ROOT / "infra" / "__main__.py"), run_name="__main__")
        return pulumi.Output.from_input(None)

    mocks.test(run)()

    assert {"guard", "buckets-data"} <= {one.name for one in declared.resources}
