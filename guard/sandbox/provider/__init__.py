"""A Pulumi resource provider named `gcp` that talks to the sandbox, so that the real engine and CLI run the real program.

For tests and the demo only. It proves the program: its order, state, drift, replacement and destroy. It does not prove that Google
accepts the same inputs; it only rejects what the installed `pulumi_gcp` classes do not have. `write_executable` makes the
`pulumi-resource-gcp` that Pulumi finds on PATH.
"""

import sys
from pathlib import Path


def write_executable(folder: Path) -> Path:
    """Write `pulumi-resource-gcp` into `folder`, run by this very Python; returns its path. Put `folder` first on PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "pulumi-resource-gcp"
    root = Path(__file__).resolve().parents[3]
    # Pulumi starts it in the program's folder, from which `guard` could not be imported.
    script.write_text(
        f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" -m guard.sandbox.provider "$@"\n', encoding="utf-8"
    )
    script.chmod(0o755)
    return script
