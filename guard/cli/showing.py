"""Tables of verdicts and plans: one line a thing, dearest first, unknown always listed, kept only counted; 100 columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from guard.cli.common import dollars, say, table, when
from guard.core.units import Money, short

Document = Mapping[str, Any]

HOURS_A_MONTH = 730
STYLE = {"idle": "yellow", "unknown": "magenta", "keep": "green"}


def dearest_first(documents: Iterable[Document]) -> list[Document]:
    """Order by rate, unknown prices first among what bills, then by name."""
    return sorted(documents, key=lambda doc: (-_amount(doc), str(doc["subject"])))


def name_of(document: Document) -> str:
    """A name for people: the endpoint's display name (and the model's, where the two differ)."""
    endpoint, own = str(document.get("endpoint_display_name") or ""), str(document.get("display_name") or "")
    if endpoint and own and own != endpoint:
        return f"{endpoint} / {own}"
    return endpoint or own or str(document["subject"]).rsplit("/", 1)[-1]


def silent(document: Document) -> str:
    """How long it has been silent, for people."""
    hours = document.get("silent_hours")
    return "-" if hours is None else short(timedelta(hours=float(hours)))


def rate_cell(document: Document) -> str:
    """Money an hour; `?` where it bills and the price is unknown, `-` where nothing bills by the hour."""
    if document.get("rate") is None:
        return "?" if document.get("billed") else "-"
    return dollars(document["rate"])


def show_status(documents: Sequence[Document], now: datetime, *, everything: bool) -> None:
    """The fleet: what is idle or unknown or bills, line by line; the rest counted."""
    shown = [doc for doc in documents if everything or doc["decision"] != "keep" or doc.get("billed")]
    rows = []
    for doc in dearest_first(shown):
        style = STYLE[doc["decision"]]
        rows.append(
            [
                name_of(doc),
                f"{doc['project']}/{doc['location']}",
                rate_cell(doc),
                silent(doc),
                f"[{style}]{doc['decision']}[/]",
                str(doc["reason"]).replace("_", " "),
                _next(doc, now),
            ]
        )
    table(["thing", "where", ("an hour", "right"), ("silent", "right"), "verdict", "reason", "next"], rows)
    hidden = [doc for doc in documents if doc not in shown]
    if hidden:
        counted = ", ".join(
            f"{n} {reason.replace('_', ' ')}" for reason, n in Counter(d["reason"] for d in hidden).most_common()
        )
        say(f"{len(hidden)} more that cost nothing by the hour: {counted}. `--all` lists them.")
    say(totals(documents))


def totals(documents: Sequence[Document]) -> str:
    """One line: spend an hour now, of it idle, and what is not priced."""
    rates: dict[str, list[Decimal]] = {}
    unpriced = 0
    for doc in documents:
        if not doc.get("billed"):
            continue
        if doc.get("rate") is None:
            unpriced += 1
            continue
        both = rates.setdefault(doc["rate"]["currency"], [Decimal(0), Decimal(0)])
        amount = Decimal(str(doc["rate"]["amount"]))
        both[0] += amount
        both[1] += amount if doc["decision"] == "idle" else Decimal(0)
    parts = [
        f"{Money(total, currency)} an hour ({Money(total * HOURS_A_MONTH, currency)} a month), {Money(idle, currency)} of it idle"
        for currency, (total, idle) in sorted(rates.items())
    ]
    text = "Spend now: " + ("; ".join(parts) or "nothing by the hour")
    return text + (f"; a lower bound, {unpriced} thing(s) without a known price." if unpriced else ".")


def show_plan(document: Document, did: Sequence[Document] = ()) -> None:
    """A plan: what goes now, what is announced, what is blocked and why, what is unknown; kept things counted."""
    verb = {"observe": "Would go now", "approve": "Would go now, once approved", "enforce": "Goes now"}[
        document["mode"]
    ]
    say(f"Plan of {when(document['taken_at'])}, mode [bold]{document['mode']}[/].")
    _section(verb, document["actions"], lambda doc: when(doc["due_at"]))
    _section("Announced, goes later", document["notices"], lambda doc: when(doc["due_at"]))
    _section("Blocked", document["blocked"], lambda doc: ", ".join(block.replace("_", " ") for block in doc["blocks"]))
    _section("Unknown, so kept", document["unknown"], lambda doc: str(doc["reason"]).replace("_", " "))
    kept = Counter(str(doc["reason"]).replace("_", " ") for doc in document["kept"])
    counted = ", ".join(f"{n} {reason}" for reason, n in kept.most_common())
    say(f"Kept: {kept.total()}" + (f" ({counted})." if counted else "."))
    for doubt in document.get("doubts", ()):
        say(f"[bold magenta]In doubt[/] {doubt['scope']}: {doubt['why']}. Nothing is removed there.")
    if document.get("breaker"):
        say(f"[bold red]Breaker[/]: {document['breaker']['why']}. Nothing is removed in this run.")
    for suggestion in document.get("suggestions", ()):
        say(f"Suggestion for {suggestion['subject'].rsplit('/', 1)[-1]}: {suggestion['text']}.")
    if did:
        say("Done in this run:")
        for one in did:
            say(
                f"  {one['subject']}: {one['state']}{' (' + str(one['block']) + ')' if one['block'] else ''} {one['detail']}"
            )


def _section(title: str, documents: Sequence[Document], last: Any) -> None:
    if not documents:
        return
    rows = [
        [
            name_of(doc),
            f"{doc['project']}/{doc['location']}",
            str(doc.get("stage") or "-").replace("_", " "),
            rate_cell(doc),
            silent(doc),
            last(doc),
        ]
        for doc in documents
    ]
    table(
        ["thing", "where", "stage", ("an hour", "right"), ("silent", "right"), "when / why"],
        rows,
        title=f"{title} ({len(documents)})",
    )


def _next(document: Document, now: datetime) -> str:
    due = document.get("due_at")
    if document["decision"] == "idle" and due:
        at = datetime.fromisoformat(due)
        stage = str(document.get("stage", "")).replace("_", " ")
        return f"{stage} {'due' if at <= now else 'in ' + short(at - now)}"
    later = document.get("would_go_at")
    if later:
        at = datetime.fromisoformat(later)
        return f"if silent, in {short(max(at - now, timedelta(0)))}"
    return ""


def _amount(document: Document) -> Decimal:
    if document.get("rate") is None:
        return Decimal(10**9) if document.get("billed") else Decimal(-1)
    return Decimal(str(document["rate"]["amount"]))
