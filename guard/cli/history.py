"""`tuneguard history`: what was decided and done."""

from __future__ import annotations

import re
from typing import Annotated

from cyclopts import App, Parameter, validators

from guard.cli.common import COMMON, Common, desk_of, emit_json, say, table, when
from guard.cli.fitting import shortened
from guard.cli.showing import LONGEST_NAME, words

app = App(name="history", help="What was decided and done, with evidence.")


@app.default
def history(
    name: Annotated[
        str | None, Parameter(help="Resource name, display name, id or act id; default: everything.")
    ] = None,
    /,
    *,
    limit: Annotated[
        int, Parameter(help="How many acts and changes at most, the newest.", validator=validators.Number(gte=1))
    ] = 50,
    common: Common = COMMON,
) -> None:
    """Show acts with every step they took, and changes of verdict; of all, or of one thing through its removals and restores."""
    with desk_of(common) as desk:
        document = desk.history(name, limit=limit)
    if common.as_json:
        emit_json(document)
        return
    if not document["events"]:
        say("No act and no change of verdict is recorded yet.")
        return
    table(
        ["when (UTC)", "thing", "what", "detail"],
        [
            [
                when(line["at"]).removesuffix(" UTC"),
                shortened(line["thing"], LONGEST_NAME),
                words(line["what"]),
                _HASH.sub(lambda found: f"{found[0][:12]}…", line["detail"]),
            ]
            for line in document["events"]
        ],
    )


_HASH = re.compile(r"\b[0-9a-f]{64}\b")
"""Whole in the JSON; a table shows its beginning."""
