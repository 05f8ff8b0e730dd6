"""`tuneguard explain`: why one thing goes or stays; answered from the ledger, months later too, without the cloud."""

from __future__ import annotations

from textwrap import TextWrapper
from typing import Annotated

from cyclopts import App, Parameter

from guard.cli.common import COMMON, WIDTH, Common, emit_json, ledger_of, say
from guard.cli.finding import planned_as, resolve

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
        planned = planned_as(ledger, {subject})
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
    say("[bold]{headline}[/]", headline=explanation.headline)
    for section in explanation.sections:
        say()
        say("[bold]{title}[/]", title=section.title)
        for line in section.lines:
            say("{line}", line=f"  {line}" if "tuneguard " in line else _WRAP.fill(line))


_WRAP = TextWrapper(
    WIDTH, initial_indent="  ", subsequent_indent="      ", break_long_words=False, break_on_hyphens=False
)
"""Resource names, addresses and whole commands stay in one piece, so that they can be copied."""
