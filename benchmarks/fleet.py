"""A large fleet for benchmarks: endpoints over all 45 locations, a sandbox in a process of its own, a guard's file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

LOCATIONS = [
    "africa-south1",
    "asia-east1",
    "asia-east2",
    "asia-northeast1",
    "asia-northeast2",
    "asia-northeast3",
    "asia-south1",
    "asia-south2",
    "asia-southeast1",
    "asia-southeast2",
    "australia-southeast1",
    "australia-southeast2",
    "europe-central2",
    "europe-north1",
    "europe-north2",
    "europe-southwest1",
    "europe-west1",
    "europe-west2",
    "europe-west3",
    "europe-west4",
    "europe-west6",
    "europe-west8",
    "europe-west9",
    "europe-west12",
    "global",
    "me-central1",
    "me-central2",
    "me-west1",
    "northamerica-northeast1",
    "northamerica-northeast2",
    "southamerica-east1",
    "southamerica-west1",
    "us-central1",
    "us-east1",
    "us-east4",
    "us-east5",
    "us-east7",
    "us-south1",
    "us-west1",
    "us-west2",
    "us-west3",
    "us-west4",
    "us-west8",
    "us",
    "eu",
]
MULTI = {"global", "us", "eu"}

CONFIG = """
mode: {mode}
projects: [demo-research]
owners: {{from: [creator], fallback: ops}}
notify: {{ops: "json://127.0.0.1:{sink}"}}
if_wrong: {{team: {{per_minute_down: 0.01}}}}
bucket: gs://guard
policies:
  - {{name: default, if_wrong: team, wait: break_even, notify_before: 1h, do: [undeploy]}}
limits: {{removals_per_day: 100000, breaker_share: "100%", breaker_least: 100000}}
every: {every}
health: {{port: 0}}
"""


@dataclass(frozen=True, slots=True)
class Fleet:
    """A running sandbox and the file of a guard on it."""

    http: str
    folder: Path
    config: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"TUNEGUARD_SANDBOX": self.http, "TUNEGUARD_LEDGER": f"sqlite:///{self.folder / 'ledger.db'}"}

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = httpx.post(self.http + path, json=body, timeout=60, verify=False)
        answer.raise_for_status()
        return answer.json()

    def calls(self) -> list[dict[str, Any]]:
        return list(httpx.get(f"{self.http}/sandbox/calls", timeout=60, verify=False).json()["calls"])


def scenario(endpoints: int, silent: int) -> dict[str, Any]:
    """`silent` of them were forgotten nine days ago, the others are busy."""
    regions = [one for one in LOCATIONS if one not in MULTI]
    return {
        "start": "2026-11-02T00:00:00Z",
        "projects": [{"id": "demo-research", "number": "100000000001", "locations": LOCATIONS}],
        "endpoints": [
            {
                "id": 1000 + n,
                "display_name": f"endpoint-{n}",
                "location": regions[n % len(regions)],
                "deploy": [{"id": 10 + n, "machine": "n1-standard-4"}],
                "traffic": {"pattern": "burst_then_forgotten", "until": "-9d"} if n < silent else "busy",
            }
            for n in range(endpoints)
        ],
    }


@contextmanager
def running(
    folder: Path,
    *,
    endpoints: int,
    silent: int = 0,
    mode: str = "observe",
    sink: int = 9,
    every: str = "15m",
    tls: bool = False,
) -> Iterator[Fleet]:
    """Start the sandbox as a process, make the guard's bucket, write guard.yaml."""
    path = folder / "fleet.yaml"
    path.write_text(json.dumps(scenario(endpoints, silent)), encoding="utf-8")  # JSON is YAML
    command = [sys.executable, "-m", "guard.sandbox", "--scenario", str(path)]
    if tls:
        certificate(folder)
        command += ["--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        config = folder / "guard.yaml"
        config.write_text(CONFIG.format(mode=mode, sink=sink, every=every), encoding="utf-8")
        fleet = Fleet(ready["http"], folder, config)
        fleet.post("/storage/v1/b?project=demo-research", {"name": "guard"})
        yield fleet
    finally:
        process.terminate()
        process.wait(timeout=30)


def certificate(folder: Path) -> None:
    """A self-signed certificate for the loopback."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
