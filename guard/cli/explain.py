"""`tuneguard explain`: why one thing goes or stays; answered from the ledger, months later too, without the cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import App, Parameter

from guard.cli.common import COMMON, Common, emit_json, ledger_of, resolve, say
from guard.ports.ledger import Ledger

app = App(name="explain", help="Why one thing goes or stays: money, silence, wait, policy, people told, undo.")


@app.default
def explain(
    name: Annotated[str, Parameter(help="Resource name, display name or id.")],
    /,
    *,
    common: Common = COMMON,
) -> None:
    """Explain the latest decision on one thing, also why it is *not* idle."""
    from guard.core.explain import explain as explained
    from guard.core.reasons import BlockReason

    with ledger_of(common) as ledger:
        document = resolve(ledger, name)
        subject = str(document["subject"])
        acts = ledger.acts(subject=subject)
        act = acts[-1] if acts else None
        events = ledger.act_events(act.id) if act else ()
        notices = ledger.notices(subject=subject)
        keeps = ledger.keeps(subject)
        latest = ledger.latest_cycle()
        planned = _planned(ledger, subject)
    blocks = tuple(BlockReason(block) for block in (planned or {}).get("blocks", ()))
    explanation = explained(
        document,
        act=act,
        blocks=blocks,
        events=events,
        notices=notices,
        keeps=keeps,
        policy_line=document.get("evidence", {}).get("policy_line"),
        as_of=latest.taken_at if latest else None,
    )
    if common.as_json:
        sections = [{"title": section.title, "lines": list(section.lines)} for section in explanation.sections]
        emit_json(
            {"subject": subject, "headline": explanation.headline, "sections": sections, "verdict": dict(document)}
        )
        return
    say(f"[bold]{_plain(explanation.headline)}[/]")
    for section in explanation.sections:
        say()
        say(f"[bold]{_plain(section.title)}[/]")
        for line in section.lines:
            say(f"  {_plain(line)}")


def _planned(ledger: Ledger, subject: str) -> Mapping[str, Any] | None:
    """The thing's line in the latest plan, for what blocks it."""
    latest = ledger.latest_cycle()
    plan: Mapping[str, Any] = (latest.plan if latest else None) or {}
    for name in ("actions", "notices", "blocked"):
        for item in plan.get(name, ()):
            if subject in {item["subject"], item.get("group")}:
                return item  # type: ignore[no-any-return]  # a JSON document
    return None


def _plain(text: str) -> str:
    """Keep square brackets of names out of rich's markup."""
    return text.replace("[", "\\[")
