"""Where the daemon's container image lives."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRepositoryArgs:
    """`reader` is the member that pulls the image, or None."""

    repository_id: str
    project: str
    region: str
    labels: Mapping[str, str]
    reader: pulumi.Input[str] | None


class ImageRepository(pulumi.ComponentResource):
    """A Docker repository that keeps the ten newest images. Children: `{name}`, `{name}-reader`. Outputs: `uri`."""

    def __init__(self, name: str, args: ImageRepositoryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tuneguard:images:ImageRepository", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        repository = gcp.artifactregistry.Repository(
            name,
            repository_id=args.repository_id,
            project=args.project,
            location=args.region,
            format="DOCKER",
            labels=dict(args.labels),
            cleanup_policies=[
                {"id": "keep-newest", "action": "KEEP", "most_recent_versions": {"keep_count": 10}},
                {"id": "delete-old", "action": "DELETE", "condition": {"older_than": "2592000s"}},
            ],
            opts=child,
        )
        if args.reader is not None:
            gcp.artifactregistry.RepositoryIamMember(
                f"{name}-reader",
                project=args.project,
                location=args.region,
                repository=repository.name,
                role="roles/artifactregistry.reader",
                member=args.reader,
                opts=child,
            )
        self.uri = repository.registry_uri
        self.register_outputs({"uri": self.uri})
