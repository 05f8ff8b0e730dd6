"""What comes in: both spellings of keys, enums as numbers or names; and what each API version shows."""

import copy
import json
from collections.abc import Mapping
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
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise invalid(f"Invalid JSON payload received. {error}.") from error
    if not isinstance(body, dict):
        raise invalid("Invalid JSON payload received. The root must be an object.")
    normal: dict[str, Any] = _normal(body)
    return normal


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


def _normal(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        if key in _FREE:
            return value
        return {camel(name): _normal(inner, camel(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return value if key in _FREE else [_normal(inner, key) for inner in value]
    if key in _ENUMS and isinstance(value, int):
        return _ENUMS[key].get(value, value)
    return value
