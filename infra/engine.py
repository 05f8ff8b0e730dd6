"""The real Pulumi engine over the same program, through the automation API.

`pulumi up` needs a language host beside the CLI. Upstream ships it with the CLI's installer; as a Go module it is never tagged and
cannot be had as a dependency, so CI and the demo let the SDK itself serve the program (`infra.program.program`, which is also what
`pulumi up` runs). `pulumi destroy`, `refresh`, `import` and `state` need no language host at all.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation

from infra.program import ROOT, program

PROJECT = "tuneguard"


class NoCliError(RuntimeError):
    """There is no pulumi CLI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where a stack is worked on: `folder` gets Pulumi.yaml and the stack files, `state` holds the file backend."""

    folder: Path
    state: Path
    passphrase: str
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment of CLI and provider, such as PATH and TUNEGUARD_SANDBOX."""

    def variables(self) -> dict[str, str]:
        """The environment that makes the CLI keep to itself: own home, own state, no update check, no downloads."""
        return {
            "PULUMI_HOME": str(self.state / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.state}",
            "PULUMI_CONFIG_PASSPHRASE": self.passphrase,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            **self.environment,
        }


def find_cli() -> Path:
    """The folder of the pulumi CLI: on PATH, else as built by tools/pulumi-cli/ensure.sh.

    Raises:
        NoCliError: There is none; the message says how to get one.
    """
    built = ROOT / ".tuneguard" / "bin" / "pulumi"
    found = shutil.which("pulumi") or (str(built) if built.exists() else None)
    if found is None:
        raise NoCliError(
            "No pulumi CLI. Install it (https://www.pulumi.com/docs/install/), or build it: tools/pulumi-cli/ensure.sh"
        )
    return Path(found).parent


def open_stack(name: str, workspace: Workspace) -> automation.Stack:
    """Make or open a stack whose program is this repository's."""
    prepare(workspace)
    options = automation.LocalWorkspaceOptions(
        work_dir=str(workspace.folder), env_vars=workspace.variables(), secrets_provider="passphrase"
    )
    return automation.create_or_select_stack(name, project_name=PROJECT, program=program, opts=options)


def prepare(workspace: Workspace) -> None:
    """Lay out the folders: the repository's Pulumi.yaml, and its infra/ by reference."""
    (workspace.state / "home").mkdir(parents=True, exist_ok=True)
    workspace.folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "Pulumi.yaml", workspace.folder / "Pulumi.yaml")
    link = workspace.folder / "infra"
    if not link.exists():
        link.symlink_to(ROOT / "infra", target_is_directory=True)


def search_path(*first: Path) -> str:
    """PATH with some folders in front."""
    return os.pathsep.join([*map(str, first), os.environ.get("PATH", "")])


def configure(name: str, workspace: Workspace, values: Mapping[str, Any]) -> None:
    """Set keys in Pulumi.NAME.yaml, objects and lists as YAML (the CLI's `config set --path` one by one); None takes a key out."""
    from ruamel.yaml import YAML

    path = workspace.folder / f"Pulumi.{name}.yaml"
    yaml = YAML()
    document = (yaml.load(path.read_text(encoding="utf-8")) if path.exists() else None) or {}
    config = document.setdefault("config", {})
    for key, value in values.items():
        full = key if ":" in key else f"{PROJECT}:{key}"
        if value is None:
            config.pop(full, None)
        else:
            config[full] = value
    with path.open("w", encoding="utf-8") as stream:
        yaml.dump(document, stream)
