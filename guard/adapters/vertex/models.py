"""Registry models from raw documents, and which of them are tuned Gemini."""

from __future__ import annotations

from guard.adapters.vertex.fields import Naming, Raw, digest, instant, labels, part, parts, required, text
from guard.core.model import RegistryModel
from guard.core.names import model_and_version

TUNE_LABELS = ("tune-type", "google-vertex-llm-tuning-base-model-id", "google-vertex-llm-tuning-job-id")
"""Labels that the platform puts on tuned Gemini (google-genai 2.34.0 filters its tuned models by `labels.tune-type:*`)."""


def model_from(raw: Raw, project_id: str, naming: Naming) -> RegistryModel:
    """Read one registry model (its default version, as listings give it)."""
    name, version = model_and_version(naming(required(raw, "name")))
    deployments = parts(raw, "deployedModels")
    return RegistryModel(
        name=name,
        project_id=project_id,
        display_name=text(raw, "displayName"),
        labels=labels(raw),
        version=text(raw, "versionId") or version,
        created_at=instant(raw, "createTime"),
        updated_at=instant(raw, "updateTime"),
        source=text(part(raw, "modelSourceInfo"), "sourceType"),
        deployed_at=tuple(sorted({naming(text(one, "endpoint")) for one in deployments if one.get("endpoint")})),
        digest=digest(
            {
                "name": name,
                "created": raw.get("createTime"),
                "version": raw.get("versionId"),
                "version_created": raw.get("versionCreateTime"),
                "aliases": sorted(str(alias) for alias in raw.get("versionAliases", [])),
                "deployed": sorted(f"{one.get('endpoint')}/{one.get('deployedModelId')}" for one in deployments),
                "artifacts": raw.get("artifactUri"),
            },
            naming,
        ),
        has_artifacts=bool(text(raw, "artifactUri")),
    )


def is_tuned_gemini(raw: Raw) -> bool:
    """True for a model that a Gemini tuning job made: served by the token, without machines of its own."""
    return (
        text(part(raw, "modelSourceInfo"), "sourceType") == "GENIE"
        or "genieSource" in part(raw, "baseModelSource")
        or any(label in part(raw, "labels") for label in TUNE_LABELS)
    )
