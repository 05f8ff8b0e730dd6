"""guard.yaml and .env from a Pulumi stack's outputs (their shape: docs/reference/infra.md). The texts are pure functions."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from guard.ports.errors import ConfigInvalid, Unavailable

TEMPLATE = """\
# Written by `tuneguard init --from-stack {stack}`. The stack decides who the guard is and what may be spent: change mode,
# projects, bucket and the budget named "project" there (pulumi config set ...; pulumi up), then run the command again with
# --force, or correct them here by hand. Everything else is yours.
mode: {mode}
projects: [{projects}]
owners: {{from: [label:owner, run, creator], fallback: ops}}
notify: {{ops: "${{OPS_URL}}"}}        # an Apprise URL, read from the environment (.env)
if_wrong:                         # what a wrong removal costs the people who call
  scratch: {{per_minute_down: 0.10}}
  team: {{per_minute_down: 1}}
  customer: {{per_minute_down: 20, floor: 7d}}
policies:                         # the first that matches decides
  - {{name: prod, match: {{labels: {{env: prod}}}}, wait: never}}
  - name: default
    match: all
    if_wrong: team
    wait: break_even
    notify_before: 2h             # inside the wait
    do: [undeploy]                # the stack's own shells stay: only their models may go
limits: {{removals_per_day: 3}}
"""


def guard_yaml(stack: str, outputs: Mapping[str, Any]) -> str:
    """The text of guard.yaml for a stack; raises ConfigInvalid where the outputs are not this stack's."""
    _check(stack, outputs)
    text = TEMPLATE.format(stack=stack, mode=outputs["mode"], projects=", ".join(outputs["watch"]))
    if bucket := outputs.get("buckets", {}).get("guard"):
        text += f"bucket: gs://{bucket}/tuneguard\n"
    if outputs.get("budgets"):
        text += "budgets:\n"
        for budget in outputs["budgets"]:
            alerts = ", ".join(budget["alertAt"])
            text += f"  - {{name: {budget['name']}, monthly: {budget['monthly']}, alert_at: [{alerts}]}}\n"
    if subscription := outputs.get("budgetSubscription"):
        # The stack calls its budget at Google by its prefix, which the subscription's name begins with.
        theirs = str(subscription).rpartition("/")[2].removesuffix("-budget-guard")
        same = "".join(f", same_as: {{{theirs}: {budget['name']}}}" for budget in outputs.get("budgets", [])[:1])
        text += f"google_budgets: {{subscription: {subscription}{same}}}  # Google's own notices, shown beside ours\n"
    return text


def environment(stack: str, outputs: Mapping[str, Any]) -> str:
    """The text of .env: what guard.yaml and the daemon read from the environment, quoted for a shell.

    Holds secrets where the outputs were read with them; whoever writes it keeps it from other eyes.
    """
    _check(stack, outputs)
    values = {"OPS_URL": "", **outputs.get("environment", {})}
    lines = [f"# Written by `tuneguard init --from-stack {stack}`. Use: set -a; . ./.env; set +a"]
    for name, value in sorted(values.items()):
        if name == "OPS_URL" and not value:
            lines.append(
                "# Where notices go, any Apprise URL, e.g. mailto://, slack://, json:// (stack key: notifyUrls)"
            )
        lines.append(f"{name}={shlex.quote(value) if value else ''}")
    return "\n".join(lines) + "\n"


def read_outputs(stack: str, folder: Path) -> dict[str, Any]:
    """Ask the pulumi CLI for a stack's outputs, secrets in clear; raises Unavailable with what it said."""
    command = ["pulumi", "stack", "output", "--json", "--show-secrets", "--non-interactive", "--stack", stack]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603  # arguments of ours
    except OSError as error:
        raise Unavailable(
            f"The pulumi CLI cannot be run: {error.strerror}.",
            hint="Install it (docs/how-to/infra-set-up.md), or write guard.yaml with `tuneguard init`.",
        ) from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Unavailable(
            f"The outputs of stack {stack} cannot be read: {said[-1] if said else 'pulumi said nothing'}",
            hint="Run it where Pulumi.yaml is, after `pulumi up`, with the stack's passphrase in PULUMI_CONFIG_PASSPHRASE.",
        )
    outputs: dict[str, Any] = json.loads(done.stdout)
    return outputs


def write(stack: str, path: Path, *, force: bool) -> tuple[Path, Path]:
    """Write guard.yaml and, beside it, .env (for its owner's eyes only); raises ConfigInvalid, Unavailable."""
    dotenv = path.parent / ".env"
    for file in (path, dotenv):
        if file.exists() and not force:
            raise ConfigInvalid(f"{file}: exists already and was kept.", hint="Give --force to write over it.")
    outputs = read_outputs(stack, Path.cwd())
    texts = {path: guard_yaml(stack, outputs), dotenv: environment(stack, outputs)}
    for file, text in texts.items():
        try:
            if file == dotenv:
                file.unlink(missing_ok=True)
                file.touch(mode=0o600)
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ConfigInvalid(f"{file}: cannot be written: {error.strerror}.") from None
    return path, dotenv


def _check(stack: str, outputs: Mapping[str, Any]) -> None:
    missing = [name for name in ("mode", "watch", "project") if not outputs.get(name)]
    if missing:
        raise ConfigInvalid(
            f"The outputs of stack {stack} lack {', '.join(missing)}.",
            hint="Is it a stack of this repository's program, and did `pulumi up` succeed?",
        )
