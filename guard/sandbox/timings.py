"""How long the platform takes for things, in virtual time; a scenario may set each of them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from guard.sandbox.world import World

DEFAULTS: Final[Mapping[str, timedelta]] = {
    "create_endpoint": timedelta(seconds=5),
    "delete_endpoint": timedelta(seconds=10),
    "undeploy": timedelta(seconds=90),
    "mutate": timedelta(minutes=2),
    "upload_model": timedelta(minutes=1),
    "delete_model": timedelta(seconds=10),
    "copy_model": timedelta(minutes=5),
    "create_pool": timedelta(seconds=30),
    "delete_pool": timedelta(seconds=30),
    "release_model": timedelta(minutes=1),  # after an undeploy a model still counts as deployed for this long
    "deploy_cpu": timedelta(minutes=8),
    "deploy_l4": timedelta(minutes=15),
    "deploy_gpu": timedelta(minutes=25),
    "deploy_tpu": timedelta(minutes=30),
    "deploy_pool": timedelta(minutes=3),
    "deploy_gemini": timedelta(minutes=2),
}
"""Stated assumptions: the platform publishes no such figures. Larger accelerators take longer, as everywhere reported."""


def takes(world: World, what: str) -> timedelta:
    """The virtual time that `what` (a key of DEFAULTS) takes in this world."""
    configured: Mapping[str, timedelta] = world.settings.get("operations", {})
    return configured.get(what, DEFAULTS[what])


def deploy_kind(machine_type: str, accelerator_type: str) -> str:
    """Which of the deploy times a machine has."""
    family = machine_type.partition("-")[0]
    if family.startswith("ct"):
        return "deploy_tpu"
    if family == "g2" or accelerator_type in {"NVIDIA_L4", "NVIDIA_TESLA_T4"}:
        return "deploy_l4"
    if accelerator_type or family[:2] in {"a2", "a3", "a4"}:
        return "deploy_gpu"
    return "deploy_cpu"
