"""A sandbox and a stack on it, driven by the real Pulumi engine and CLI."""

import io
import json
import os
import subprocess
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi.automation.events import EngineEvent

from guard.sandbox.provider import write_executable
from guard.sandbox.resources.items import items_of
from guard.sandbox.scenario.build import build
from guard.sandbox.scenario.load import parse
from guard.sandbox.server import Running, start_in_thread
from infra import engine

PROJECT, NUMBER, REGION = "acme-ml", "123456789012", "us-central1"
ACCOUNT = f"tuneguard-dev@{PROJECT}.iam.gserviceaccount.com"

SCENARIO = f"""
start: 2026-11-02T00:00:00Z
projects:
  - {{id: {PROJECT}, number: "{NUMBER}", locations: [us-central1, europe-west4]}}
models:
  - {{id: "111", display_name: tuned, location: us-central1}}
# The clock stands still unless a test moves it, so what Pulumi waits for takes no time.
operations: {{create_endpoint: 0s, delete_endpoint: 0s, undeploy: 0s, release_model: 0s}}
"""

SMALL = {
    "gcp:project": PROJECT,
    "gcp:region": REGION,
    "home": "none",
    "images": False,
    "endpoints": [{"name": "chat"}, {"name": "batch", "dedicated": True}],
}
FULL = {
    **SMALL,
    "home": "vm",
    "images": True,
    "budget": {"monthly": "500"},
    "billingAccount": "012345-6789AB-CDEF01",
    "alertEmail": "ops@example.com",
    "team": ["group:ml@example.com"],
}


class Cloud:
    """One sandbox with one stack, `dev`."""

    def __init__(self, running: Running, folder: Path) -> None:
        self.running = running
        self.world = running.world
        provider = folder / "bin"
        write_executable(provider)
        self.workspace = engine.Workspace(
            folder=folder / "stack",
            state=folder / "state",
            passphrase="test",
            environment={"PATH": engine.search_path(provider, engine.find_cli()), "TUNEGUARD_SANDBOX": running.http},
        )
        self.stack = engine.open_stack("dev", self.workspace)

    def configure(self, values: Mapping[str, Any]) -> None:
        engine.configure("dev", self.workspace, values)

    def up(self, **options: Any) -> dict[str, Any]:
        """`pulumi up`; the outputs."""
        return {key: one.value for key, one in self.stack.up(**options).outputs.items()}

    def steps(self) -> dict[str, str]:
        """What a preview would do: resource name -> operation, unchanged ones left out."""
        found: dict[str, str] = {}

        def note(event: EngineEvent) -> None:
            if event.resource_pre_event and event.resource_pre_event.metadata:
                step = event.resource_pre_event.metadata
                if str(step.op) not in {"same", "OpType.SAME"}:
                    found[step.urn.rpartition("::")[2]] = getattr(step.op, "value", str(step.op))

        self.stack.preview(on_event=note)
        return found

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The CLI as a person types it, in the stack's folder."""
        return subprocess.run(
            ["pulumi", *arguments, "--stack", "dev", "--non-interactive"],
            cwd=self.workspace.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.workspace.variables()}

    def state_text(self) -> str:
        """Everything that the state backend wrote, as text."""
        files = [path for path in (self.workspace.state / ".pulumi").rglob("*") if path.is_file()]
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)

    def call(self, verb: str, path: str, body: Any = None, *, principal: str = "ana@example.com") -> tuple[int, Any]:
        """One call to the platform: status and document."""
        request = urllib.request.Request(
            self.running.http + path,
            method=verb,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer sandbox:{principal}", "Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(io.BytesIO(error.read()))

    def by_hand(self, change: Mapping[str, Any]) -> None:
        """Somebody does something beside Pulumi."""
        status, answer = self.call("POST", "/sandbox/change", {"by": "ana@example.com", **change})
        assert status == 200, answer

    def deploy_by_hand(self, endpoint: str = "chat", name: str = "7") -> None:
        deployed = {"id": name, "model": "111", "machine": "n1-standard-4"}
        self.by_hand({"deploy": {"endpoint": endpoint, "deploy": deployed}})
        self.advance("1h")

    def advance(self, step: str) -> None:
        status, answer = self.call("POST", "/sandbox/clock", {"advance": step})
        assert status == 200, answer

    def endpoint(self, name: str = "chat") -> Any:
        """The endpoint's document, None when it is gone."""
        status, document = self.call("GET", f"/v1beta1/projects/{PROJECT}/locations/{REGION}/endpoints/{name}")
        return document if status == 200 else None

    def upload(self, bucket: str, name: str = "train.jsonl") -> None:
        status, answer = self.call("POST", f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}", {"rows": 1})
        assert status == 200, answer

    def left(self) -> list[str]:
        """Everything that exists: resource store, endpoints, buckets."""
        _, buckets = self.call("GET", f"/storage/v1/b?project={PROJECT}")
        return [
            *(f"{item.type} {item.id}" for item in items_of(self.world).of()),
            *(name for name, _ in self.world.store.all("endpoints")),
            *(one["name"] for one in buckets.get("items", ())),
        ]


def start(folder: Path, scenario: str = SCENARIO) -> Cloud:
    """A running sandbox with an empty stack; stop with `cloud.running.stop()`."""
    return Cloud(start_in_thread(build(parse(scenario))), folder)
