"""What runs, and what ever ran: the history that the metrics and the meter are read from."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

DeploymentKind = Literal["dedicated", "pool", "automatic", "gemini"]


@dataclass(slots=True, kw_only=True)
class Deployment:
    """One deployed model from its start to its end. Ended ones stay, so that a meter can be read for any window.

    `replica_steps` and `share_steps` are (instant, value) from that instant on: replicas (none for a pool's sharer: its
    `PoolRun` has them), and the endpoint's traffic share in percent.
    """

    project_number: str
    project_id: str
    location: str
    endpoint_id: str
    deployed_model_id: str
    endpoint_display_name: str
    model_display_name: str
    model_name: str
    kind: DeploymentKind
    pool_id: str | None = None
    machine_type: str = ""
    accelerator_type: str = ""
    accelerator_count: int = 0
    spot: bool = False
    started_at: datetime
    ended_at: datetime | None = None
    replica_steps: list[tuple[datetime, int]] = field(default_factory=list)
    share_steps: list[tuple[datetime, int]] = field(default_factory=list)

    @property
    def endpoint_key(self) -> tuple[str, str, str]:
        """(project number, location, endpoint id): the key of `World.traffic`."""
        return (self.project_number, self.location, self.endpoint_id)


@dataclass(slots=True, kw_only=True)
class PoolRun:
    """One deployment resource pool's machines from the first model on it to the last (an empty pool holds none)."""

    project_number: str
    project_id: str
    location: str
    pool_id: str
    machine_type: str
    accelerator_type: str = ""
    accelerator_count: int = 0
    spot: bool = False
    started_at: datetime
    ended_at: datetime | None = None
    replica_steps: list[tuple[datetime, int]] = field(default_factory=list)
