"""Tables of verdicts and plans: one line a thing, dearest first, unknown always listed, kept only counted; 100 columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from textwrap import TextWrapper
from typing import Any

from guard.cli.common import WIDTH, Cell, dollars, say, table, when
from guard.cli.fitting import shortened
from guard.core.reasons import BlockReason
from guard.core.units import short
from guard.core.wording import reason_words
from guard.desk.finding import LISTS, name_of, names_of

Document = Mapping[str, Any]

LONGEST_NAME = 30
_WRAP = TextWrapper(WIDTH, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False)
STYLE = {"idle": "yellow", "unknown": "magenta", "keep": "green"}
DECISIONS = {"keep": "kept"}


def silent(document: Document) -> str:
    """How long it has been silent, for people."""
    hours = document.get("silent_hours")
    return "-" if hours is None else short(timedelta(hours=float(hours)))


def rate_cell(document: Document) -> str:
    """Money an hour; `?` where it bills and the price is unknown, `-` where nothing bills by the hour."""
    if document.get("rate") is None:
        return "?" if document.get("billed") else "-"
    return dollars(document["rate"])


def show_status(document: Document, now: datetime, *, everything: bool) -> None:
    """The fleet: what is idle or unknown or bills, line by line; the rest counted."""
    things = document["things"]
    hidden = [doc for doc in things if not everything and doc["decision"] == "keep" and not doc.get("billed")]
    unseen = {doc["subject"] for doc in hidden}
    shown = [doc for doc in things if doc["subject"] not in unseen]
    rows: list[list[Cell]] = [
        [
            shortened(doc["name"], LONGEST_NAME),
            f"{doc['project']} {doc['location']}",
            rate_cell(doc),
            silent(doc),
            verdict_cell(doc),
            _next(doc, now),
        ]
        for doc in shown
    ]
    if rows:
        table(["thing", "where", ("an hour", "right"), ("silent", "right"), "verdict", "next"], rows)
    if hidden:
        counted = Counter(words(doc["reason"]) for doc in hidden).most_common()
        cheap = ", ".join(f"{count} {reason}" for reason, count in counted)
        more = "more cost" if rows else "things cost"
        say("{more}", more=f"{len(hidden)} {more} nothing by the hour: {cheap}. `--all` lists them.")
    say("{totals}", totals=totals_line(document["totals"]))


def verdict_cell(document: Document) -> Cell:
    """What was decided and why, in the colour of the decision."""
    decision, reason = str(document["decision"]), reason_words(document)
    told = reason if decision == "idle" else f"{DECISIONS.get(decision, decision)}: {reason}"
    return told, STYLE.get(decision, "")


def words(value: object) -> str:
    """A closed list's value as words: `in use` for `in_use`."""
    return str(value).replace("_", " ")


def totals_line(totals: Document) -> str:
    """One line: spend an hour now, of it idle, and what is not priced."""
    parts = [
        f"{dollars(one['hour'])} an hour ({dollars(one['month'])} a month), {dollars(one['idle_hour'])} of it idle"
        for one in totals["rates"]
    ]
    text = "Spend now: " + ("; ".join(parts) or "nothing by the hour")
    unpriced = totals["unpriced"]
    return text + (f"; a lower bound, {unpriced} thing(s) without a known price." if unpriced else ".")


def show_plan(document: Document, did: Sequence[Document] = ()) -> None:
    """A plan: what goes now, what is announced, what is blocked and why, what is unknown; kept things counted."""
    verb = {"observe": "Would go now", "approve": "Would go now, once approved", "enforce": "Goes now"}[
        document["mode"]
    ]
    say("Plan of {at}, mode [bold]{mode}[/].", at=when(document["taken_at"]), mode=document["mode"])
    sections = (
        (verb, "actions", lambda doc: when(doc["due_at"])),
        ("Announced, goes later", "notices", lambda doc: when(doc["due_at"])),
        ("Blocked", "blocked", lambda doc: ", ".join(map(words, doc["blocks"]))),
        ("Unknown, so kept", "unknown", reason_words),
    )
    for title, key, last in sections:
        _section(title, document[key], last)
    if held := held_by_limits(document["blocked"]):
        say("{held}", held=held)
    if not any(document[key] for key in ("actions", "notices", "blocked")):
        say("Nothing goes now, and nothing is announced.")
    kept = Counter(words(doc["reason"]) for doc in document["kept"])
    counted = ", ".join(f"{n} {reason}" for reason, n in kept.most_common())
    say("Kept: {count}", count=f"{kept.total()}" + (f" ({counted})." if counted else "."))
    for doubt in document.get("doubts", ()):
        say("[bold magenta]In doubt[/] {scope}: {why}. Nothing is removed there.", **_both(doubt, "scope", "why"))
    if document.get("breaker"):
        say("[bold red]Breaker[/]: {why}. Nothing is removed in this run.", why=document["breaker"]["why"])
    named = {doc["subject"]: name_of(doc) for key in LISTS for doc in document[key]}
    for suggestion in document.get("suggestions", ()):
        subject = suggestion["subject"]
        name = named.get(subject, subject.rsplit("/", 1)[-1])
        say("Suggestion for {name}: {text}.", name=name, text=suggestion["text"])
    if did:
        say("Done in this run:")
        for one in did:
            block = f" ({words(one['block'])})" if one["block"] else ""
            what = f"{named.get(one['subject'], one['subject'])}: {words(one['state'])}{block} {one['detail']}"
            say("{what}", what=_WRAP.fill(what.rstrip()))


def held_by_limits(blocked: Sequence[Document]) -> str:
    """What the limits hold back and what that costs an hour, and where to weigh it; empty where they hold nothing back.

    A pool's sharers are one removal. What something else blocks as well would not go under other limits either.
    """
    rates = {
        doc.get("group") or doc["subject"]: doc.get("group_rate") or doc.get("rate")
        for doc in blocked
        if doc["blocks"] == [BlockReason.THROTTLED.value]
    }
    if not rates:
        return ""
    sums: dict[str, Decimal] = {}
    for rate in rates.values():
        if rate is not None:
            sums[rate["currency"]] = sums.get(rate["currency"], Decimal(0)) + Decimal(str(rate["amount"]))
    money = " and ".join(dollars({"amount": amount, "currency": currency}) for currency, amount in sums.items())
    return (
        f"The limits (removals_per_day in guard.yaml) alone hold back {len(rates)} of these, {money or '?'} an hour"
        f"{' at least' if None in rates.values() and money else ''}. `tuneguard backtest` shows what they cost; raise them "
        "once you trust the guard."
    )


def _section(title: str, documents: Sequence[Document], last: Callable[[Document], str]) -> None:
    if not documents:
        return
    names = names_of(documents)
    rows: list[list[Cell]] = []
    for doc in documents:
        pool = str(doc.get("group") or "").rsplit("/", 1)[-1]
        rows.append(
            [
                shortened(names[doc["subject"]], LONGEST_NAME)
                + (f" (pool {shortened(pool, LONGEST_NAME)})" if pool else ""),
                f"{doc['project']} {doc['location']}",
                words(doc.get("stage") or "-"),
                _pool_rate(doc) if pool else rate_cell(doc),
                silent(doc),
                last(doc),
            ]
        )
    table(
        ["thing", "where", "stage", ("an hour", "right"), ("silent", "right"), "when / why"],
        rows,
        title=f"{title} ({len(documents)})",
    )


def _pool_rate(document: Document) -> str:
    """What the whole pool costs: its sharers go together, and none of them has a rate of its own."""
    return "?" if document.get("group_rate") is None else f"{dollars(document['group_rate'])} together"


def _both(document: Document, *names: str) -> dict[str, object]:
    return {name: document[name] for name in names}


def _next(document: Document, now: datetime) -> str:
    """When it goes, or would."""
    due = document.get("due_at")
    if document["decision"] == "idle" and due:
        at = datetime.fromisoformat(due)
        return f"{words(document.get('stage', ''))} {'due' if at <= now else 'in ' + short(at - now)}"
    later = document.get("would_go_at")
    if later:
        at = datetime.fromisoformat(later)
        return f"in {short(max(at - now, timedelta(0)))} if silent"
    return ""
