"""`tuneguard sandbox`: a local cloud that speaks the real protocols."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

app = App(name="sandbox", help="A local cloud that speaks the real protocols; prints one JSON line when ready.")


@app.default
def sandbox(
    *,
    scenario: Annotated[Path, Parameter(help="A scenario file (docs/reference/scenario.md).")],
    port: Annotated[int, Parameter(help="HTTP port on the loopback; 0 takes a free one.")] = 0,
    grpc_port: Annotated[int, Parameter(help="gRPC port for Cloud Monitoring; 0 takes a free one.")] = 0,
    speed: Annotated[
        float | None,
        Parameter(help="How fast its clock runs: 0 stepped, 1 like the wall clock; default: the scenario's."),
    ] = None,
    tls_cert: Annotated[Path | None, Parameter(help="Serve TLS with this certificate (PEM).")] = None,
    tls_key: Annotated[Path | None, Parameter(help="Its key (PEM).")] = None,
) -> int:
    """Serve until Ctrl-C. Everything in it is virtual: machines, money, requests and the clock."""
    from guard.sandbox.run import run

    return run(scenario, port=port, grpc_port=grpc_port, speed=speed, tls_cert=tls_cert, tls_key=tls_key)
