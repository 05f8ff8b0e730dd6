"""The second look: read the thing afresh, with all that a restore would need, and judge it once more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from guard.core.names import endpoint_of, model_and_version
from guard.core.reasons import BlockReason
from guard.core.removal import Act
from guard.core.usage import Usage
from guard.core.verdict import Idle, Stage, Verdict
from guard.ports.errors import Gone, GuardError, PermissionMissing
from guard.ports.inventory import Document, Inventory

Rejudge = Callable[[Act, Sequence[Document], Mapping[str, Usage], datetime], Verdict | None]
"""(act, fresh documents, usage up to now, now) -> the verdict of today; None if the thing is not in the first document.
The first is the thing's own; the others are those that go with it (the endpoints of who shares its pool).
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What the second look saw: the verdict and every raw document by its role."""

    verdict: Idle
    documents: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LookFailed:
    """The thing is not what was judged, or could not be read; nothing is done."""

    block: BlockReason
    why: str


def look(
    act: Act, *, inventory: Inventory, usage: Mapping[str, Usage], rejudge: Rejudge, now: datetime
) -> Look | LookFailed:
    """Read again and compare with what was judged: digest, generation, use up to now, operations in progress."""
    target = endpoint_of(act.key.subject)
    try:
        document = inventory.get(target)
        if document.body is None:
            return LookFailed(BlockReason.CHANGED_SINCE_PLAN, f"{target} does not exist any more")
        others = [inventory.get(name) for name in _along(act, target)]
        verdict = rejudge(act, [document, *others], usage, now)
        if not isinstance(verdict, Idle):
            reason = "it is not there any more" if verdict is None else f"it is judged {verdict.reason.value} now"
            return LookFailed(BlockReason.CHANGED_SINCE_PLAN, reason)
        if verdict.stage is not act.key.stage:
            return LookFailed(BlockReason.CHANGED_SINCE_PLAN, f"its stage is {verdict.stage.value} now")
        subject = verdict.subject
        if subject.generation != act.key.generation:
            return LookFailed(
                BlockReason.CHANGED_SINCE_PLAN, "another thing has its name now (createTime or versions differ)"
            )
        if subject.digest != act.digest:
            return LookFailed(BlockReason.CHANGED_SINCE_PLAN, "what it is made of changed since it was judged")
        if act.key.stage in {Stage.UNDEPLOY, Stage.DELETE_ENDPOINT} and inventory.operations_running(target):
            return LookFailed(BlockReason.CHANGED_SINCE_PLAN, "an operation on it is in progress")
        return Look(verdict, _documents(act, document.body, inventory))
    except (Gone, PermissionMissing) as error:
        return LookFailed(BlockReason.NO_RECIPE, str(error))
    except GuardError as error:
        return LookFailed(BlockReason.CHANGED_SINCE_PLAN, f"it could not be read again: {error}")


def _along(act: Act, target: str) -> list[str]:
    """The other endpoints whose models share the pool: they go together or not at all, so all are looked at again."""
    sharers = act.evidence.get("sharers", ()) if "pool" in act.evidence else ()
    return sorted({endpoint_of(str(name)) for name in sharers} - {target})


def _documents(act: Act, body: Mapping[str, Any], inventory: Inventory) -> dict[str, Any]:
    """Collect what a restore needs; a model or pool that is not there any more raises Gone: then nothing goes."""
    match act.key.stage:
        case Stage.UNDEPLOY:
            deployed_id = act.key.subject.rsplit("/", 1)[-1]
            deployed = next(d for d in body.get("deployedModels", ()) if str(d.get("id")) == deployed_id)
            documents: dict[str, Any] = {"endpoint": body, "deployed_model": deployed}
            model = str(deployed.get("model", ""))
            if model:
                name, version = model_and_version(model)
                version = deployed.get("modelVersionId") or version
                documents["model_version"] = _must(inventory, f"{name}@{version}" if version else name)
            if deployed.get("sharedResources"):
                documents["pool"] = _must(inventory, str(deployed["sharedResources"]))
            return documents
        case Stage.DELETE_ENDPOINT:
            return {"endpoint": body}
        case Stage.DELETE_MODEL:
            return {"model": body}
        case Stage.DELETE_FILE:
            return {"file": body}
        case _:
            return {"job": body}


def _must(inventory: Inventory, name: str) -> Mapping[str, Any]:
    document = inventory.get(name)
    if document.body is None:
        raise Gone(f"{name} does not exist any more, so this could not be restored.")
    return document.body
