"""`tuneguard prices`: what is paid an hour, where each price comes from, how old it is, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from guard.cli.app import FOUND, UNKNOWN
from guard.cli.common import COMMON, Common, ago, emit_json, ledger_of, machine_now, say, table, when, who
from guard.ports.errors import NotFoundByName

if TYPE_CHECKING:
    from guard.core.billed import Billed
    from guard.core.catalogue import Quote
    from guard.core.own_prices import BookOf
    from guard.core.prices import PriceRow
    from guard.ports.ledger import PriceRead

app = App(name="prices", help="What is paid an hour, from which source, how old it is, what is missing.")


@app.default
def prices(*, common: Common = COMMON) -> int:
    """Show the price of every machine that was seen, its source, age and confidence; what has none; what waits for a person.

    Exit code 1 if a price is missing, only a lower bound, or waits; 3 where nobody has looked yet.
    """
    from guard.core.catalogue import matters
    from guard.wiring import money

    now = machine_now()
    settings = money.settings_of(common.path)
    with ledger_of(common) as ledger:
        things = [thing for thing in ledger.billed() if thing.gone_at is None]
        book_of = money.books_of(ledger, settings, now)
        here = {(thing.machine, thing.location) for thing in things}
        quotes = [quote for quote in ledger.quotes() if matters(quote.row, here)]
        waiting = [quote for quote in quotes if quote.waiting]
        vanished = [quote for quote in quotes if quote.in_force and quote.vanished_at is not None]
        reads = ledger.price_reads(50)
        looked = ledger.latest_cycle() is not None
    lines = [_line(same, book_of, now) for same in _by_machine(things)]
    if common.as_json:
        emit_json(
            {
                "machines": lines,
                "waiting": [_quote(quote) for quote in waiting],
                "vanished": [_quote(quote) for quote in vanished],
                "catalogue": _catalogue(reads),
            }
        )
    else:
        _show(lines, waiting, vanished, reads, now)
    if not looked:
        return UNKNOWN
    return FOUND if waiting or any(line["rate"] is None or line["lower_bound"] for line in lines) else 0


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
    with ledger_of(common) as ledger:
        accepted = ledger.accept_price(number, who(by))
    if not accepted:
        raise NotFoundByName(f"No price waits under number {number}.", hint="`tuneguard prices` lists those that wait.")
    if common.as_json:
        emit_json({"accepted": [_quote(quote) for quote in accepted], "by": accepted[0].accepted_by})
        return
    row = next(quote.row for quote in accepted if quote.id == number)
    others = f" (and in {len(accepted) - 1} other regions)" if accepted[1:] else ""
    say("{row}{others} is in force from {since} on.", row=row, others=others, since=when(row.valid_from))


def _by_machine(things: Sequence[Billed]) -> list[list[Billed]]:
    """Things on the same machine in the same place, under the same prices."""
    groups: dict[tuple[str, str, str], list[Billed]] = {}
    for thing in things:
        groups.setdefault((str(thing.machine), thing.location, thing.project_id), []).append(thing)
    return [groups[key] for key in sorted(groups)]


def _line(same: Sequence[Billed], book_of: BookOf, now: datetime) -> dict[str, Any]:
    from guard.core.units import Known

    first = same[0]
    price = book_of(first.project_id).rate(first.machine, first.location, Decimal(1), now)
    about = {
        "machine": str(first.machine),
        "location": first.location,
        "project": first.project_id,
        "things": sorted(thing.name for thing in same),
    }
    if not isinstance(price, Known):
        return {**about, "rate": None, "lower_bound": False, "rows": [], "missing": price.reason}
    found = price.value
    return {
        **about,
        "rate": {"amount": f"{found.rate.per_hour.amount.normalize():f}", "currency": found.rate.per_hour.currency},
        "lower_bound": found.is_lower_bound,
        "rows": [_row(row) for row in found.rows],
        "missing": found.note if found.is_lower_bound else "",
    }


def _row(row: PriceRow) -> dict[str, Any]:
    return {
        "part": row.part.value,
        "item": row.item,
        "region": row.region,
        "provisioning": row.provisioning.value,
        "amount": f"{row.amount.normalize():f}",
        "currency": row.currency,
        "unit": row.unit,
        "basis": row.basis.value,
        "confidence": row.confidence.value,
        "source": row.source,
        "as_of": row.as_of.isoformat(),
        "valid_from": row.valid_from,
    }


def _quote(quote: Quote) -> dict[str, Any]:
    return {"number": quote.id, **_row(quote.row), "read_at": quote.read_at, "vanished_at": quote.vanished_at}


def _catalogue(reads: Sequence[PriceRead]) -> dict[str, Any]:
    good = next((read for read in reads if read.succeeded), None)
    return {
        "read_at": good.at if good else None,
        "report": dict(good.report) if good else None,
        "failing": reads[0].detail if reads and not reads[0].succeeded else None,
    }


def _show(
    lines: Sequence[dict[str, Any]],
    waiting: Sequence[Quote],
    vanished: Sequence[Quote],
    reads: Sequence[PriceRead],
    now: datetime,
) -> None:
    from guard.cli.common import dollars

    good = next((read for read in reads if read.succeeded), None)
    say(
        "Price catalogue: read {ago}, {count} prices.", ago=ago(good.at, now), count=good.report["prices"]
    ) if good else say("Price catalogue: not read yet; prices are those that ship with Tuneguard.")
    if reads and not reads[0].succeeded:
        say("[bold magenta]It cannot be read now[/], so prices stay as they are: {why}", why=reads[0].detail)
    if not lines:
        say("Nothing that bills by the hour was seen.")
        return
    table(
        ["machine", "where", ("an hour", "right"), "source", "age", "sure"],
        [
            [
                line["machine"],
                f"{line['project']}/{line['location']}",
                (f">={dollars(line['rate'])}" if line["lower_bound"] else dollars(line["rate"]))
                if line["rate"]
                else "?",
                _sources(line),
                _age(line, good.at if good else None, now),
                min((row["confidence"] for row in line["rows"]), key=("low", "medium", "high").index, default="-"),
            ]
            for line in lines
        ],
    )
    for line in lines:
        if line["missing"]:
            say(
                "[magenta]{machine} in {where}[/]: {why}.",
                machine=line["machine"],
                where=line["location"],
                why=line["missing"],
            )
    for quote in waiting:
        say("[bold]Waits for a person[/] (tuneguard prices accept {number}): {row}", number=quote.id, row=quote.row)
    for quote in vanished:
        say("Not in the catalogue since {at}, still used: {row}", at=when(quote.vanished_at), row=quote.row)
    if good:
        for change in good.report["changes"]:
            if change["kind"] == "changed" and change["region"] in {line["location"] for line in lines}:
                say("Changed at the last reading: {text}", text=change["text"])
        if good.report["unmapped"]:
            say("{count} SKUs of the catalogue give no price (-o json lists them).", count=len(good.report["unmapped"]))


def _sources(line: dict[str, Any]) -> str:
    """In a few words: where the rows are from, and whether they are estimates."""
    words = []
    for row in line["rows"]:
        source = row["source"]
        short = (
            "catalogue" if source.startswith("Cloud Billing") else "guard.yaml" if "guard.yaml" in source else "shipped"
        )
        words.append(short if row["basis"] in {"list", "contracted"} else f"{short}, {row['basis']}")
    return "; ".join(dict.fromkeys(words)) or "none"


def _age(line: dict[str, Any], read_at: datetime | None, now: datetime) -> str:
    """Days since the oldest row was last seen at its source; a catalogue's row was seen at the last reading."""
    from datetime import date

    seen = [
        read_at.date() if read_at and row["source"].startswith("Cloud Billing") else date.fromisoformat(row["as_of"])
        for row in line["rows"]
    ]
    days = [(now.date() - day).days for day in seen]
    return f"{max(days)} d" if days else "-"
