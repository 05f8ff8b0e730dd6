"""`tuneguard jobs`: tuning jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cyclopts import App

from guard.cli.common import (
    COMMON,
    SELECTION,
    Cell,
    Common,
    Selection,
    emit_json,
    ledger_of,
    machine_now,
    say,
    table,
    when,
)
from guard.cli.finding import name_of
from guard.cli.fitting import shortened
from guard.cli.showing import LONGEST_NAME, words
from guard.cli.tunes_showing import show_provider
from guard.desk.selecting import Selection as Chosen

app = App(name="jobs", help="Tuning jobs with state, cost and what they left.")


@app.default
def jobs(*, selection: Selection = SELECTION, common: Common = COMMON) -> None:
    """Show every tuning job: state, since when, expected length, who submitted it, warnings, endpoints that it left.

    Below them, unless a selection is asked for, the jobs, tunes and files of the provider that guard.yaml names under `openai:`.
    """
    with ledger_of(common) as ledger:
        seen = [doc for doc in ledger.verdicts().values() if doc["decision"] != "gone"]
        looks = ledger.provider_looks() if selection == SELECTION else []
    chosen = Chosen(project=selection.project, policy=selection.policy)
    chosen.check(seen)
    documents = [doc for doc in seen if doc.get("kind") == "tuning_job" and chosen.takes(doc)]
    documents.sort(key=lambda doc: (str(doc["evidence"].get("state")) != "running", str(doc.get("created_at"))))
    if common.as_json:
        emit_json({"jobs": documents, "providers": looks})
        return
    if documents:
        _show(documents)
    elif not looks:
        say("No tuning job was seen.")
    for look in looks:
        show_provider(look, machine_now())


def _show(documents: Sequence[Mapping[str, Any]]) -> None:
    rows: list[list[Cell]] = []
    for doc in documents:
        evidence = doc["evidence"]
        left = len(evidence.get("endpoints") or ())
        rows.append(
            [
                shortened(name_of(doc), LONGEST_NAME),
                f"{doc['project']} {doc['location']}",
                words(str(evidence.get("state", "?")).removeprefix("JOB_STATE_")).lower(),
                when(doc.get("created_at")).removesuffix(" UTC"),
                str(evidence.get("estimate") or "?"),
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
            ("left", "right"),
            "owner",
            "what the guard thinks",
        ],
        rows,
    )
    say("`cost` is an estimate, `?` where too little is known; `left` counts the endpoints that a job has left behind.")
