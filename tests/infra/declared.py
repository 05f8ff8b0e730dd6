"""What the program declares, seen by a mock monitor: no CLI, no provider, no sandbox."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import get_root_resource, mocks, set_all_config, set_mocks

from guard.sandbox.provider.kinds import KINDS
from infra import settings
from infra.program import build

BASE = {"gcp:project": "acme-ml", "gcp:region": "us-central1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One resource as registered: what MockResourceArgs has, and the options that it has not."""

    type: str
    name: str
    inputs: dict[str, Any]
    parent: str
    protect: bool
    ignore_changes: tuple[str, ...]
    depends_on: tuple[str, ...]


@dataclass(slots=True)
class Declared:
    """All registrations of one run, and the stack's outputs."""

    resources: list[Registration] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def one(self, name: str) -> Registration:
        """The custom resource of this name (a component may have the same)."""
        found = [one for one in self.resources if one.name == name and not one.type.startswith("tuneguard:")]
        assert len(found) == 1, [one.name for one in self.resources]
        return found[0]

    def children(self, component: str) -> set[str]:
        """Names of the custom resources whose parent is the component."""
        return {one.name for one in self.resources if one.parent == component and not one.type.startswith("tuneguard:")}


class _Platform(mocks.Mocks):
    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        kind = KINDS.get(args.typ)
        if kind is None:
            return (None, dict(args.inputs)) if args.typ.startswith("tuneguard:") else (args.name, dict(args.inputs))
        values = {"project": "acme-ml", **args.inputs, "number": "1", "projectNumber": "2"}
        name = kind.id.format(**values)
        return name, {**args.inputs, **kind.computed({**values, "id": name})}

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        return {"number": "2"}


class _Monitor(mocks.MockMonitor):
    def __init__(self, declared: Declared) -> None:
        super().__init__(_Platform())
        self._declared = declared

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # gRPC's name
        if request.type != "pulumi:pulumi:Stack":
            self._declared.resources.append(
                Registration(
                    type=request.type,
                    name=request.name,
                    inputs=pulumi.runtime.rpc.deserialize_properties(request.object),
                    parent=request.parent.rpartition("::")[2],
                    protect=request.protect,
                    ignore_changes=tuple(request.ignoreChanges),
                    depends_on=tuple(urn.rpartition("::")[2] for urn in request.dependencies),
                )
            )
        return super().RegisterResource(request)


def raw(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as the engine hands them to a program: texts, everything else as JSON."""
    return {
        key if ":" in key else f"tuneguard:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in values.items()
    }


def declare(values: Mapping[str, Any] | None = None, guard_yaml: str = "") -> Declared:
    """Run the program with this configuration on top of BASE; the keys of `settings.SECRETS` count as encrypted."""
    config = raw({**BASE, **(values or {})})
    secret = frozenset(f"tuneguard:{key}" for key in settings.SECRETS)
    chosen = settings.load(config, secret_keys=secret, stack="dev")
    declared = Declared()
    set_mocks(_Platform(), project="tuneguard", stack="dev", preview=False, monitor=_Monitor(declared))
    set_all_config(config, sorted(secret & config.keys()))

    def run() -> pulumi.Output[Any]:
        build(chosen, guard_yaml)
        return pulumi.Output.from_input(get_root_resource().outputs).apply(declared.outputs.update)

    mocks.test(run)()
    return declared
