"""Traffic of the sandbox's endpoints: patterns, traces and real calls, countable to the minute over any window."""

from guard.sandbox.traffic.errors import TrafficError
from guard.sandbox.traffic.flow import Traffic
from guard.sandbox.traffic.spec import parse

__all__ = ["Traffic", "TrafficError", "parse"]
