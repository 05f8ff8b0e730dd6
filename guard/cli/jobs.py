"""`tuneguard jobs`: tuning jobs."""

from __future__ import annotations

from cyclopts import App

from guard.cli.common import COMMON, SELECTION, Common, Selection, emit_json, ledger_of, say, table, when

app = App(name="jobs", help="Tuning jobs with state, cost and what they left.")


@app.default
def jobs(*, selection: Selection = SELECTION, common: Common = COMMON) -> None:
    """Show every tuning job: state, since when, expected length, who submitted it, warnings, endpoints that it left."""
    with ledger_of(common) as ledger:
        documents = [
            doc
            for doc in ledger.verdicts().values()
            if doc.get("kind") == "tuning_job" and doc["decision"] != "gone" and selection.takes(doc)
        ]
    documents.sort(key=lambda doc: (str(doc["evidence"].get("state")) != "running", str(doc.get("created_at"))))
    if common.as_json:
        emit_json({"jobs": documents})
        return
    if not documents:
        say("No tuning job was seen.")
        return
    rows = []
    for doc in documents:
        evidence = doc["evidence"]
        rows.append(
            [
                str(doc["display_name"] or doc["subject"].rsplit("/", 1)[-1]),
                f"{doc['project']}/{doc['location']}",
                str(evidence.get("state", "?")).removeprefix("JOB_STATE_").replace("_", " ").lower(),
                when(doc.get("created_at")),
                str(doc.get("owner") or "-"),
                str(evidence.get("warning") or doc["reason"].replace("_", " ")),
            ]
        )
    table(["job", "where", "state", "since", "owner", "what the guard thinks"], rows)
