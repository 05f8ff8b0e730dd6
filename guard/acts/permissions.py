"""The permissions that acts need beyond observing, by stage. The custom role of `enforce` is generated from this list.

Source: docs.cloud.google.com/iam role pages for Vertex AI and Cloud Storage, read 2026-11-24 (names map call to
permission one to one; no live project was asked).
"""

from __future__ import annotations

from guard.core.verdict import Stage

ACT_PERMISSIONS: dict[Stage, tuple[str, ...]] = {
    Stage.UNDEPLOY: ("aiplatform.endpoints.undeploy", "aiplatform.endpoints.update"),
    Stage.DELETE_ENDPOINT: ("aiplatform.endpoints.delete",),
    Stage.DELETE_MODEL: ("aiplatform.models.delete",),
    Stage.CANCEL_JOB: ("aiplatform.tuningJobs.cancel",),
    Stage.RESTORE: (
        "aiplatform.endpoints.create",
        "aiplatform.endpoints.deploy",
        "aiplatform.models.get",
        "iam.serviceAccounts.actAs",
    ),
}
"""`endpoints.update` sets the label `tuneguard-removed` on the shell that an undeploy leaves."""

STORE_PERMISSIONS: tuple[str, ...] = ("storage.objects.create", "storage.objects.get", "storage.objects.delete")
"""On the bucket of claims and recipes only; `delete` is what overwriting an object asks for."""


PROVIDER_RIGHTS = {
    Stage.CANCEL_JOB: "a key that may write fine-tuning jobs",
    Stage.DELETE_MODEL: "a key of somebody with the Owner role in the organisation",
    Stage.DELETE_FILE: "a key that may write files",
}
"""What OPENAI_API_KEY must be good for, only for what `openai:` in guard.yaml opts in to (OpenAI's API reference, 2026-11-24)."""


def enforce_permissions() -> tuple[str, ...]:
    """Return every permission that enforcing adds to observing, sorted."""
    return tuple(sorted({name for names in ACT_PERMISSIONS.values() for name in names}))
