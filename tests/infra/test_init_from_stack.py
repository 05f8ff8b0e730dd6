"""guard.yaml and .env from a stack's outputs."""

import os
import shlex
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from guard.cli import init_from_stack
from guard.config import load
from guard.config.schema import GuardFile
from guard.ports.errors import ConfigInvalid, Unavailable
from tests.infra.declared import declare

CONFIG: dict[str, Any] = {
    "mode": "enforce",
    "watch": ["acme-ml", "acme-lab"],
    "budget": {"monthly": "499.50", "currency": "EUR"},
    "billingAccount": "012345-6789AB-CDEF01",
    "notifyUrls": "json://127.0.0.1:9/it's a $url",
    "openaiKey": "sk-1",
}


@pytest.fixture(scope="module")
def outputs() -> dict[str, Any]:
    return declare(CONFIG).outputs


def test_the_written_file_is_a_guard_yaml_with_the_stacks_projects_bucket_and_budget(
    tmp_path: Path, outputs: dict[str, Any]
) -> None:
    file = tmp_path / "guard.yaml"
    file.write_text(init_from_stack.guard_yaml("dev", outputs), encoding="utf-8")

    config = load(file, {"OPS_URL": "json://127.0.0.1:9/"})

    assert config.settings.bucket == "gs://acme-ml-tuneguard-dev-guard/tuneguard"
    assert list(config.settings.enrolment.projects) == ["acme-ml", "acme-lab"]
    written = GuardFile.model_validate(YAML(typ="safe").load(file.read_text(encoding="utf-8")))
    [budget] = written.budgets
    assert written.google_budgets is not None
    assert written.google_budgets.subscription.endswith("/subscriptions/tuneguard-dev-budget-guard")
    assert written.google_budgets.same_as == {"tuneguard-dev": "project"}
    assert (budget.name, str(budget.monthly.amount), budget.monthly.currency) == ("project", "499.5", "EUR")


def test_the_stack_accepts_the_file_that_was_written_from_it(tmp_path: Path, outputs: dict[str, Any]) -> None:
    from infra import guard_file, settings
    from tests.infra.declared import BASE, raw

    (tmp_path / "guard.yaml").write_text(init_from_stack.guard_yaml("dev", outputs), encoding="utf-8")
    keys = frozenset(f"tuneguard:{key}" for key in settings.SECRETS)
    chosen = settings.load(raw({**BASE, **CONFIG, "guardConfig": "guard.yaml"}), secret_keys=keys, stack="dev")

    assert "budgets:" in guard_file.read(chosen, tmp_path)


def test_the_environment_survives_a_shell(outputs: dict[str, Any]) -> None:
    text = init_from_stack.environment("dev", outputs)

    words = [word for line in text.splitlines() if not line.startswith("#") for word in shlex.split(line)]
    assert words == ["OPENAI_API_KEY=sk-1", f"OPS_URL={CONFIG['notifyUrls']}"]


def test_without_a_notice_url_the_environment_says_what_is_missing() -> None:
    text = init_from_stack.environment("dev", declare().outputs)

    assert "stack key: notifyUrls" in text
    assert text.endswith("OPS_URL=\n")


def test_outputs_of_something_else_are_refused() -> None:
    with pytest.raises(ConfigInvalid, match="The outputs of stack dev lack mode, watch, project"):
        init_from_stack.guard_yaml("dev", {"bucketName": "x"})


def test_existing_files_are_kept_and_secrets_are_for_the_owner_only(
    tmp_path: Path, outputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(init_from_stack, "read_outputs", lambda _stack, _folder: outputs)
    file, dotenv = init_from_stack.write("dev", tmp_path / "guard.yaml", force=False)

    assert dotenv.stat().st_mode & 0o077 == 0
    with pytest.raises(ConfigInvalid, match="exists already and was kept"):
        init_from_stack.write("dev", file, force=False)
    dotenv.chmod(0o644)
    init_from_stack.write("dev", file, force=True)
    assert dotenv.stat().st_mode & 0o077 == 0


def test_a_missing_cli_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Unavailable, match="The pulumi CLI cannot be run"):
        init_from_stack.read_outputs("dev", tmp_path)


def test_what_pulumi_says_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = tmp_path / "pulumi"
    stand_in.write_text("#!/bin/sh\necho \"error: no stack named 'dev' found\" >&2\nexit 255\n", encoding="utf-8")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    with pytest.raises(Unavailable, match="no stack named 'dev' found"):
        init_from_stack.read_outputs("dev", tmp_path)
