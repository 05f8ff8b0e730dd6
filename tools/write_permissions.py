"""Write infra/data/permissions.json from what the guard's adapters and acts declare. A test says when it is due."""  # noqa: INP001  # a script

import json
from pathlib import Path

from guard.acts.permissions import enforce_permissions
from guard.adapters.permissions import READ_PERMISSIONS

FILE = Path(__file__).resolve().parents[1] / "infra" / "data" / "permissions.json"
ON_ACCOUNTS_ONLY = frozenset({"iam.serviceAccounts.actAs"})
"""Granted on single service accounts (stack key restoreAs): on a whole project it would let the guard become anybody."""


def roles() -> dict[str, list[str]]:
    """The permissions of the stack's two custom roles."""
    return {"observe": sorted(READ_PERMISSIONS), "act": sorted(set(enforce_permissions()) - ON_ACCOUNTS_ONLY)}


if __name__ == "__main__":
    FILE.write_text(json.dumps(roles(), indent=2) + "\n", encoding="utf-8")
