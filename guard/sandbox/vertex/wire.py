"""What comes in: both spellings of keys, enums as numbers or names; and what each API version shows."""

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from guard.sandbox.errors import invalid

ACCELERATORS: Final = {
    1: "NVIDIA_TESLA_K80",
    2: "NVIDIA_TESLA_P100",
    3: "NVIDIA_TESLA_V100",
    4: "NVIDIA_TESLA_P4",
    5: "NVIDIA_TESLA_T4",
    6: "TPU_V2",
    7: "TPU_V3",
    8: "NVIDIA_TESLA_A100",
    9: "NVIDIA_A100_80GB",
    10: "TPU_V4_POD",
    11: "NVIDIA_L4",
    12: "TPU_V5_LITEPOD",
    13: "NVIDIA_H100_80GB",
    14: "NVIDIA_H100_MEGA_80GB",
    15: "NVIDIA_H200_141GB",
    16: "NVIDIA_B200",
    17: "NVIDIA_GB200",
    18: "NVIDIA_RTX_PRO_6000",
}
ADAPTER_SIZES: Final = {
    1: "ADAPTER_SIZE_ONE",
    2: "ADAPTER_SIZE_FOUR",
    3: "ADAPTER_SIZE_EIGHT",
    4: "ADAPTER_SIZE_SIXTEEN",
    5: "ADAPTER_SIZE_THIRTY_TWO",
    6: "ADAPTER_SIZE_TWO",
}
TUNING_MODES: Final = {1: "TUNING_MODE_FULL", 2: "TUNING_MODE_PEFT_ADAPTER"}
_ENUMS: Final[Mapping[str, Mapping[int, str]]] = {
    "acceleratorType": ACCELERATORS,
    "adapterSize": ADAPTER_SIZES,
    "tuningMode": TUNING_MODES,
}
_FREE: Final = frozenset({"labels", "trafficSplit", "systemLabels", "metadata", "env", "instances", "parameters"})
"""Maps with keys of the caller's, and payloads: never respelt."""

_BETA_MACHINES: Final = ("initialReplicaCount", "scaleToZeroSpec", "flexStart")


def read_body(raw: bytes) -> dict[str, Any]:
    """The body as a document with camelCase keys and enum names. Raises ApiError where it is no JSON object."""
    normal: dict[str, Any] = _normal(read_verbatim(raw))
    return normal


def read_verbatim(raw: bytes) -> dict[str, Any]:
    """The body of a call to a model, as it was sent. Raises ApiError where it is no JSON object."""
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise invalid(f"Invalid JSON payload received. {error}.") from error
    if not isinstance(body, dict):
        raise invalid("Invalid JSON payload received. The root must be an object.")
    return body


def camel(key: str) -> str:
    """`deployed_model_id` -> `deployedModelId`; camelCase stays."""
    if "_" not in key:
        return key
    first, *others = key.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def as_v1(document: dict[str, Any]) -> dict[str, Any]:
    """The endpoint as v1 shows it: what only v1beta1 knows is left out, so a v1 reader cannot see scale to zero."""
    if not any(_is_beta(deployed) for deployed in document.get("deployedModels", ())):
        return document
    shown = copy.deepcopy(document)
    for deployed in shown["deployedModels"]:
        deployed.pop("enableContainerLogging", None)
        machines = deployed.get("dedicatedResources", {})
        for key in _BETA_MACHINES:
            machines.pop(key, None)
        if machines.get("minReplicaCount") == 0:
            del machines["minReplicaCount"]
    return shown


def _is_beta(deployed: dict[str, Any]) -> bool:
    return "enableContainerLogging" in deployed or any(
        key in deployed.get("dedicatedResources", {}) for key in _BETA_MACHINES
    )


def _normal(value: Any, key: str = "", where: str = "") -> Any:
    _check(value, key, where)
    if isinstance(value, dict):
        if key in _FREE:
            return value
        inner = {camel(name): one for name, one in value.items() if one is not None}
        return {name: _normal(one, name, f"{where}.{name}".lstrip(".")) for name, one in inner.items()}
    if isinstance(value, list):
        return value if key in _FREE else [_normal(one, "", f"{where}[{at}]") for at, one in enumerate(value)]
    if key in _ENUMS and isinstance(value, int):
        return _ENUMS[key].get(value, value)
    return int(value) if key in _INT32 else value


def _check(value: Any, key: str, where: str) -> None:
    """Refuse a value of the wrong type, as the platform's JSON reader does before any method sees it."""
    for kind, keys, fits in _TYPES:
        if key in keys and not fits(value):
            raise invalid(f"Invalid value at '{where}' ({kind}), {json.dumps(value)}.")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool) and str(value).removeprefix("-").isdecimal()


def _is_text_map(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


_INT32: Final = frozenset(
    {"minReplicaCount", "maxReplicaCount", "requiredReplicaCount", "initialReplicaCount", "acceleratorCount"}
)
_TYPES: Final[tuple[tuple[str, frozenset[str], Callable[[Any], bool]], ...]] = (
    ("TYPE_INT32", _INT32, _is_whole),
    ("TYPE_INT64", frozenset({"epochCount"}), _is_whole),
    (
        "TYPE_STRING",
        frozenset(
            {
                *(
                    "displayName",
                    "description",
                    "id",
                    "modelId",
                    "parentModel",
                    "sourceModel",
                    "machineType",
                    "network",
                ),
                *("sharedResources", "updateMask", "deployedModelId", "deploymentResourcePoolId", "baseModel", "etag"),
                *("trainingDatasetUri", "validationDatasetUri", "tunedModelDisplayName", "outputUri", "imageUri"),
                *("tunedModelName", "customBaseModel", "gcsUri", "serviceAccount"),
            }
        ),
        lambda value: isinstance(value, str),
    ),
    ("TYPE_BOOL", frozenset({"spot", "exportLastCheckpointOnly"}), lambda value: isinstance(value, bool)),
    ("TYPE_MAP", frozenset({"labels"}), _is_text_map),
    ("TYPE_MAP", frozenset({"trafficSplit"}), lambda value: isinstance(value, dict)),
    (
        "TYPE_MESSAGE",
        frozenset(
            {
                *("deployedModel", "dedicatedResources", "automaticResources", "machineSpec", "scaleToZeroSpec"),
                *("containerSpec", "deploymentResourcePool", "encryptionSpec", "hyperParameters", "preTunedModel"),
                *("supervisedTuningSpec", "preferenceOptimizationSpec", "reinforcementTuningSpec", "trainingDataset"),
                *("distillationSpec", "fullFineTuningSpec", "modelSourceInfo", "baseModelSource"),
            }
        ),
        lambda value: isinstance(value, dict),
    ),
    ("TYPE_LIST", frozenset({"deployedModels", "autoscalingMetricSpecs"}), lambda value: isinstance(value, list)),
    (
        "TYPE_LIST",
        frozenset({"versionAliases"}),
        lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
    ),
)
