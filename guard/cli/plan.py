"""`tuneguard plan`: what would happen now and next, and what blocks it; also under another guard.yaml."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from guard.cli.app import FOUND, UNKNOWN
from guard.cli.common import COMMON, NOBODY_LOOKED, SELECTION, Common, Selection, desk_of, emit_json, say
from guard.cli.showing import show_plan, words
from guard.desk.finding import LISTS, name_of
from guard.ports.errors import NotUnderstood

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
        if os.environ.get("TUNEGUARD_URL"):
            raise NotUnderstood(
                "--against: a look is taken with this machine's credentials and guard.yaml, and TUNEGUARD_URL names another one.",
                hint="Run it there, or unset TUNEGUARD_URL.",
            )
        return _compare(common, against)
    with desk_of(common) as desk:
        document = desk.plan(fresh=fresh, project=selection.project, policy=selection.policy)
    if common.as_json:
        emit_json(document)
    elif document["cycle_id"] is None:
        say(NOBODY_LOOKED)
    else:
        show_plan(document)
    if document["cycle_id"] is None:
        return UNKNOWN
    return FOUND if document["actions"] else 0


def _compare(common: Common, against: Path) -> int:
    """Both plans of one look, and what differs."""
    from guard.core.documents import plan_document
    from guard.wiring.looking import look_now

    looks = (look_now(common.path, against=path) for path in (None, against))
    now, then = (_standing(plan_document(look.plan, look.unlisted)) for look in looks)
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
