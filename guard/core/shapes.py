"""Machine shapes: what one replica of a machine type is made of. Pure data, used where a price comes in parts.

Source: Compute Engine machine family reference (cloud.google.com/compute/docs/machine-resource, read 2026-11); TPU host
shapes from cloud.google.com/tpu/docs/v5e and /v6e. A type that is not listed has no shape, so it is priced only by a row
for the whole machine, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Shape:
    """One machine: family for core and RAM rows, vCPUs, GiB, and the accelerators that are part of the type."""

    family: str
    vcpus: int
    gib: Decimal
    accelerator: str | None = None
    accelerator_count: int = 0


# Predefined families with a fixed ratio of GiB to vCPU: (family, line) -> GiB per vCPU, in hundredths.
_RATIOS = {
    ("n1", "standard"): 375,
    ("n1", "highmem"): 650,
    ("n1", "highcpu"): 90,
    ("n2", "standard"): 400,
    ("n2", "highmem"): 800,
    ("n2", "highcpu"): 100,
    ("n2d", "standard"): 400,
    ("n2d", "highmem"): 800,
    ("n2d", "highcpu"): 100,
    ("e2", "standard"): 400,
    ("e2", "highmem"): 800,
    ("e2", "highcpu"): 100,
    ("c3", "standard"): 400,
    ("c3", "highmem"): 800,
    ("c3", "highcpu"): 200,
}

_BUILT_IN = {
    "g2-standard-4": Shape("g2", 4, Decimal(16), "NVIDIA_L4", 1),
    "g2-standard-8": Shape("g2", 8, Decimal(32), "NVIDIA_L4", 1),
    "g2-standard-12": Shape("g2", 12, Decimal(48), "NVIDIA_L4", 1),
    "g2-standard-16": Shape("g2", 16, Decimal(64), "NVIDIA_L4", 1),
    "g2-standard-24": Shape("g2", 24, Decimal(96), "NVIDIA_L4", 2),
    "g2-standard-32": Shape("g2", 32, Decimal(128), "NVIDIA_L4", 1),
    "g2-standard-48": Shape("g2", 48, Decimal(192), "NVIDIA_L4", 4),
    "g2-standard-96": Shape("g2", 96, Decimal(384), "NVIDIA_L4", 8),
    "a2-highgpu-1g": Shape("a2", 12, Decimal(85), "NVIDIA_TESLA_A100", 1),
    "a2-highgpu-2g": Shape("a2", 24, Decimal(170), "NVIDIA_TESLA_A100", 2),
    "a2-highgpu-4g": Shape("a2", 48, Decimal(340), "NVIDIA_TESLA_A100", 4),
    "a2-highgpu-8g": Shape("a2", 96, Decimal(680), "NVIDIA_TESLA_A100", 8),
    "a2-megagpu-16g": Shape("a2", 96, Decimal(1360), "NVIDIA_TESLA_A100", 16),
    "a2-ultragpu-1g": Shape("a2", 12, Decimal(170), "NVIDIA_A100_80GB", 1),
    "a2-ultragpu-2g": Shape("a2", 24, Decimal(340), "NVIDIA_A100_80GB", 2),
    "a2-ultragpu-4g": Shape("a2", 48, Decimal(680), "NVIDIA_A100_80GB", 4),
    "a2-ultragpu-8g": Shape("a2", 96, Decimal(1360), "NVIDIA_A100_80GB", 8),
    "a3-highgpu-1g": Shape("a3", 26, Decimal(234), "NVIDIA_H100_80GB", 1),
    "a3-highgpu-2g": Shape("a3", 52, Decimal(468), "NVIDIA_H100_80GB", 2),
    "a3-highgpu-4g": Shape("a3", 104, Decimal(936), "NVIDIA_H100_80GB", 4),
    "a3-highgpu-8g": Shape("a3", 208, Decimal(1872), "NVIDIA_H100_80GB", 8),
    "a3-megagpu-8g": Shape("a3", 208, Decimal(1872), "NVIDIA_H100_MEGA_80GB", 8),
}

SINGLE_HOST_TPU = {
    "ct5lp-hightpu-1t": "1x1",
    "ct5lp-hightpu-4t": "2x2",
    "ct5lp-hightpu-8t": "2x4",
    "ct6e-standard-1t": "1x1",
    "ct6e-standard-4t": "2x2",
    "ct6e-standard-8t": "2x4",
}
"""TPU machine type -> the topology that one host makes; a larger topology is several hosts a replica."""


@lru_cache(maxsize=1024)
def shape_of(machine_type: str) -> Shape | None:
    """Return the shape of a machine type, or None where it is not known."""
    if machine_type in _BUILT_IN:
        return _BUILT_IN[machine_type]
    family, _, rest = machine_type.partition("-")
    line, _, size = rest.partition("-")
    ratio = _RATIOS.get((family, line))
    if ratio is None or not size.isdecimal() or int(size) == 0:
        return None
    return Shape(family, int(size), Decimal(ratio * int(size)) / 100)
