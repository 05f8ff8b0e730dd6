"""Put a tuned open model on a dedicated endpoint: once, at a price that was shown, with a keep that ends."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from finetune import vertex_tuning
from finetune.clients import VertexError, VertexRest
from finetune.errors import ProviderError, UserError
from finetune.runs import Run

# The accelerator that comes with a machine type. Source: Google Cloud, machine types for online inference, read 2026-11-24.
_ACCELERATORS = {
    "g2": "NVIDIA_L4",
    "a2-highgpu": "NVIDIA_TESLA_A100",
    "a2-ultragpu": "NVIDIA_A100_80GB",
    "a3-highgpu": "NVIDIA_H100_80GB",
    "a3-ultragpu": "NVIDIA_H200_141GB",
}
_G2_COUNTS = {"g2-standard-24": 2, "g2-standard-48": 4, "g2-standard-96": 8}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """A machine type, its accelerators, and how many of them stand."""

    machine: str
    accelerator: str | None
    accelerators: int
    replicas: int

    @classmethod
    def of(cls, machine: str, replicas: int) -> Machines:
        """The machine with the accelerators that belong to it; none for a type that has none."""
        family = machine if machine.startswith("g2") else machine.rsplit("-", 1)[0]
        accelerator = _ACCELERATORS.get("g2" if machine.startswith("g2") else family)
        if accelerator is None:
            return cls(machine=machine, accelerator=None, accelerators=0, replicas=replicas)
        number = (
            _G2_COUNTS.get(machine, 1)
            if machine.startswith("g2")
            else int(re.sub(r"\D", "", machine.rsplit("-", 1)[1]) or 1)
        )
        return cls(machine=machine, accelerator=accelerator, accelerators=number, replicas=replicas)

    def as_spec(self) -> dict[str, Any]:
        """The `dedicatedResources` of a deployed model."""
        spec: dict[str, Any] = {"machineType": self.machine}
        if self.accelerator is not None:
            spec |= {"acceleratorType": self.accelerator, "acceleratorCount": self.accelerators}
        return {"machineSpec": spec, "minReplicaCount": self.replicas, "maxReplicaCount": self.replicas}


def keep_until(text: str, zone: str, now: datetime) -> datetime:
    """The end of a keep: "2026-11-27T18:00", "2026-11-27" (its end), a weekday and a time ("Friday 18:00"), the next one to
    come, or what the guard reads besides ("in 3 days").

    Raises:
        UserError: None of them, an unknown zone, or a time that is over.
    """
    try:
        local = now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UserError(f'--zone: found "{zone}", expected a name such as Europe/Madrid.') from error
    found = re.fullmatch(r"(?P<day>[A-Za-z]+) (?P<hour>\d{1,2}):(?P<minute>\d{2})", text.strip())
    try:
        if found is not None and found["day"].lower() in _DAYS:
            ahead = (_DAYS.index(found["day"].lower()) - local.weekday()) % 7
            until = (local + timedelta(days=ahead)).replace(
                hour=int(found["hour"]), minute=int(found["minute"]), second=0, microsecond=0
            )
            until = until if until > local else until + timedelta(days=7)
        else:
            until = datetime.fromisoformat(text.strip())
            until = until if until.tzinfo is not None else until.replace(tzinfo=local.tzinfo)
            if _DAY.fullmatch(text.strip()):
                until = until.replace(hour=23, minute=59, second=59)
    except ValueError:
        until = _in_words(text, zone, now)
    if until <= now:
        raise UserError(f"--keep-until: {until.isoformat()} is over already (now {now.isoformat(timespec='minutes')}).")
    return until


def _in_words(text: str, zone: str, now: datetime) -> datetime:
    """What the guard understands by a text. Raises UserError where it does not, or could mean two instants."""
    from guard.wiring import by_hand

    try:
        return by_hand.moment(text, now, zone).astimezone(ZoneInfo(zone))
    except by_hand.GuardError as error:
        raise UserError(
            f'--keep-until: {error} Write "Friday 18:00" or "2026-11-27T18:00"; nothing was deployed.'
        ) from error


def endpoint(rest: VertexRest, run: Run, labels: dict[str, str], now: datetime, poll: float) -> str:
    """Make the run's dedicated endpoint once; its resource name. The id is chosen here, so that a second one is refused."""
    wanted = f"{run.name[:40]}-{run.key[:8]}"

    def find() -> dict[str, Any] | None:
        rows = rest.listed(f"{rest.parent}/endpoints", "endpoints", filter=f"labels.{vertex_tuning.KEY}={run.key}")
        return {"name": rows[0]["name"]} if rows else None

    def do() -> dict[str, Any]:
        body = {"displayName": run.name, "labels": labels, "dedicatedEndpointEnabled": True}
        operation = rest.call("POST", f"{rest.parent}/endpoints", body, endpointId=wanted)
        done = wait(rest, operation, poll, lambda _text: None)
        return {"name": done["response"]["name"]}

    return str(run.once("create endpoint", find=find, do=do, now=now, lost=vertex_tuning.lost_errors())["name"])


def deploy(
    rest: VertexRest,
    run: Run,
    endpoint_name: str,
    model: str,
    machines: Machines,
    now: datetime,
    poll: float,
    told: Callable[[str], None],
) -> None:
    """Deploy the model once and wait until it serves; a try that was cut is found again by its operation.

    Raises:
        ProviderError: The platform had no machines, or gave up for another reason.
    """
    deployed_id = str(int(run.key[:7], 16) % 900_000_000 + 100_000_000)

    def find() -> dict[str, Any] | None:
        found = rest.call("GET", endpoint_name)
        if any(item["id"] == deployed_id for item in found.get("deployedModels", [])):
            return {"deployed_model_id": deployed_id, "operation": None}
        for operation in rest.listed(f"{endpoint_name}/operations", "operations"):
            if not operation.get("done") and "DeployModel" in operation.get("metadata", {}).get("@type", ""):
                return {"deployed_model_id": deployed_id, "operation": operation["name"]}
        return None

    def do() -> dict[str, Any]:
        deployed = {
            "id": deployed_id,
            "model": model,
            "displayName": run.name,
            "dedicatedResources": machines.as_spec(),
        }
        operation = rest.call(
            "POST", f"{endpoint_name}:deployModel", {"deployedModel": deployed, "trafficSplit": {"0": 100}}
        )
        return {"deployed_model_id": deployed_id, "operation": operation["name"]}

    begun = run.once("deploy", find=find, do=do, now=now, lost=vertex_tuning.lost_errors())
    if begun["operation"] is not None:
        try:
            wait(rest, {"name": begun["operation"]}, poll, told)
        except ProviderError:
            run.forget("deploy")
            raise


def wait(rest: VertexRest, operation: dict[str, Any], poll: float, told: Callable[[str], None]) -> dict[str, Any]:
    """Wait for an operation's end.

    Raises:
        ProviderError: It ended in an error.
    """
    began = time.monotonic()
    while not operation.get("done"):
        told(f"waiting for {time.monotonic() - began:.0f} s")
        time.sleep(poll)
        operation = rest.call("GET", operation["name"])
    if "error" in operation:
        error = operation["error"]
        hint = (
            "No machines of this kind were free: try another --machine or region, or later. Nothing is billed."
            if error.get("code") == 8
            else "Nothing is billed."
        )
        raise ProviderError(f"Vertex AI could not finish: {error.get('message', error)} {hint}")
    return operation


def is_gone(error: VertexError) -> bool:
    """Whether a refusal says that the thing is not there."""
    return error.code == 404
