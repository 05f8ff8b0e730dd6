"""`tuneguard prices`: what is paid an hour, where each price comes from, how old it is, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from cyclopts import App, Parameter

from guard.cli.app import FOUND, UNKNOWN
from guard.cli.common import COMMON, Common, ago, desk_of, dollars, emit_json, say, table, when

Document = Mapping[str, Any]

app = App(name="prices", help="What is paid an hour, from which source, how old it is, what is missing.")


@app.default
def prices(*, common: Common = COMMON) -> int:
    """Show the price of every machine that was seen, its source, age and confidence; what has none; what waits for a person.

    Exit code 1 if a price is missing, only a lower bound, or waits; 3 where nobody has looked yet.
    """
    with desk_of(common) as desk:
        document = desk.prices()
    if common.as_json:
        emit_json(document)
    else:
        _show(document)
    if document["taken_at"] is None:
        return UNKNOWN
    machines = document["machines"]
    return FOUND if document["waiting"] or any(one["rate"] is None or one["lower_bound"] for one in machines) else 0


@app.command
def accept(
    number: int,
    *,
    by: Annotated[str | None, Parameter(name="--who", help="Who says so; default: your user name.")] = None,
    common: Common = COMMON,
) -> None:
    """Put a price that jumped in force, from its own time on, in every region of its SKU.

    NUMBER is what `tuneguard prices` shows. Costs since then are counted afresh, and waits follow at the next look.
    """
    with desk_of(common, writes=True) as desk:
        document = desk.accept_price(number, who=desk.speaker(by))
    accepted = document["accepted"]
    if common.as_json:
        emit_json(document)
        return
    row = next(quote for quote in accepted if quote["number"] == number)
    others = f" (and in {len(accepted) - 1} other regions)" if accepted[1:] else ""
    say("{row}{others} is in force from {since} on.", row=row["text"], others=others, since=when(row["valid_from"]))


def _show(document: Document) -> None:
    now, lines = datetime.fromisoformat(document["now"]), document["machines"]
    read_at, report = document["catalogue"]["read_at"], document["catalogue"]["report"]
    if read_at:
        own = f"; {report['contract']}" if report.get("contract") else ""
        say("Price catalogue: read {ago}, {count} prices{own}.", ago=ago(read_at, now), count=report["prices"], own=own)
    else:
        say("Price catalogue: not read yet; prices are those that ship with Tuneguard.")
    if document["catalogue"]["failing"]:
        why = document["catalogue"]["failing"]
        say("[bold magenta]It cannot be read now[/], so prices stay as they are: {why}", why=why)
    if not lines:
        say("Nothing that bills by the hour was seen.")
        return
    table(
        ["machine", "where", ("an hour", "right"), "source", "age", "sure"],
        [
            [
                line["machine"],
                f"{line['project']}/{line['location']}",
                f"{'>=' if line['lower_bound'] else ''}{dollars(line['rate'])}",
                _sources(line),
                _age(line, read_at, now),
                min((row["confidence"] for row in line["rows"]), key=("low", "medium", "high").index, default="-"),
            ]
            for line in lines
        ],
    )
    for line in lines:
        if line["missing"]:
            where, why = line["location"], line["missing"]
            say("[magenta]{machine} in {where}[/]: {why}.", machine=line["machine"], where=where, why=why)
    for quote in document["waiting"]:
        number, row = quote["number"], quote["text"]
        say("[bold]Waits for a person[/] (tuneguard prices accept {number}): {row}", number=number, row=row)
    for quote in document["vanished"]:
        say("Not in the catalogue since {at}, still used: {row}", at=when(quote["vanished_at"]), row=quote["text"])
    if report:
        here = {line["location"] for line in lines}
        for change in report["changes"]:
            if change["kind"] == "changed" and change["region"] in here:
                say("Changed at the last reading: {text}", text=change["text"])
        if report["unmapped"]:
            say("{count} SKUs of the catalogue give no price (-o json lists them).", count=len(report["unmapped"]))


SOURCES = (
    ("Cloud Billing Pricing", "contract"),
    ("Cloud Billing", "catalogue"),
    ("guard.yaml", "guard.yaml"),
    ("", "shipped"),
)
"""What a row's source holds, and what it is called in a table."""


def _sources(line: Document) -> str:
    """In a few words: where the rows are from, and whether they are estimates."""
    words = []
    for row in line["rows"]:
        source = row["source"]
        short = next(word for sign, word in SOURCES if sign in source)
        words.append(short if row["basis"] in {"list", "contracted"} else f"{short}, {row['basis']}")
    return "; ".join(dict.fromkeys(words)) or "none"


def _age(line: Document, read_at: str | None, now: datetime) -> str:
    """Days since the oldest row was last seen at its source; a catalogue's row was seen at the last reading."""
    seen = [
        datetime.fromisoformat(read_at).date()
        if read_at and row["source"].startswith("Cloud Billing")
        else date.fromisoformat(row["as_of"])
        for row in line["rows"]
    ]
    days = [(now.date() - day).days for day in seen]
    return f"{max(days)} d" if days else "-"
