"""`tuneguard init`: a first guard.yaml, in observe mode, with every line explained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.common import COMMON, Common, emit_json, say
from guard.ports.errors import ConfigInvalid

app = App(name="init", help="Write a first guard.yaml.")

TEMPLATE = """\
# Tuneguard: what is watched, who is told, how long silence must last. `tuneguard config check` checks it offline,
# `tuneguard doctor` against the cloud. Nothing is ever changed in observe mode.
mode: observe                     # observe | approve | enforce
projects: [{projects}]            # nothing else is touched
owners: {{from: [label:owner, run, creator], fallback: ops}}
notify: {{ops: "{notify}"}}        # an Apprise URL; ${{NAME}} is read from the environment
if_wrong:                         # what a wrong removal costs the people who call
  scratch: {{per_minute_down: 0.10}}
  team: {{per_minute_down: 1}}
  customer: {{per_minute_down: 20, floor: 7d}}
policies:                         # the first that matches decides
  - {{name: prod, match: {{labels: {{env: prod}}}}, wait: never}}
  - name: default
    match: all
    if_wrong: team
    wait: break_even              # cost of a wrong removal / cost of an idle hour; or never, or 24h
    notify_before: 2h             # inside the wait
    do: [undeploy]                # opt in: scale_to_zero, delete_endpoint, delete_model, cancel_job
limits: {{removals_per_day: 3}}     # the dearest go first
ledger: sqlite:///tuneguard.db    # or postgresql+psycopg://USER@HOST/DB; enforce needs a disk that outlives the process
# bucket: gs://BUCKET/tuneguard   # approve and enforce need it: claims and recipes are kept there
"""


@app.default
def init(
    *,
    project: Annotated[list[str] | None, Parameter(help="Project to watch; repeat for more.", negative="")] = None,
    notify: Annotated[
        str, Parameter(help="Apprise URL of the channel for everything that has no owner.")
    ] = "${OPS_URL}",
    from_stack: Annotated[
        str | None, Parameter(help="Take everything from the outputs of this Pulumi stack; also writes .env beside it.")
    ] = None,
    force: Annotated[bool, Parameter(negative="", show_default=False, help="Write over an existing file.")] = False,
    common: Common = COMMON,
) -> None:
    """Write ./guard.yaml (or the file that --config names) and say what to do next. An existing file is kept."""
    from guard.config.reach import project_problem

    # Not where TUNEGUARD_CONFIG points (the demo sets it): a first file goes where one stands, or where one says.
    path: Path = common.config or Path("guard.yaml")
    for one in project or ():
        if (problem := project_problem(one)) is not None:
            raise ConfigInvalid(f"--project: {problem}.")
    if from_stack is not None:
        from guard.cli.init_from_stack import write

        written = write(from_stack, path, force=force)
        if common.as_json:
            emit_json({"written": [str(one) for one in written]})
            return
        say("Wrote {files} from stack {stack}. Next:", files=" and ".join(map(str, written)), stack=from_stack)
        say("  set -a; . ./.env; set +a    secrets and the notice URL, for this shell")
        say("  tuneguard config check      checks the file;  tuneguard doctor checks it with the cloud")
        return
    if path.exists() and not force:
        raise ConfigInvalid(
            f"{path}: exists already and was kept.", hint="Give --force to write over it, or --config for another."
        )
    text = TEMPLATE.format(projects=", ".join(project or ["my-project"]), notify=notify)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigInvalid(f"{path}: cannot be written: {error.strerror}.") from None
    if common.as_json:
        emit_json({"written": str(path)})
        return
    say("Wrote {path}, in observe mode: it looks and tells, and changes nothing.", path=path)
    say("Next:")
    if notify.startswith("${"):
        kinds = "(any Apprise URL, e.g. slack://, mailto://, json://)"
        say("  export {name}=...          where notices go {kinds}", name=notify[2:-1], kinds=kinds)
    say("  tuneguard config check      checks the file")
    say("  tuneguard doctor            checks credentials, permissions, monitoring, ledger, notices")
    say("  tuneguard run --once        looks once;  tuneguard status shows what it saw")
