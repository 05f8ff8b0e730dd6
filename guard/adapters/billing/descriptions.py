"""What a SKU's description says, read once with anchored patterns; what fits none is not guessed at.

An on-demand prediction row is all-in. A management fee row has a key of its own, so that it is never added to one; it is added
to the Compute Engine rows of Spot and Flex-start machines, where Google bills it. Wording and case vary between families
(observed in cloud.google.com/skus and public bills, 2025-08 to 2026-09); places are named in words, so regions are taken
from `serviceRegions`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from guard.core.prices import Part


class Charge(StrEnum):
    """What kind of charge a SKU is."""

    ALL_IN = "all_in"
    FEE = "fee"
    SPOT = "spot"
    FLEX_START = "flex_start"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a SKU prices: the charge, the part, and the family or accelerator."""

    charge: Charge
    part: Part
    item: str


_PREDICTION = re.compile(
    r"Vertex AI: Online/Batch Prediction (?P<fee>management fee on )?(?P<what>.+?) (?:running )?in \S.*", re.IGNORECASE
)
_COMPUTE = re.compile(
    r"(?:(?P<spot>Spot Preemptible)|DWS Defined Duration) (?P<what>.+?) running in \S.*", re.IGNORECASE
)
_HOST = re.compile(r"(?P<family>[A-Z]\d[A-Z]?) (?:Predefined )?Instance (?P<part>Core|Ram)", re.IGNORECASE)
_GPU = re.compile(r"Nvidia (?:Tesla )?(?P<model>.+?)(?: GPU)?", re.IGNORECASE)

_MODELS = {
    "T4": "NVIDIA_TESLA_T4",
    "P4": "NVIDIA_TESLA_P4",
    "P100": "NVIDIA_TESLA_P100",
    "V100": "NVIDIA_TESLA_V100",
    "L4": "NVIDIA_L4",
    "A100": "NVIDIA_TESLA_A100",
    "A100 80GB": "NVIDIA_A100_80GB",
    "H100 80GB": "NVIDIA_H100_80GB",
    "H100 80GB MEGA": "NVIDIA_H100_MEGA_80GB",
    "H100 80GB PLUS": "NVIDIA_H100_MEGA_80GB",
    "H100 MEGA 80GB": "NVIDIA_H100_MEGA_80GB",
    "H200 141GB": "NVIDIA_H200_141GB",
}
"""Words of the description -> the name that Vertex AI uses on a machine. One GPU has two names in Google's texts."""


def is_prediction(description: str) -> bool:
    """True for a SKU that prediction machines could be billed by."""
    return "prediction" in description.lower() and "token" not in description.lower()


def read(description: str) -> Meaning | None:
    """Read a description; None for one that means nothing to us."""
    text = " ".join(description.split())
    found = _PREDICTION.fullmatch(text)
    if found:
        return _meaning(Charge.FEE if found["fee"] else Charge.ALL_IN, found["what"])
    found = _COMPUTE.fullmatch(text)
    if found:
        return _meaning(Charge.SPOT if found["spot"] else Charge.FLEX_START, found["what"])
    return None


def _meaning(charge: Charge, what: str) -> Meaning | None:
    host = _HOST.fullmatch(what)
    if host:
        return Meaning(charge, Part.CORE if host["part"].lower() == "core" else Part.RAM, host["family"].lower())
    gpu = _GPU.fullmatch(what)
    model = _MODELS.get(gpu["model"].upper()) if gpu else None
    return Meaning(charge, Part.ACCELERATOR, model) if model else None
