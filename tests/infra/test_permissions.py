"""The stack's custom roles are what the guard's code declares, and the predefined roles hold what else it needs."""

import json
import runpy
from pathlib import Path

from guard.acts.permissions import STORE_PERMISSIONS, enforce_permissions
from guard.adapters.permissions import READ_PERMISSIONS
from guard.sandbox.iam import PREDEFINED
from infra.components.guard_identity import PERMISSIONS

WRITER = Path(__file__).parents[2] / "tools" / "write_permissions.py"


def test_the_roles_are_the_declared_permissions() -> None:
    """When this fails: .venv/bin/python tools/write_permissions.py"""
    assert runpy.run_path(str(WRITER))["roles"]() == PERMISSIONS


def test_observing_is_reading_and_nothing_else() -> None:
    assert set(PERMISSIONS["observe"]) == set(READ_PERMISSIONS)
    assert set(PERMISSIONS["observe"]) & set(PERMISSIONS["act"]) <= {"aiplatform.models.get"}


def test_acting_as_another_account_is_never_granted_on_a_project() -> None:
    assert "iam.serviceAccounts.actAs" in enforce_permissions()
    assert "iam.serviceAccounts.actAs" not in PERMISSIONS["act"]


def test_the_bucket_role_holds_what_claims_and_recipes_need() -> None:
    assert set(STORE_PERMISSIONS) <= set(PREDEFINED["roles/storage.objectUser"])


def test_the_file_is_what_its_writer_writes(tmp_path: Path) -> None:
    written = json.dumps(runpy.run_path(str(WRITER))["roles"](), indent=2) + "\n"

    assert (WRITER.parents[1] / "infra" / "data" / "permissions.json").read_text(encoding="utf-8") == written
