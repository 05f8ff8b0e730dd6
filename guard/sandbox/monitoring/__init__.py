"""Cloud Monitoring of the sandbox: time series made of deployments and traffic when they are asked for, gRPC and REST.

`world.settings["metric_lag"]` may hold `counts` and `utilisation` (timedelta): how old a sample is when it can be read.
"""

from guard.sandbox.monitoring.rest import classify, routes

__all__ = ["classify", "routes"]
