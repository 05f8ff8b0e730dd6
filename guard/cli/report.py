"""`tuneguard report`: a month's money on one page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from guard.cli.app import UNKNOWN
from guard.cli.common import COMMON, Common, desk_of, emit_json, say
from guard.ports.errors import ConfigInvalid

app = App(name="report", help="A month's money on one page: spend, idle, saved, budgets, retirements, unknown.")


@app.default
def report(
    *,
    month: Annotated[str | None, Parameter(help="YYYY-MM, a billing month; default: the running one.")] = None,
    form: Annotated[
        Literal["html", "markdown"],
        Parameter(name="--format", help="One HTML page with pictures, or Markdown for chats."),
    ] = "html",
    to: Annotated[Path | None, Parameter(name="--to", help="The file to write; default: standard output.")] = None,
    what_if: Annotated[
        Path | None, Parameter(help="Another guard.yaml: what the month ends at with it; looks now.")
    ] = None,
    common: Common = COMMON,
) -> int:
    """Write the report of a billing month: spend by team, top idle, removed and saved by three kinds of proof, budgets, forecast,
    retirement calendar, what the bill holds that nobody watches, and everything that is unknown.

    Reports are also sent by the daemon, as `reports:` in guard.yaml says. Exit code 3 where nobody has looked yet.
    """
    from guard.desk.rendering import render

    with desk_of(common) as desk:
        document = dict(desk.report(month=month))
    if what_if is not None:
        from guard.wiring.what_if import what_if_of

        document["what_if"] = what_if_of(common.path, what_if)
    if common.as_json:
        emit_json(document)
    elif to is None:
        sys.stdout.write(render(document, form))
    else:
        try:
            to.write_text(render(document, form), encoding="utf-8")
        except OSError as error:
            raise ConfigInvalid(f"--to: {to} can't be written: {error.strerror}.") from error
        say("Wrote {file}.", file=to)
    return 0 if document["taken_at"] else UNKNOWN
