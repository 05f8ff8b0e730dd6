"""Why a thing goes or stays, in sentences, from its verdict's document alone: months later, without the cloud. Pure.

The command line, the page and the notices all call this, so that they never tell different stories.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any, Protocol

from guard.core.documents import verdict_document
from guard.core.notice_text import notice_id, notice_text
from guard.core.plan import KeepOrder, Notice
from guard.core.reasons import MEANING, WAY_OUT, BlockReason
from guard.core.removal import Act, ActState
from guard.core.verdict import Idle, Keep, Undecided, Verdict
from guard.core.wording import DOING, DONE, KINDS, cost_sentence, cost_text, hours_text, instant, title_of, why_sentence

__all__ = ["Explanation", "Section", "explain", "headline", "notice_id", "notice_text"]


class Event(Protocol):
    """One arrow of an act, as the ledger keeps it."""

    @property
    def at(self) -> datetime: ...
    @property
    def state(self) -> ActState: ...
    @property
    def detail(self) -> str: ...


class Told(Protocol):
    """A notice and what became of it, as the ledger keeps it."""

    @property
    def notice(self) -> Notice: ...
    @property
    def delivered_at(self) -> datetime | None: ...
    @property
    def last_error(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Restored:
    """A restore that is done: when, on whose word, and by how much the wait is longer since."""

    at: datetime
    by: str
    wait_factor: int


@dataclass(frozen=True, slots=True)
class Section:
    """One heading with its lines."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A headline of one sentence, and sections in reading order; empty ones are left out."""

    headline: str
    sections: tuple[Section, ...]

    def __str__(self) -> str:
        parts = [self.headline]
        for section in self.sections:
            parts += ["", section.title, *(f"  {line}" for line in section.lines)]
        return "\n".join(parts)


def explain(
    verdict: Verdict | Mapping[str, Any],
    *,
    act: Act | None = None,
    blocks: Iterable[BlockReason] = (),
    events: Iterable[Event] = (),
    notices: Iterable[Told] = (),
    keeps: Iterable[KeepOrder] = (),
    keep_costs: Iterable[Mapping[str, Any] | None] = (),
    restored: Restored | None = None,
    policy_line: str | None = None,
    as_of: datetime | None = None,
) -> Explanation:
    """Explain one thing.

    Args:
        verdict: The verdict, or its document from the ledger.
        act: The latest act on it, if there is one.
        blocks: Why it does not go now, where it may go.
        events: What the act went through.
        notices: Who was told what, and whether it arrived.
        keeps: People's words on it, past ones included.
        keep_costs: What each keep has cost, in the order of `keeps` (see `cost_text`); None where that is not known.
        restored: How it came back, where a restore has made it.
        policy_line: Where its policy stands now; the evidence's own line where this is None.
        as_of: When the look was taken that led to this verdict.
    """
    document = verdict_document(verdict) if isinstance(verdict, Keep | Idle | Undecided) else verdict
    sections = [
        Section("Decision", _decision(document, blocks, as_of)),
        Section("What it is", (*_what(document), *_restored(restored))),
        Section("Money", (cost_sentence(document, is_gone=_is_gone(document, act)), *_source(document))),
        Section("Silence", _silence(document)),
        Section("Wait", _wait(document)),
        Section("Policy", _policy(document, policy_line)),
        Section("Evidence", _evidence(document)),
        Section("Told", _told(notices)),
        Section("Kept by", _kept(keeps, keep_costs)),
        Section("Act", _act(act, events)),
        Section("What you can do", _ways(document, act)),
    ]
    return Explanation(headline(document, act), tuple(section for section in sections if section.lines))


def headline(document: Mapping[str, Any], act: Act | None = None) -> str:
    """One sentence: what it is, what was decided, why."""
    name = title_of(document)
    meaning = MEANING_BY_VALUE.get(str(document["reason"]), str(document["reason"]))
    if act is not None and act.state is ActState.VERIFIED:
        done = DONE[act.key.stage.value]
        return f"{name} was {done} {instant(act.settled_at or act.updated_at)}. Reason then: {act.reason.value}."
    if document.get("decision") == "gone":
        return f"{name} is gone: the latest look did not find it, and the guard did not remove it."
    meaning = why_sentence(document, meaning)
    match document.get("decision"):
        case "idle":
            doing = DOING.get(str(document["stage"]), str(document["stage"]))
            return f"{name} may go: {_lower(meaning)} Due for {doing}: {instant(document['due_at'])}."
        case "unknown":
            return f"{name} stays, because something is not known: {_lower(meaning)}"
        case _:
            warning = document.get("evidence", {}).get("warning")
            return f"{name} stays, with a warning: {warning}." if warning else f"{name} stays: {_lower(meaning)}"


MEANING_BY_VALUE = {reason.value: text for reason, text in MEANING.items()}


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _decision(document: Mapping[str, Any], blocks: Iterable[BlockReason], as_of: datetime | None) -> tuple[str, ...]:
    decision = document.get("decision", "keep")
    lines = [f"{decision}: {document['reason']}" if decision != "gone" else f"gone; before that: {document['reason']}"]
    lines += [f"not now: {block.value}: {MEANING[block]} {WAY_OUT[block]}" for block in blocks]
    if document.get("would_go_at"):
        lines.append(f"If the silence goes on it may go {instant(document['would_go_at'])}.")
    if as_of is not None:
        lines.append(f"As of the look at {instant(as_of)}.")
    return tuple(lines)


def _what(document: Mapping[str, Any]) -> tuple[str, ...]:
    kind = KINDS.get(str(document.get("kind")), str(document.get("kind")))
    lines = [f"{kind} in {document.get('project')}, {document.get('location')}", str(document["subject"])]
    if document.get("machine"):
        lines.append(f"on {document['machine']}")
    if document.get("members"):
        lines.append(f"shared by {len(document['members'])}: " + ", ".join(document["members"]))
    if document.get("created_at"):
        lines.append(f"since {instant(document['created_at'])}")
    if document.get("owner"):
        lines.append(f"owner: {document['owner']} (from {document.get('owner_source')})")
    return tuple(lines)


def _restored(found: Restored | None) -> tuple[str, ...]:
    if found is None:
        return ()
    longer = "doubled" if found.wait_factor == 2 else f"{found.wait_factor} times as long"
    return (f"restored {instant(found.at)} on {found.by}'s word; its wait is {longer} since then",)


def _is_gone(document: Mapping[str, Any], act: Act | None) -> bool:
    """True for what was removed, or was not found by the latest look."""
    removed = act is not None and act.state is ActState.VERIFIED and act.key.stage.value != "restore"
    return removed or document.get("decision") == "gone"


def _source(document: Mapping[str, Any]) -> tuple[str, ...]:
    note = document.get("rate_note")
    return (f"Price: {note}",) if note and document.get("rate") else ()


def _silence(document: Mapping[str, Any]) -> tuple[str, ...]:
    evidence = document.get("evidence", {})
    if "empty_since" in evidence:
        return (f"Empty for {hours_text(evidence['empty_hours'])}, since {instant(evidence['empty_since'])}.",)
    if document.get("silent_hours") is None or "counted_from" not in evidence:
        return ()
    last = document.get("last_used_at")
    used = f"Last used in the hour from {instant(last)}." if last else "Never used since it was deployed."
    lines = [f"Silent for {hours_text(document['silent_hours'])}. {used}"]
    lines.append(
        f"Counted from {instant(evidence['counted_from'])}; the data is complete until "
        f"{instant(evidence.get('proven_until'))}."
    )
    if evidence.get("holes_hours"):
        holes = hours_text(evidence["holes_hours"])
        lines.append(f"{holes} of it prove nothing (no complete counts, no replicas or no witness) and do not count.")
    if evidence.get("busy_without_requests"):
        lines.append("The machines were busy without a counted request; the silence counts from then.")
    if evidence.get("every_call_failed"):
        lines.append("Every call that it had failed.")
    return tuple(lines)


def _wait(document: Mapping[str, Any]) -> tuple[str, ...]:
    wait = document.get("wait")
    if not wait:
        return ()
    lines = [_upper(str(wait["because"])) + "."]
    if wait.get("notice_hours"):
        lines.append(f"Its owner is told {hours_text(wait['notice_hours'])} before the end, inside the wait.")
    if wait.get("worst_case"):
        lines.append(_upper(str(wait["worst_case"])) + ".")
    source = wait.get("sum", {}).get("redeploy_source")
    if source:
        minutes = wait["sum"]["redeploy_minutes"]
        lines.append(f"A redeploy takes {hours_text(minutes / 60)}: {source}.")
    return tuple(lines)


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _policy(document: Mapping[str, Any], line: str | None) -> tuple[str, ...]:
    if not document.get("policy"):
        return ()
    where = line or document.get("evidence", {}).get("policy_line")
    return (f"{document['policy']}" + (f" ({where})" if where else ""),)


_SAID_ELSEWHERE = frozenset(
    {
        "silent_hours", "counted_from", "last_used_at", "proven_until", "holes_hours", "wait_hours", "policy_line", "price",
        "machine", "sharers", "empty_since", "empty_hours", "busy_without_requests", "every_call_failed", "last_used_hour",
    }
)  # fmt: skip


def _evidence(document: Mapping[str, Any]) -> tuple[str, ...]:
    rest = {
        k: v for k, v in document.get("evidence", {}).items() if k not in _SAID_ELSEWHERE and v not in (None, "", [])
    }
    return tuple(f"{key.replace('_', ' ')}: {value}" for key, value in rest.items())


def _told(notices: Iterable[Told]) -> tuple[str, ...]:
    lines = []
    for told in notices:
        arrived = f"delivered {instant(told.delivered_at)}" if told.delivered_at else "not delivered yet"
        problem = f" ({told.last_error})" if told.last_error and not told.delivered_at else ""
        lines.append(f"{told.notice.to}, {instant(told.notice.made_at)}: {told.notice.title} [{arrived}{problem}]")
    return tuple(lines)


def _kept(keeps: Iterable[KeepOrder], costs: Iterable[Mapping[str, Any] | None]) -> tuple[str, ...]:
    lines = []
    for order, cost in zip_longest(keeps, costs):
        until = f"until {instant(order.until)}" if order.until else "for good"
        ended = f", ended {instant(order.ended_at)}" if order.ended_at else ""
        has_cost = f"; has cost {cost_text(cost)}" if cost is not None else ""
        lines.append(
            f"{order.who}, {instant(order.made_at)}, {until}{ended}: {order.why or 'no reason given'}{has_cost}"
        )
    return tuple(lines)


def _act(act: Act | None, events: Iterable[Event]) -> tuple[str, ...]:
    if act is None:
        return ()
    lines = [f"{act.key.stage.value}, attempt {act.key.attempt}: {act.state.value} ({act.id})"]
    lines += [
        f"{instant(event.at)} {event.state.value}" + (f": {event.detail}" if event.detail else "") for event in events
    ]
    return tuple(lines)


def _ways(document: Mapping[str, Any], act: Act | None) -> tuple[str, ...]:
    name = document["subject"]
    lines = []
    if act is not None and act.state is ActState.VERIFIED and act.key.stage.value in {"undeploy", "delete_endpoint"}:
        lines.append(f"bring it back: tuneguard restore {name}")
    way = document.get("way_out")
    if way:
        lines.append(str(way))
    if document.get("decision") == "idle" or document.get("would_go_at"):
        lines.append(f"keep it: tuneguard keep {name} --why REASON   (or the label tuneguard-keep=true)")
    if document.get("reason") == "kept_by_person":
        lines.append(f"let it go again: tuneguard unkeep {name}")
    return tuple(lines)
