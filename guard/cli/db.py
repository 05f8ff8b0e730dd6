"""`tuneguard db`: the ledger itself."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.app import FOUND
from guard.cli.common import COMMON, Common, emit_json, ledger_of, machine_now, say, table, when, who

app = App(name="db", help="The ledger: info, adopt, upgrade, verify, export.")


@app.command
def info(*, common: Common = COMMON) -> int:
    """Say where the ledger is, whose world it belongs to, whether it may act; exit code 1 if something is wrong with it."""
    from guard import wiring
    from guard.ledger import manage

    checked = manage.check(wiring.ledger_url(common.path))
    with ledger_of(common) as ledger:
        about = ledger.info()
    if common.as_json:
        emit_json(
            {
                "url": about.url,
                "id": about.id,
                "world": about.world,
                "schema": checked.schema,
                "durable": about.durable,
                "adopted_by": about.adopted_by,
                "adopted_at": about.adopted_at,
                "rows": checked.rows,
                "problems": list(checked.problems),
            }
        )
        return FOUND if checked.problems else 0
    adopted = (
        f"by {about.adopted_by} on {when(about.adopted_at)}"
        if about.adopted_at
        else "no: it only observes. `tuneguard db adopt`"
    )
    rows = [
        ("place", about.url),
        ("id", about.id),
        ("world", about.world),
        ("made", when(about.created_at)),
        ("schema", checked.schema),
        (
            "durable",
            "yes" if about.durable else "no: it may not outlive the process, so nothing real is removed by it",
        ),
        ("adopted", adopted),
        ("rows", ", ".join(f"{name} {count}" for name, count in checked.rows.items() if count)),
        *(("problem", problem) for problem in checked.problems),
    ]
    table(["", "ledger"], [[name, value] for name, value in rows])
    return FOUND if checked.problems else 0


@app.command
def adopt(
    *,
    why: Annotated[str, Parameter(show_default=False, help="Why; others will read it.")] = "",
    by: Annotated[str | None, Parameter(name="--who", help="Who says so; default: your user name.")] = None,
    take_claims: Annotated[
        bool, Parameter(negative="", show_default=False, help="Take the projects' claims over from another ledger.")
    ] = False,
    common: Common = COMMON,
) -> int:
    """Let this ledger act: say that you know it is new, or restored from a backup, and that it is the one to use.

    Until then a new or restored ledger only observes.
    """
    from guard import wiring

    with ledger_of(common) as ledger:
        ledger.adopt(who(by), why or "no reason given", machine_now())
        about = ledger.info()
    problems = wiring.seize_claims(common.path) if take_claims else []
    if common.as_json:
        emit_json({"adopted_by": about.adopted_by, "adopted_at": about.adopted_at, "claims": problems})
    else:
        say("Adopted {url}. What it may do is up to the mode in guard.yaml.", url=about.url)
        for problem in problems:
            say("[bold]Claim not taken[/]: {problem}", problem=problem)
    return FOUND if problems else 0


@app.command
def upgrade(*, common: Common = COMMON) -> None:
    """Bring the ledger's schema to this version (opening it does so too)."""
    from guard import wiring
    from guard.ledger import manage

    done = manage.upgrade(wiring.ledger_url(common.path))
    if common.as_json:
        emit_json({"before": done.before, "after": done.after})
    else:
        say(
            f"Schema {done.before} -> {done.after}."
            if done.before != done.after
            else f"Schema {done.after}: nothing to do."
        )


@app.command
def verify(*, common: Common = COMMON) -> int:
    """Recompute the chain of hashes over everything that acts did; exit code 1 if it was tampered with."""
    from guard import wiring
    from guard.ledger import manage

    result = manage.verify(wiring.ledger_url(common.path))
    document = {name: getattr(result, name) for name in result.__slots__}
    good = not document.get("problems") and not document.get("broken_at")
    if common.as_json:
        emit_json({"intact": good, **document})
    else:
        many = f"{result.events} events of acts, chain of hashes up to {result.head[:12]}…"
        say("Intact: {many}" if good else "[bold]Not intact[/]: {many}", many=many)
        for problem in result.problems:
            say("  {problem}", problem=problem)
    return 0 if good else FOUND


@app.command
def export(*, common: Common = COMMON) -> None:
    """Write every row as one JSON line to standard output."""
    from guard import wiring
    from guard.ledger import manage

    for line in manage.export(wiring.ledger_url(common.path)):
        sys.stdout.write(line + "\n")
