"""Starts the provider as Pulumi wants it: the port as the first line of standard output, then serve until killed."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from guard.sandbox.provider.platform import Platform
from guard.sandbox.provider.servicer import GcpProvider

MAX_MESSAGE = 400 * 1024 * 1024
"""What the SDK allows (pulumi/runtime/_grpc_settings.py)."""


def main() -> None:
    """Serve on a free loopback port; refuses to start without a sandbox."""
    url = os.environ.get("TUNEGUARD_SANDBOX", "")
    if not url:
        sys.exit("This gcp provider only speaks to a Tuneguard sandbox: set TUNEGUARD_SANDBOX, or take it off PATH.")
    # The engine calls in parallel, as many at a time as --parallel says.
    server = grpc.server(ThreadPoolExecutor(max_workers=32), options=[("grpc.max_receive_message_length", MAX_MESSAGE)])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(GcpProvider(Platform(url)), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201  # the launch contract
    server.wait_for_termination()


main()
