"""`tuneguard demo`: thirty simulated days of a forgetful fleet, in about a minute, with no account."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter, validators

from guard.cli.common import Output

MORE = """Watch the guard do its whole job on a made-up fleet: look, judge, tell, undeploy, restore, account.

**Virtual** are the cloud (a sandbox process on this machine that speaks the platform's own protocols), its machines, its
money (a meter with prices of its own), the requests, the clock (an hour a look), and the people who answer some notices.
**Real** is the guard: the same cycle, ledger, clients and rules as in `tuneguard run`.

With `--trace` every endpoint of the trace runs on one g2-standard-12, deployed an hour before its first call; whoever calls
something that is gone asks for it back at the next look.
"""

app = App(name="demo", help="Thirty simulated days of a forgetful fleet, no account needed.", help_epilogue=MORE)


@app.default
def demo(
    *,
    exit: Annotated[  # noqa: A002  # the flag's name
        bool, Parameter(negative="", help="End when the story ends; else sandbox and guard stay up until Ctrl-C.")
    ] = False,
    days: Annotated[
        int | None,
        Parameter(
            help="Simulated days; default 30, or the whole days of a trace.",
            validator=validators.Number(gte=1, lte=400),
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        Parameter(
            help="Replay a usage trace in place of the patterns: CSV or .csv.gz with t_seconds and endpoint, model or pod."
        ),
    ] = None,
    seed: Annotated[
        int | None, Parameter(help="Another draw of what chance decides.", validator=validators.Number(gte=0))
    ] = None,
    folder: Annotated[Path, Parameter(help="Where guard.yaml, ledger and env of the demo go.")] = Path(
        ".tuneguard/demo"
    ),
    port: Annotated[
        int,
        Parameter(
            help="HTTP port of the sandbox on the loopback; 0 takes a free one.",
            validator=validators.Number(gte=0, lte=65535),
        ),
    ] = 0,
    output: Annotated[
        Output, Parameter(alias="-o", help="The story for people, or one JSON document at its end.")
    ] = "table",
) -> int:
    """Play the demo; the epilogue says what of it is virtual."""
    from guard.cli.demonstration.director import direct

    return direct(stay=not exit, days=days, trace=trace, seed=seed, folder=folder, port=port, as_json=output == "json")
