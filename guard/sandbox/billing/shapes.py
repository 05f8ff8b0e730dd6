"""What a machine type is made of, for the sandbox's bill: its own table, so that a mistake in a guard's shows."""

from typing import Final, NamedTuple


class Shape(NamedTuple):
    """Family of the core and RAM rows, vCPUs, GiB, and the accelerators that are part of the type."""

    family: str
    cores: int
    gib: str
    accelerator: str = ""
    accelerators: int = 0


MACHINES: Final = {
    **{f"n1-standard-{n}": Shape("n1", n, str(n * 3.75)) for n in (2, 4, 8, 16, 32)},
    **{f"n1-highmem-{n}": Shape("n1", n, str(n * 6.5)) for n in (2, 4, 8, 16)},
    **{f"n1-highcpu-{n}": Shape("n1", n, str(n * 9 / 10)) for n in (2, 4, 8, 16)},
    **{
        f"g2-standard-{n}": Shape("g2", n, str(n * 4), "NVIDIA_L4", gpus)
        for n, gpus in ((4, 1), (8, 1), (12, 1), (16, 1), (24, 2), (32, 1), (48, 4), (96, 8))
    },
    "a2-highgpu-1g": Shape("a2", 12, "85", "NVIDIA_TESLA_A100", 1),
    "a2-highgpu-2g": Shape("a2", 24, "170", "NVIDIA_TESLA_A100", 2),
    "a2-ultragpu-1g": Shape("a2", 12, "170", "NVIDIA_A100_80GB", 1),
    "a3-highgpu-1g": Shape("a3", 26, "234", "NVIDIA_H100_80GB", 1),
    "a3-highgpu-8g": Shape("a3", 208, "1872", "NVIDIA_H100_80GB", 8),
    "a3-ultragpu-8g": Shape("a3", 224, "2952", "NVIDIA_H200_141GB", 8),
    "ct5lp-hightpu-1t": Shape("", 0, "0", "TPU_V5E", 1),
    "ct5lp-hightpu-4t": Shape("", 0, "0", "TPU_V5E", 4),
}
"""Source: cloud.google.com/compute/docs/machine-resource and cloud.google.com/tpu/docs/v5e, read 2026-11."""
