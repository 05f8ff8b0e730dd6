"""One message about several notices: what kinds they are and what they cost in its title, what presses first on top. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from guard.core.plan import Notice, NoticeKind
from guard.core.units import Money

WORDS: Mapping[NoticeKind, str] = {
    NoticeKind.WRONG_REMOVAL: "removed though in use",
    NoticeKind.RESTORE_FAILED: "not restored",
    NoticeKind.REMOVAL_FAILED: "not removed",
    NoticeKind.BREAKER: "breaker",
    NoticeKind.INSTRUMENTS: "in doubt",
    NoticeKind.REMOVAL_AHEAD: "to go",
    NoticeKind.BUDGET_CROSSED: "of budgets",
    NoticeKind.GOOGLE_BUDGET: "of Google's budgets",
    NoticeKind.UNDELIVERABLE: "not delivered",
    NoticeKind.JOB_WARNING: "of jobs",
    NoticeKind.TUNES: "of tunes",
    NoticeKind.PRICE_WAITS: "of prices",
    NoticeKind.REMOVED: "gone",
    NoticeKind.RESTORED: "back",
    NoticeKind.REMOVAL_VOID: "to stay",
    NoticeKind.SUGGESTION: "could scale to zero",
    NoticeKind.FIRST_SEEN: "new",
    NoticeKind.ENROLLED: "enrolled",
    NoticeKind.REPORT: "reports",
}
"""What a title counts, in the order in which the notices stand: what somebody has to act on comes first."""
_ORDER = {kind: place for place, kind in enumerate(WORDS)}


def digest(notices: Sequence[Notice]) -> tuple[str, str]:
    """Title and text of one message; a single notice is its own.

    What goes stands by when it goes, everything else as it was made. The money in the title is what stops costing an hour.
    """
    if len(notices) == 1:
        return notices[0].title, notices[0].body
    ordered = sorted(notices, key=lambda one: (_ORDER[one.kind], one.due_at or one.made_at, one.made_at))
    counts = Counter(one.kind for one in ordered)
    parts = [f"{count} {WORDS[kind]}{_money(kind, ordered)}" for kind, count in counts.items()]
    return f"Tuneguard: {', '.join(parts)}", "\n\n".join(
        f"{number}. {one.title}\n{one.body}" for number, one in enumerate(ordered, 1)
    )


def _money(kind: NoticeKind, notices: Iterable[Notice]) -> str:
    if kind is not NoticeKind.REMOVAL_AHEAD:
        return ""
    sums: dict[str, Money] = {}
    for one in notices:
        rate = one.data.get("rate")
        if one.kind is kind and isinstance(rate, Mapping):
            money = Money(Decimal(str(rate["amount"])), str(rate["currency"]))
            sums[money.currency] = sums[money.currency] + money if money.currency in sums else money
    return f" ({' + '.join(str(sums[code]) for code in sorted(sums))} an hour)" if sums else ""
