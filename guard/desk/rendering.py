"""The report's document as HTML (one page, pictures inside, no script) or as Markdown (for chats)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from guard.core.pictures import Bar, bars
from guard.core.reporting import HTML
from guard.core.units import Money, short

Document = Mapping[str, Any]


def render(document: Document, form: str) -> str:
    """Write a report down; `form` is `html` or `markdown`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    html = form == HTML
    world = Environment(
        loader=PackageLoader("guard.desk"),
        autoescape=html,  # noqa: S701  # Markdown has no markup of its own to escape but the table's bar: `cell`
        undefined=StrictUndefined,
        trim_blocks=False,
        lstrip_blocks=False,
        keep_trailing_newline=True,
    )
    world.filters["cash"] = cash
    world.globals.update(cash=cash, when=when, hours=hours, percent=percent, number=number, cell=cell)
    template = world.get_template("report.html.j2" if html else "report.md.j2")
    drawn = {name: Markup(svg) for name, svg in pictures(document).items()} if html else {}  # noqa: S704  # labels are escaped there
    return template.render(**document, pictures=drawn)


def pictures(document: Document) -> dict[str, str]:
    """The report's pictures as SVG; of several currencies each bar is its first one's."""
    return {
        "teams": bars(
            [
                Bar(
                    name=str(line["group"]),
                    value=_first(line["known"]),
                    until=_first(line["forecast"]) if not document["month"]["past"] else 0.0,
                    text=" + ".join(cash(one) for one in line["known"]) or "unknown",
                )
                for line in document["teams"]
            ],
            "Spend by team" if document["month"]["past"] else "Spend by team, and lighter what the month ends at",
        ),
        "budgets": bars(
            [
                Bar(
                    name=str(one["name"]),
                    value=float(one["share"] or 0) * 100,
                    text=percent(one["share"]),
                    colour=1 if one["crossed"] else 0,
                )
                for one in document["budgets"]
            ],
            "Spent share of each budget",
        ),
        "saved": bars(
            [
                Bar(
                    name=f"{month['start'][:7]} {kind}",
                    value=_first(month[kind]),
                    text=" + ".join(cash(one) for one in month[kind]) or "none",
                    colour=colour,
                )
                for month in reversed(document["months"][:6])
                for colour, kind in enumerate(("claimed", "measured", "billed"))
            ],
            "Savings by month and proof",
        ),
        "retirements": bars(
            [
                Bar(
                    name=str(one["tune"]),
                    value=max(0, one["days_left"]),
                    text=f"{one['days_left']} days" if one["days_left"] > 0 else "over",
                    colour=1 if one["days_left"] <= 30 else 0,
                )
                for one in document["retirements"][:12]
            ],
            "Days until the base of each tune is shut down",
        ),
    }


def cash(amount: Document | None) -> str:
    """Money for people."""
    return "unknown" if amount is None else str(Money(Decimal(str(amount["amount"])), str(amount["currency"])))


def when(instant: str | None) -> str:
    """An instant for people, UTC."""
    return "never" if instant is None else f"{datetime.fromisoformat(instant).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def hours(count: float | str | None) -> str:
    """A number of hours as a duration."""
    return "-" if count is None else short(timedelta(hours=float(count)))


def percent(share: str | None) -> str:
    """A share as percent."""
    return "-" if share is None else f"{(Decimal(share) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)} %"


def number(text: str) -> str:
    """A quantity, to two places."""
    return f"{Decimal(text).quantize(Decimal('0.01')).normalize():,f}"


def cell(text: object) -> str:
    """A text within a Markdown table."""
    return " ".join(str(text).replace("|", "\\|").split())


def _first(sums: Sequence[Document]) -> float:
    return float(Decimal(str(sums[0]["amount"]))) if sums else 0.0
