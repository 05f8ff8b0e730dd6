"""`tuneguard plan`: what would happen now and next, and what blocks it; also under another guard.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from guard.cli.app import FOUND, UNKNOWN
from guard.cli.common import COMMON, SELECTION, Common, Selection, emit_json, ledger_of, say
from guard.cli.finding import name_of
from guard.cli.showing import LISTS, show_plan, words

app = App(name="plan", help="What would happen now and next, and what blocks it.")


@app.default
def plan(
    *,
    fresh: Annotated[
        bool, Parameter(negative="", show_default=False, help="Look now instead of answering from the ledger.")
    ] = False,
    against: Annotated[Path | None, Parameter(help="Show what another guard.yaml would change; looks now.")] = None,
    selection: Selection = SELECTION,
    common: Common = COMMON,
) -> int:
    """Show the plan; the same in every mode. Exit code 1 if something is due, 3 where nobody has looked yet."""
    if against is not None:
        return _compare(common, against)
    if fresh:
        from guard.cli.looking import plan_now

        document: dict[str, Any] = plan_now(common)[0]
    else:
        with ledger_of(common) as ledger:
            latest = ledger.latest_cycle()
        if latest is None or latest.plan is None:
            if common.as_json:
                emit_json({"cycle_id": None, **{name: [] for name in LISTS}})
            else:
                say("Nobody has looked yet. `tuneguard run --once` looks; it changes nothing in observe mode.")
            return UNKNOWN
        document = dict(latest.plan)
    selection.check([item for name in LISTS for item in document[name]])
    for name in LISTS:
        document[name] = [item for item in document[name] if selection.takes(item)]
    if common.as_json:
        emit_json(document)
    else:
        show_plan(document)
    return FOUND if document["actions"] else 0


def _compare(common: Common, against: Path) -> int:
    """Both plans of one look, and what differs."""
    from guard.cli.looking import plan_now

    now, then = (_standing(plan_now(common, path)[0]) for path in (None, against))
    changed = [
        {"subject": subject, "now": now.get(subject, ("gone", {}))[0], "then": then.get(subject, ("gone", {}))[0]}
        for subject in sorted({*now, *then})
        if now.get(subject, ("", {}))[0] != then.get(subject, ("", {}))[0]
    ]
    if common.as_json:
        emit_json({"against": str(against), "changed": changed})
    else:
        count = f"{len(changed)} of {len({*now, *then})} things stand differently"
        say("With {other} instead of {own}: {count}.", other=against, own=common.path, count=count)
        for change in changed:
            document = then.get(change["subject"], now.get(change["subject"], ("", {})))[1]
            say("  {name}: {now} -> {then}", name=name_of(document), **change)
    return FOUND if changed else 0


def _standing(document: Mapping[str, Any]) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Subject -> where it stands in a plan, in words."""
    standing = {
        "actions": "goes now",
        "notices": "announced",
        "blocked": "blocked",
        "kept": "kept",
        "unknown": "unknown, kept",
    }
    return {
        item["subject"]: (f"{standing[name]} ({words(item['reason'])})", item)
        for name in LISTS
        for item in document[name]
    }
