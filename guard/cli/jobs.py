"""`tuneguard jobs`: tuning jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from cyclopts import App

from guard.cli.common import COMMON, SELECTION, Cell, Common, Selection, desk_of, dollars, emit_json, say, table, when
from guard.cli.fitting import shortened
from guard.cli.showing import LONGEST_NAME, words
from guard.cli.tunes_showing import show_provider

CENT = Decimal("0.01")

app = App(name="jobs", help="Tuning jobs with state, cost and what they left.")


@app.default
def jobs(*, selection: Selection = SELECTION, common: Common = COMMON) -> None:
    """Show every tuning job: state, since when, expected length, who submitted it, warnings, endpoints that it left.

    Below them, unless a selection is asked for, the jobs, tunes and files of the provider that guard.yaml names under `openai:`.
    """
    with desk_of(common) as desk:
        document = desk.jobs(project=selection.project, policy=selection.policy)
    if common.as_json:
        emit_json(document)
        return
    if document["jobs"]:
        _show(document["jobs"])
    elif not document["providers"]:
        say("No tuning job was seen.")
    for look in document["providers"]:
        show_provider(look, datetime.fromisoformat(document["now"]))


def _show(documents: Sequence[Mapping[str, Any]]) -> None:
    from guard.desk.training import UNREAD, state_words

    rows: list[list[Cell]] = []
    unread = all(doc["on_bill"]["billed_unknown"] == UNREAD for doc in documents)
    for doc in documents:
        evidence = doc["evidence"]
        left = len(evidence.get("endpoints") or ())
        rows.append(
            [
                shortened(doc["name"], LONGEST_NAME),
                f"{doc['project']} {doc['location']}",
                state_words(str(evidence.get("state", "?"))),
                when(doc.get("created_at")).removesuffix(" UTC"),
                dollars(doc["cost"]),
                *([] if unread else [_billed(doc["on_bill"])]),
                str(left or "-"),
                str(doc.get("owner") or "-"),
                (str(evidence["warning"]), "yellow") if evidence.get("warning") else words(doc["reason"]),
            ]
        )
    table(
        [
            "job",
            "where",
            "state",
            "since (UTC)",
            ("cost", "right"),
            *([] if unread else [("billed", "right")]),
            ("left", "right"),
            "owner",
            "what the guard thinks",
        ],
        rows,
    )
    say("`cost` is an estimate by training tokens; `left` counts the endpoints that a job has left behind.")
    if unread:
        say("What was billed for them is not known: {why} (`billing_export:` in guard.yaml names it).", why=UNREAD)
    for why in dict.fromkeys(doc["cost_unknown"] for doc in documents if doc["cost_unknown"]):
        say("[magenta]A cost is unknown[/] (`?`): {why}.", why=why)
    reasons = dict.fromkeys(doc["on_bill"]["billed_unknown"] for doc in documents)
    for why in [] if unread else filter(None, reasons):
        say("[magenta]What was billed is unknown[/] (`?`): {why}.", why=why)


def _billed(document: Mapping[str, Any]) -> str:
    """What the bill holds, and how much more or less that is than the estimate, from a cent on."""
    told = dollars(document["billed"])
    difference = document["difference"]
    if difference is None or abs(Decimal(difference["amount"])) < CENT:
        return told
    more = Decimal(difference["amount"]) > 0
    return f"{told}, {dollars(difference, 1 if more else -1)} {'more' if more else 'less'}"
