"""API enablement."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp


@dataclass(frozen=True, slots=True, kw_only=True)
class EnabledApisArgs:
    """`services`: names such as `aiplatform.googleapis.com`."""

    project: str
    services: Sequence[str]


class EnabledApis(pulumi.ComponentResource):
    """Enables APIs and leaves them enabled on destroy: others in the project may use them. Children: `{name}-{service}`."""

    def __init__(self, name: str, args: EnabledApisArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tuneguard:apis:EnabledApis", name, None, opts)
        for service in sorted(set(args.services)):
            # disable_on_destroy breaks destroy where something else depends on the API (pulumi/examples#1129).
            gcp.projects.Service(
                f"{name}-{service.partition('.')[0]}",
                project=args.project,
                service=service,
                disable_on_destroy=False,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
