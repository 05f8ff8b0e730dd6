"""An alert when the daemon falls silent: a guard that stopped guards nothing and says nothing."""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

SILENCE = "3600s"
"""An hour: many cycles missed, and no false alarm for a restart or a new revision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatAlertArgs:
    """`email` is told; the heartbeat is the daemon's `cycle.completed` log line."""

    prefix: str
    project: str
    email: str


class HeartbeatAlert(pulumi.ComponentResource):
    """Children: `{name}-metric`, `{name}-channel`, `{name}-policy`. Outputs: `policy`."""

    def __init__(self, name: str, args: HeartbeatAlertArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tuneguard:alert:HeartbeatAlert", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        metric = gcp.logging.Metric(
            f"{name}-metric",
            name=f"{args.prefix}-heartbeat",
            project=args.project,
            description="Cycles that the guard completed.",
            # Plain text: Cloud Run parses the daemon's JSON lines, the VM's log driver keeps them as one string.
            filter='"cycle.completed" AND (resource.type="cloud_run_worker_pool" OR resource.type="gce_instance")',
            metric_descriptor={"metric_kind": "DELTA", "value_type": "INT64"},
            opts=child,
        )
        channel = gcp.monitoring.NotificationChannel(
            f"{name}-channel",
            project=args.project,
            display_name=f"{args.prefix}: guard's keeper",
            type="email",
            labels={"email_address": args.email},
            opts=child,
        )
        policy = gcp.monitoring.AlertPolicy(
            f"{name}-policy",
            project=args.project,
            display_name=f"{args.prefix}: no heartbeat",
            combiner="OR",
            severity="ERROR",
            notification_channels=[channel.name],
            documentation={
                "content": "The guard has completed no cycle for an hour. See docs/how-to/infra-operate.md."
            },
            conditions=[
                {
                    "display_name": "no completed cycle",
                    "condition_absent": {
                        "duration": SILENCE,
                        "filter": metric.name.apply(
                            lambda metric_name: f'metric.type="logging.googleapis.com/user/{metric_name}"'
                        ),
                        "aggregations": [{"alignment_period": "300s", "per_series_aligner": "ALIGN_DELTA"}],
                    },
                }
            ],
            opts=child,
        )
        self.policy = policy.id
        self.register_outputs({"policy": self.policy})
