"""Endpoints and their deployed models from raw documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from guard.adapters.vertex.fields import (
    Naming,
    Raw,
    digest,
    flag,
    instant,
    integer,
    labels,
    part,
    parts,
    required,
    text,
    without,
)
from guard.adapters.vertex.machines import NO_RESOURCES, billing_of
from guard.core.model import DeployedModel, Endpoint, PerToken
from guard.core.names import model_and_version

_CHANGES_BY_ITSELF = ("status", "displayName", "privateEndpoints")
_OF_THE_SHELL = (
    "encryptionSpec",
    "network",
    "privateServiceConnectConfig",
    "dedicatedEndpointEnabled",
    "predictRequestResponseLoggingConfig",
    "clientConnectionConfig",
)


def endpoint_from(raw: Raw, project_id: str, naming: Naming) -> Endpoint:
    """Read one endpoint; raises Malformed for a document that does not have the documented shape."""
    name = naming(required(raw, "name"))
    split = part(raw, "trafficSplit")
    deployed = tuple(_deployed(one, name, split, naming) for one in parts(raw, "deployedModels"))
    return Endpoint(
        name=name,
        project_id=project_id,
        display_name=text(raw, "displayName"),
        labels=labels(raw),
        created_at=instant(raw, "createTime"),
        updated_at=instant(raw, "updateTime"),
        etag=text(raw, "etag"),
        deployed=deployed,
        digest=digest(
            {
                "split": dict(split),
                "deployed": sorted(one.digest for one in deployed),
                **{key: raw[key] for key in _OF_THE_SHELL if key in raw},
            },
            naming,
        ),
        dedicated=flag(raw, "dedicatedEndpointEnabled"),
    )


def with_token_billing(endpoint: Endpoint, is_tuned_gemini: Callable[[str], bool]) -> Endpoint:
    """Settle the deployed models that name no machines: those of a tuned Gemini bill by the token."""
    if all(one.billing is not NO_RESOURCES for one in endpoint.deployed):
        return endpoint
    return replace(
        endpoint,
        deployed=tuple(
            replace(one, billing=PerToken()) if one.billing is NO_RESOURCES and is_tuned_gemini(one.model) else one
            for one in endpoint.deployed
        ),
    )


def _deployed(raw: Raw, endpoint: str, split: Raw, naming: Naming) -> DeployedModel:
    id_ = required(raw, "id")
    model, version = model_and_version(naming(text(raw, "model")))
    status = part(raw, "status")
    return DeployedModel(
        name=f"{endpoint}/deployedModels/{id_}",
        endpoint=endpoint,
        id=id_,
        display_name=text(raw, "displayName"),
        model=model,
        model_version=text(raw, "modelVersionId") or version,
        created_at=instant(raw, "createTime"),
        billing=billing_of(raw, naming),
        traffic_share=integer(split, id_),
        available_replicas=integer(status, "availableReplicaCount") if "availableReplicaCount" in status else None,
        # What a removal relies on: all of it but what the platform changes by itself.
        digest=digest(without(raw, *_CHANGES_BY_ITSELF), naming),
        checkpoint_id=text(raw, "checkpointId") or None,
        status_message=text(status, "message"),
    )
