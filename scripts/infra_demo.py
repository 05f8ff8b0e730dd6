"""`pulumi up`, a guard's cycle, `pulumi destroy`, told step by step: the real engine and CLI on the sandbox, no account needed.

    make infra-demo

It proves the program, its order, state, drift and destroy, not that Google accepts the same inputs.
"""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from guard.sandbox.provider import write_executable
from guard.sandbox.scenario.build import build
from guard.sandbox.scenario.load import parse
from guard.sandbox.server import start_in_thread
from infra import destroy, engine

SCENARIO = """
start: 2026-11-02T08:00:00Z
projects: [{id: acme-ml, number: "123456789012", locations: [us-central1, europe-west4]}]
models: [{id: "111", display_name: tuned-gemma, location: us-central1}]
operations: {create_endpoint: 0s, delete_endpoint: 0s, undeploy: 0s, release_model: 0s}
"""
STACK: dict[str, Any] = {
    "gcp:project": "acme-ml",
    "gcp:region": "us-central1",
    "endpoints": [{"name": "chat", "dedicated": True, "labels": {"team": "search"}}, {"name": "batch"}],
    "budget": {"monthly": "500"},
    "billingAccount": "012345-6789AB-CDEF01",
    "alertEmail": "ops@example.com",
    "team": ["group:ml@example.com"],
}
BEGAN = time.monotonic()
ACCOUNT = "tuneguard-dev@acme-ml.iam.gserviceaccount.com"


def main() -> int:
    """Run the demo; 0 when every step did what it says."""
    try:
        cli = engine.find_cli()
    except engine.NoCliError as error:
        print(error, file=sys.stderr)
        return 2
    with (
        tempfile.TemporaryDirectory(prefix="tuneguard-infra-demo-") as temporary,
        start_in_thread(build(parse(SCENARIO))) as sandbox,
        receiver() as notices,
    ):
        folder = Path(temporary)
        write_executable(folder / "bin")
        workspace = engine.Workspace(
            folder=folder / "stack",
            state=folder / "state",
            passphrase="demo",  # noqa: S106  # the demo's own state, gone with it
            environment={"PATH": engine.search_path(folder / "bin", cli), "TUNEGUARD_SANDBOX": sandbox.http},
        )
        os.environ.update({"PATH": engine.search_path(cli), "TUNEGUARD_SANDBOX": sandbox.http})
        tell(workspace, sandbox.http, notices)
    print(f"\nThe demo took {time.monotonic() - BEGAN:.0f} s.")
    return 0


def tell(workspace: engine.Workspace, url: str, notices: str) -> None:
    """The story, step by step."""
    step("pulumi up: buckets, identity, shells, budget, alert, image repository, a small VM for the daemon")
    stack = engine.open_stack("dev", workspace)
    engine.configure("dev", workspace, STACK)
    made = stack.up()
    print(f"  {sum((made.summary.resource_changes or {}).values())} resources made")
    cost = made.outputs["monthlyCost"].value
    print(f"  costs at least {cost['atLeast']} {cost['currency']} a month; unpriced: {', '.join(cost['unpriced'])}")
    stack.preview(expect_no_changes=True)
    print("  pulumi preview --expect-no-changes: nothing left to do")

    step("somebody deploys a tuned model to the shell `chat` and forgets it; twelve days pass")
    deploy = {"endpoint": "chat", "deploy": {"model": "111", "machine": "g2-standard-12", "accelerator": "NVIDIA_L4"}}
    ask(url, "/sandbox/change", {"by": "ana@example.com", "deploy": deploy})
    ask(url, "/sandbox/clock", {"advance": "12d"})
    print(f"  the meter stands at {requests.get(f'{url}/sandbox/meter', timeout=10).json()['total_usd']} USD")

    step("tuneguard init --from-stack dev, then one look in observe mode, as the service account that the stack made")
    guard = Guard(workspace, notices)
    guard.run("init", "--from-stack", "dev")
    guard.run("run", "--once")

    step("pulumi config set mode enforce; pulumi up: the identity gets the act role, guard.yaml the new mode")
    engine.configure("dev", workspace, {"mode": "enforce"})
    print(f"  {stack.up().summary.resource_changes}")
    guard.run("init", "--from-stack", "dev", "--force")
    guard.run("db", "adopt", "--why", "the demo's own ledger")  # a new ledger only observes until a person says so
    for _ in range(5):
        guard.run("run", "--once", quiet=True)
        ask(url, "/sandbox/clock", {"advance": "1h"})
    guard.run("history")

    step("pulumi preview --refresh --expect-no-changes: the guard took the model, the shell is still Pulumi's")
    stack.preview(refresh=True, expect_no_changes=True)
    print("  no drift")

    step("somebody deploys again; make destroy undeploys first, then destroys")
    ask(url, "/sandbox/change", {"by": "ana@example.com", "deploy": {"endpoint": "batch", "deploy": {"model": "111"}}})
    ask(url, "/sandbox/clock", {"advance": "1h"})
    environment = {**os.environ, **workspace.variables()}
    engine.configure("dev", workspace, {"dataMayGo": True})  # the guard's recipes lie in a bucket of the stack
    stack.up()
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        code = destroy.main(["--stack", "dev", "--yes"], folder=workspace.folder, environment=environment)
    for line in shown.getvalue().splitlines():
        if not line.startswith(
            (" -", " ~", "@", "    pulumi:")
        ):  # one line a resource is the CLI's; here the sum is enough
            print(f"    {line}" if line else "", end="\n" if line else "")
    left = requests.get(f"{url}/resources/v1/items", timeout=10).json()["items"]
    endpoints = requests.get(f"{url}/sandbox/state", timeout=10).json()["counts"]["endpoints"]
    print(f"  destroy: exit code {code}; resources left: {len(left)}, endpoints left: {endpoints}")
    if code or left or endpoints:
        raise SystemExit("The destroy left something behind; that is a bug.")


class Guard:
    """The guard's command line in the stack's folder, signed in as the stack's service account."""

    def __init__(self, workspace: engine.Workspace, notices: str) -> None:
        self._folder = workspace.folder
        self._environment = {
            **os.environ,
            **workspace.variables(),
            "TUNEGUARD_IDENTITY": ACCOUNT,
            "TUNEGUARD_LEDGER": f"sqlite:///{workspace.state / 'ledger.db'}",
            "OPS_URL": notices,
        }

    def run(self, *arguments: str, quiet: bool = False) -> None:
        """Run one command; 0 and 1 (found something) are fine."""
        done = subprocess.run(  # noqa: S603  # arguments of ours
            [str(Path(sys.executable).with_name("tuneguard")), *arguments],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if not quiet:
            print(f"  $ tuneguard {' '.join(arguments)}")
            print("".join(f"    {line}\n" for line in done.stdout.splitlines()), end="")
        if done.returncode not in {0, 1}:
            raise SystemExit(f"tuneguard {' '.join(arguments)} failed:\n{done.stderr}")


def step(text: str) -> None:
    """A heading with the time since the start."""
    print(f"\n== [{time.monotonic() - BEGAN:.0f} s] {text}")


def ask(url: str, path: str, body: dict[str, Any]) -> None:
    """Turn one of the sandbox's handles."""
    requests.post(f"{url}{path}", json=body, timeout=30).raise_for_status()


@contextlib.contextmanager
def receiver() -> Iterator[str]:
    """Where the notices go: a webhook on the loopback that says yes."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"json://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    sys.exit(main())
