"""Takes a stack down in the right order: undeploy what stands on its endpoints, then `pulumi destroy`.

python -m infra.destroy --stack dev [--yes] [--undeploy-only]
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from infra.undeploy import UndeployError, deployed, open_session, undeploy

ROOT = Path(__file__).resolve().parent.parent
NOT_EMPTY = "without `force_destroy` set to true"
"""The real provider's words for a bucket that holds objects (terraform-provider-google, resource_storage_bucket.go)."""


def main(
    arguments: Sequence[str] | None = None, *, folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> int:
    """0 done, 1 the platform or Pulumi refused, 2 wrong use, 3 the stack's outputs could not be read."""
    options = _options(arguments)
    environment = dict(environment or os.environ)
    try:
        outputs = _outputs(options.stack, folder, environment)
    except FileNotFoundError:
        _say("There is no pulumi on PATH. Install it: https://www.pulumi.com/docs/install/", to=sys.stderr)
        return 3
    except (OSError, ValueError) as error:
        _say(f"The outputs of stack {options.stack} cannot be read: {error}", to=sys.stderr)
        return 3
    try:
        _clear(outputs.get("endpoints", {}), sure=options.yes)
    except UndeployError as error:
        _say(f"Nothing was destroyed: {error}", to=sys.stderr)
        return 1
    if options.undeploy_only:
        return 0
    return _destroy(options.stack, folder, environment, sure=options.yes)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.destroy", description="Undeploy from a stack's endpoints, then destroy the stack."
    )
    parser.add_argument("--stack", required=True, help="the stack's name, such as dev")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument("--undeploy-only", action="store_true", help="stop after undeploying; the stack stays")
    return parser.parse_args(arguments)


def _outputs(stack: str, folder: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603  # arguments of ours
        ["pulumi", "stack", "output", "--json", "--stack", stack, "--non-interactive"],  # noqa: S607  # the CLI on PATH
        cwd=folder, env=dict(environment), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ValueError(done.stderr.strip() or done.stdout.strip())
    outputs: dict[str, Any] = json.loads(done.stdout)
    return outputs


def _clear(endpoints: Mapping[str, str], *, sure: bool) -> None:
    session = open_session()
    standing = deployed(session, endpoints.values())
    if not standing:
        _say("No model is deployed on the stack's endpoints.")
        return
    _say("Deployed on the stack's endpoints (the models stay in the registry):")
    for one in standing:
        _say(f"  {one.endpoint}  {one.id}  {one.model}")
    if not sure and not _agreed(f"Undeploy these {len(standing)}? Callers get errors from then on. [y/N] "):
        raise UndeployError("you did not say yes (--yes asks nothing)")
    for one in standing:
        undeploy(session, one)
        _say(f"Undeployed {one.id} from {one.endpoint}")


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except EOFError:  # nobody is there to answer
        return False


def _destroy(stack: str, folder: Path, environment: Mapping[str, str], *, sure: bool) -> int:
    command = ["pulumi", "destroy", "--stack", stack, "--refresh"]
    # The output is read for one refusal that people can do something about, and passed on line by line.
    quiet = [*command, "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs"]
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} if sure else {}
    seen = ""
    with subprocess.Popen(quiet if sure else command, cwd=folder, env=dict(environment), text=True, **piped) as running:  # type: ignore[call-overload]  # noqa: S603  # options in one dict; our own arguments
        for line in running.stdout or ():
            _say(line.rstrip("\n"))
            seen += line
    if NOT_EMPTY in seen:
        _say(
            "A bucket holds objects and the stack says that data may not go. If it may:\n"
            f"  pulumi config set dataMayGo true --stack {stack} && pulumi up --stack {stack}\n"
            "and destroy again. Everything else is gone already or waits; nothing was lost.",
            to=sys.stderr,
        )
    return 1 if running.returncode else 0


def _say(text: str, *, to: TextIO | None = None) -> None:
    (to or sys.stdout).write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
