"""Scenario file in, sandbox running: what the command line calls."""

import sys
from pathlib import Path

from guard.sandbox.scenario.build import build
from guard.sandbox.scenario.load import ScenarioError, load
from guard.sandbox.server import Tls, serve


def run(
    scenario: Path,
    *,
    port: int = 0,
    grpc_port: int = 0,
    speed: float | None = None,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
) -> int:
    """Serve a scenario until SIGINT or SIGTERM; returns the exit code: 0, or 2 with one clear message on stderr."""
    try:
        if (tls_cert is None) != (tls_key is None):
            raise ScenarioError("a TLS certificate and its key go together; give both --tls-cert and --tls-key.")
        tls = Tls(tls_cert, tls_key) if tls_cert is not None and tls_key is not None else None
        world = build(load(scenario), base_dir=scenario.parent)
        if speed is not None:
            world.clock.set_speed(speed)
        serve(world, port=port, grpc_port=grpc_port, tls=tls)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"tuneguard: {error}\n")
        return 2
    return 0
