"""`python -m guard.sandbox --scenario FILE [--port N] [--grpc-port N]`: the sandbox as a process of its own."""

import argparse
import sys
from pathlib import Path

from guard.sandbox.run import run


def main() -> int:
    """Parse the arguments and serve until told to stop; 2 where something is wrong with them."""
    parser = argparse.ArgumentParser(prog="python -m guard.sandbox", description="A cloud in a box, on the loopback.")
    parser.add_argument("--scenario", type=Path, required=True, metavar="FILE", help="a scenario file (YAML)")
    parser.add_argument("--port", type=int, default=0, help="HTTP port; 0 takes a free one")
    parser.add_argument("--grpc-port", type=int, default=0, help="gRPC port of Monitoring; 0 takes a free one")
    parser.add_argument("--speed", type=float, help="virtual seconds in a second; 0 stands still until stepped")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="serve over TLS with this certificate (PEM)")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="the certificate's key (PEM)")
    given = parser.parse_args()
    return run(
        given.scenario,
        port=given.port,
        grpc_port=given.grpc_port,
        speed=given.speed,
        tls_cert=given.tls_cert,
        tls_key=given.tls_key,
    )


if __name__ == "__main__":
    sys.exit(main())
