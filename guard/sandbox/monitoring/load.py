"""What machines show while they serve: CPU, accelerator, memory and network of each replica, quiet when nobody calls."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from guard.sandbox.monitoring.metrics import Measure
from guard.sandbox.monitoring.requests import ByCode
from guard.sandbox.monitoring.window import Mask, Minutes, Numbers, noise

# Figures of the sandbox's own, shaped after what a small language model server shows; only their order of magnitude matters.
_BUSY_SECONDS: Final = 1.5  # accelerator time of a request
_CPU_IDLE, _CPU_RIPPLE, _CPU_A_REQUEST = 0.02, 0.015, 0.012
_HEALTH_CHECK_BYTES, _RECEIVED_A_REQUEST, _SENT_A_REQUEST = 900, 2_000, 4_000
_MEMORY, _ACCELERATOR_MEMORY, _MEMORY_A_REQUEST = 3 * 2**30, 14 * 2**30, 2**20
_FULL: Final = 0.97


@dataclass(frozen=True, slots=True)
class Machine:
    """One kind of replica: its accelerator ("" for none) and a salt that makes its ripple its own."""

    accelerator: str
    salt: str


def replica_loads(
    measure: Measure, machine: Machine, by_code: ByCode, replicas: Numbers, minutes: Minutes
) -> Iterator[tuple[str, Numbers, Mask]]:
    """(replica id, values, present) of each replica that ran; nothing for an accelerator that is not there."""
    if measure in {Measure.DUTY_CYCLE, Measure.ACCELERATOR_MEMORY} and not machine.accelerator:
        return
    most = int(replicas.max(initial=0))
    if most == 0:
        return
    requests = np.sum([*by_code.values()], axis=0) / np.maximum(replicas, 1) if by_code else np.zeros(len(minutes))
    for replica in range(most):
        present = replicas > replica
        values = _load(measure, requests, minutes, f"{machine.salt}/{replica}")
        yield f"{machine.salt.rpartition('/')[2]}-{replica}", np.where(present, values, 0), present


def _load(measure: Measure, requests: Numbers, minutes: Minutes, salt: str) -> Numbers:
    match measure:
        case Measure.CPU:
            return np.minimum(_CPU_IDLE + _CPU_RIPPLE * noise(minutes, salt) + _CPU_A_REQUEST * requests, _FULL)
        case Measure.DUTY_CYCLE:
            return np.minimum(requests * _BUSY_SECONDS / 60, _FULL)
        case Measure.MEMORY:
            return (_MEMORY + _MEMORY_A_REQUEST * np.minimum(requests, 256)).astype(np.int64)
        case Measure.ACCELERATOR_MEMORY:
            return np.full(len(minutes), _ACCELERATOR_MEMORY, dtype=np.int64)
        case Measure.RECEIVED:
            checks = _HEALTH_CHECK_BYTES * (1 + 0.2 * noise(minutes, salt))
            return np.asarray((checks + _RECEIVED_A_REQUEST * requests).astype(np.int64))
        case Measure.SENT:
            checks = _HEALTH_CHECK_BYTES * (0.6 + 0.1 * noise(minutes, salt))
            return np.asarray((checks + _SENT_A_REQUEST * requests).astype(np.int64))
        case _:
            raise ValueError(f"{measure} is not a load")


BUSY_CPU: Final = 0.72
BUSY_DUTY_CYCLE: Final = 0.85
"""What the fault `count_witness_disagree` shows."""
