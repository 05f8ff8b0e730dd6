"""From the raw documents of the second look to a recipe, and from a recipe to the calls that bring the thing back. Pure.

What cannot be brought back is said in `lacks`: a server-made endpoint id cannot be asked for again, a redeploy takes a new
deployed model id, machines may be gone, a deleted model is gone. Outputs are dropped before a document is written back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from guard.core.names import endpoint_of, last_part, scope_of
from guard.core.reasons import RemoveReason
from guard.core.removal import Act, ActKey, ActState, Recipe, act_id
from guard.core.verdict import Stage

# Fields that the platform sets itself; source: DeployedModel and Endpoint resource reference, v1beta1 (2026-11).
DEPLOYED_OUTPUTS = frozenset({"createTime", "status", "modelVersionId", "privateEndpoints", "id"})
ENDPOINT_OUTPUTS = frozenset(
    {"name", "createTime", "updateTime", "etag", "deployedModels", "trafficSplit", "dedicatedEndpointDns",
     "modelDeploymentMonitoringJob", "satisfiesPzs", "satisfiesPzi"}
)  # fmt: skip
REMOVED_LABEL = "tuneguard-removed"

CheckDocument = Callable[[str, Mapping[str, Any]], str | None]
"""(message kind, document) -> what keeps it from being written back, or None."""


@dataclass(frozen=True, slots=True)
class CreateEndpoint:
    """Make the shell again under a chosen id."""

    parent: str
    endpoint_id: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deploy:
    """Put the model on the endpoint again under a chosen deployed model id."""

    deployed_id: str
    document: Mapping[str, Any]
    share: int  # percent of the traffic that it had


@dataclass(frozen=True, slots=True)
class Way:
    """How a recipe comes back: the shell (only if it is gone), then the deployment (None for an empty endpoint)."""

    endpoint: str  # canonical name of the shell as it was
    shell: CreateEndpoint
    deploy: Deploy | None


def restore_act(removal: Act, attempt: int, now: datetime, *, asked_by: str) -> Act:
    """The act that brings a removal back. It is due at once: a person (or the policy, after a wrong removal) asked."""
    key = ActKey(removal.key.subject, str(removal.recipe_id), Stage.RESTORE, attempt)
    return replace(
        removal,
        id=act_id(key),
        key=key,
        state=ActState.DUE,
        reason=RemoveReason.ASKED_BY_PERSON,
        proposed_at=now,
        due_at=now,
        updated_at=now,
        noticed_at=None,
        intended_at=None,
        settled_at=None,
        operation=None,
        term=None,
        detail="",
        block=None,
        asked_by=asked_by,
        evidence={**removal.evidence, "restores": removal.id},
    )


def next_attempt(failed: Act, now: datetime) -> Act:
    """The next attempt of a restore that failed, due at once; the same person asked for it. `block` stays until it has
    succeeded: what lacked capacity keeps blocking removals of its machine type.
    """
    key = replace(failed.key, attempt=failed.key.attempt + 1)
    return replace(
        failed,
        id=act_id(key),
        key=key,
        state=ActState.DUE,
        proposed_at=now,
        due_at=now,
        updated_at=now,
        intended_at=None,
        settled_at=None,
        operation=None,
        term=None,
        detail="",
    )


def make_recipe(
    *, act: Act, documents: Mapping[str, Any], made_at: datetime, check: CheckDocument | None = None
) -> Recipe:
    """Make the recipe of one removal from the raw documents of its second look.

    `check` says whether the installed client can write a document back; a document that it cannot makes the recipe
    not restorable, before anything was removed.
    """
    lacks: list[str] = []
    restorable = True
    stage = act.key.stage
    if stage is Stage.UNDEPLOY:
        deployed = documents["deployed_model"]
        lacks.append("the deployed model's id (a redeploy takes a new one)")
        if "model_version" not in documents:
            restorable = False
            lacks.append("the model version, which is not in the registry")
        problem = check("DeployedModel", deploy_document(documents)) if check else None
        if problem:
            restorable = False
            lacks.append(problem)
        if deployed.get("dedicatedResources", {}).get("machineSpec", {}).get("acceleratorType"):
            lacks.append("certainty that the machines are there again (accelerators can be scarce)")
    elif stage is Stage.DELETE_ENDPOINT:
        lacks.append(
            f"the endpoint's id {last_part(act.key.subject)} (the new one is {chosen_endpoint_id(act.key.subject)})"
        )
        problem = check("Endpoint", endpoint_document(documents)) if check else None
        if problem:
            restorable = False
            lacks.append(problem)
    elif stage is Stage.DELETE_MODEL:
        restorable = False
        lacks.append("the model and all its versions: a deleted registry model cannot be brought back")
    elif stage is Stage.DELETE_FILE:
        restorable = False
        lacks.append("the file's content: it can only be uploaded again, by who has it")
    else:
        restorable = True  # the job's specification is kept: it can be started again, from the beginning
        lacks.append("the training done so far; a cancelled tuning job can only be started again from the beginning")
    return Recipe(
        id=f"r-{_digest(act.id + made_at.isoformat(), 20)}",
        act_id=act.id,
        subject=act.key.subject,
        stage=stage,
        made_at=made_at,
        documents=strip_env(dict(documents)),
        lacks=tuple(lacks),
        restorable=restorable,
        env_names=_env_names(documents),
    )


def way_back(recipe: Recipe) -> Way | None:
    """Return the calls that bring a removal back; None where there is no way (a deleted model, a cancelled job)."""
    if not recipe.restorable or recipe.stage not in {Stage.UNDEPLOY, Stage.DELETE_ENDPOINT}:
        return None
    endpoint = endpoint_of(recipe.subject)
    shell = CreateEndpoint(str(scope_of(endpoint)), chosen_endpoint_id(endpoint), endpoint_document(recipe.documents))
    if recipe.stage is Stage.DELETE_ENDPOINT:
        return Way(endpoint, shell, None)
    split = recipe.documents["endpoint"].get("trafficSplit", {})  # type: ignore[attr-defined]  # a raw JSON document
    share = int(split.get(last_part(recipe.subject), 0))
    return Way(endpoint, shell, Deploy(chosen_deployed_id(recipe.id), deploy_document(recipe.documents), share))


def deploy_document(documents: Mapping[str, Any]) -> dict[str, Any]:
    """The deployed model without its outputs, on the very version that ran."""
    deployed = documents["deployed_model"]
    document = {key: value for key, value in deployed.items() if key not in DEPLOYED_OUTPUTS}
    version = deployed.get("modelVersionId")
    model = str(deployed.get("model", ""))
    if version and "@" not in model:
        document["model"] = f"{model}@{version}"
    return document


def endpoint_document(documents: Mapping[str, Any]) -> dict[str, Any]:
    """The endpoint without its outputs and without the mark that the guard left."""
    document = {key: value for key, value in documents["endpoint"].items() if key not in ENDPOINT_OUTPUTS}
    labels = {key: value for key, value in document.get("labels", {}).items() if key != REMOVED_LABEL}
    document.pop("labels", None)
    return document | ({"labels": labels} if labels else {})


def split_for(current: Mapping[str, int]) -> dict[str, int]:
    """The traffic split of a redeploy: an endpoint without traffic gives all to the new one (key "0"); living siblings
    keep theirs untouched and the new one gets none, whatever share it had.
    """
    living = {deployed: int(percent) for deployed, percent in current.items() if int(percent) > 0}
    if living:
        return living | {"0": 0}
    return {"0": 100}


def split_without(current: Mapping[str, Any], removed: str) -> dict[str, int] | None:
    """The traffic split to send with an undeploy: None where the platform needs none (no share, or the last one).

    A share above 0 only ever goes when the whole endpoint is idle, so what is left is on its way out too: the first of
    the rest takes the traffic until its own turn.
    """
    rest = {deployed: int(percent) for deployed, percent in current.items() if deployed != removed}
    if int(current.get(removed, 0)) == 0 or not rest:
        return None
    first = max(rest, key=lambda deployed: (rest[deployed], deployed))
    return {deployed: 100 if deployed == first else 0 for deployed in rest}


def chosen_endpoint_id(endpoint: str) -> str:
    """A repeatable id for the shell that replaces an endpoint, so that a crash finds it again; letter first (63 max)."""
    return f"restored-{_digest(endpoint, 12)}"


def chosen_deployed_id(recipe_id: str) -> str:
    """A repeatable deployed model id (1 to 10 digits, no leading zero) for a redeploy, so that a crash finds it again."""
    return str(1_000_000_000 + int(_digest(recipe_id, 12), 16) % 9_000_000_000)


def recipe_document(recipe: Recipe) -> dict[str, Any]:
    """The recipe as JSON, for the copy in the bucket."""
    return {
        "schema_version": 1,
        "id": recipe.id,
        "act_id": recipe.act_id,
        "subject": recipe.subject,
        "stage": recipe.stage.value,
        "made_at": recipe.made_at.isoformat(),
        "lacks": list(recipe.lacks),
        "restorable": recipe.restorable,
        "env_names": list(recipe.env_names),
        "documents": recipe.documents,
    }


def strip_env(value: Any) -> Any:
    """Drop the values of environment variables (they may be secrets): names stay, values do not."""
    if isinstance(value, Mapping):
        return {
            key: [{"name": item.get("name")} for item in inner]
            if key == "env" and isinstance(inner, list)
            else strip_env(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [strip_env(item) for item in value]
    return value


def _env_names(documents: Mapping[str, Any]) -> tuple[str, ...]:
    names: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                if key == "env" and isinstance(inner, list):
                    names.update(str(item.get("name")) for item in inner if isinstance(item, Mapping))
                else:
                    walk(inner)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(documents)
    return tuple(sorted(names))


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
