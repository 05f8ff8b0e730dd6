"""`tuneguard status`: the fleet at a glance, from the ledger."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.app import UNKNOWN
from guard.cli.common import COMMON, SELECTION, Common, Selection, ago, emit_json, ledger_of, machine_now, say, when
from guard.cli.showing import dearest_first, show_status

app = App(name="status", help="What bills, how long it has been silent, what the guard thinks; dearest first.")


@app.default
def status(
    *,
    everything: Annotated[
        bool,
        Parameter(name="--all", negative="", show_default=False, help="Also list what costs nothing by the hour."),
    ] = False,
    fresh: Annotated[
        bool, Parameter(negative="", show_default=False, help="Look now instead of answering from the ledger.")
    ] = False,
    selection: Selection = SELECTION,
    common: Common = COMMON,
) -> int:
    """Answer from the ledger at once; `--fresh` looks first and writes nothing. Exit code 3 where nobody has looked yet."""
    now = machine_now()
    if fresh:
        from guard.cli.looking import look_now

        taken_at, documents, paused, mode = look_now(common)
    else:
        with ledger_of(common) as ledger:
            latest = ledger.latest_cycle()
            documents = list(ledger.verdicts().values())
            taken_at, mode = (latest.taken_at, latest.mode) if latest else (None, "")
            pause = ledger.paused()
            paused = f"paused by {pause.who} since {when(pause.at)}: {pause.why}" if pause else ""
    documents = selection.of([doc for doc in documents if doc["decision"] != "gone"])
    if common.as_json:
        emit_json({"taken_at": taken_at, "mode": mode, "paused": paused or None, "things": dearest_first(documents)})
    elif taken_at is None:
        say("Nobody has looked yet. `tuneguard run --once` looks; it changes nothing in observe mode.")
    else:
        say("Last look {ago} ({at}), mode [bold]{mode}[/].", ago=ago(taken_at, now), at=when(taken_at), mode=mode)
        if paused:
            say("[bold red]{paused}[/]", paused=paused[:1].upper() + paused[1:])
        show_status(documents, now, everything=everything)
    return 0 if taken_at is not None else UNKNOWN
