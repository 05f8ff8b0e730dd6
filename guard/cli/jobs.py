"""`tuneguard jobs`: tuning jobs."""

from __future__ import annotations

from cyclopts import App

from guard.cli.common import COMMON, SELECTION, Cell, Common, Selection, emit_json, ledger_of, say, table, when
from guard.cli.finding import name_of
from guard.cli.fitting import shortened
from guard.cli.showing import LONGEST_NAME, words

app = App(name="jobs", help="Tuning jobs with state, cost and what they left.")


@app.default
def jobs(*, selection: Selection = SELECTION, common: Common = COMMON) -> None:
    """Show every tuning job: state, since when, expected length, who submitted it, warnings, endpoints that it left."""
    with ledger_of(common) as ledger:
        seen = [doc for doc in ledger.verdicts().values() if doc["decision"] != "gone"]
    selection.check(seen)
    documents = [doc for doc in seen if doc.get("kind") == "tuning_job" and selection.takes(doc)]
    documents.sort(key=lambda doc: (str(doc["evidence"].get("state")) != "running", str(doc.get("created_at"))))
    if common.as_json:
        emit_json({"jobs": documents})
        return
    if not documents:
        say("No tuning job was seen.")
        return
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
