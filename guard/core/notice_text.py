"""The words of every notice: what happens, when, what it costs, how to keep, how to undo. Pure.

Each text is made from a document (documents.py), so a notice says what `tuneguard explain` says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from guard.core.plan import NoticeKind
from guard.core.wording import DOING, DONE, KINDS, cost_sentence, hours_text, instant, title_of, why_sentence

About: TypeAlias = Mapping[str, Any]
"""A verdict's or a planned act's document, with `detail` where something went wrong or needs more words."""


def notice_text(kind: NoticeKind, about: About) -> tuple[str, str]:
    """Return title and body of one notice."""
    return _TEXTS[kind](about)


def notice_id(kind: NoticeKind, subject: str, *facts: object) -> str:
    """A repeatable id made from the fact, so that a second send of the same fact can be folded."""
    text = "|".join((kind.value, subject, *(str(fact) for fact in facts)))
    return f"n-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def _first_seen(about: About) -> tuple[str, str]:
    name = title_of(about)
    would = about.get("would_go_at") or about.get("due_at")
    when = f"If nobody calls it, it may go {instant(would)}." if would else f"It stays: {about.get('meaning', '')}"
    return f"New: {name}", _body(
        f"{_what(about)} is new to the guard.", cost_sentence(about), _wait(about), when, _keep(about)
    )


def _removal_ahead(about: About) -> tuple[str, str]:
    doing = _doing(about)
    return f"{title_of(about)}: {doing} {instant(about['due_at'])}", _body(
        f"{_what(about)} is going to go: {doing} {instant(about['due_at'])}.",
        f"Why: {why_sentence(about, str(about.get('meaning', about['reason'])))}",
        _silence(about),
        _wait(about),
        cost_sentence(about),
        "A single call before then stops it.",
        _keep(about),
        _undo(about),
    )


def _removal_void(about: About) -> tuple[str, str]:
    return f"{title_of(about)} stays", _body(
        f"The notice about {_what(about)} is void: {about.get('detail', 'its reason is gone')}.",
        "If it falls idle again there will be a new notice.",
    )


def _removed(about: About) -> tuple[str, str]:
    return f"{title_of(about)} was {_done(about)}", _body(
        f"{_what(about)} was {_done(about)}; a fresh look shows that it is gone.",
        f"Why: {about.get('meaning', about['reason'])}",
        _silence(about),
        cost_sentence(about).replace("It costs", "It cost", 1),
        _undo(about),
    )


def _removal_failed(about: About) -> tuple[str, str]:
    return f"{title_of(about)} was not {_done(about)}", _body(
        f"{_what(about)} was not {_done(about)}: {about.get('detail', 'see the history')}.",
        "It is judged afresh at the next look.",
        f"What happened: tuneguard history {about['subject']}",
    )


def _wrong_removal(about: About) -> tuple[str, str]:
    return f"Wrong removal: {title_of(about)} was in use", _body(
        f"{_what(about)} was {_done(about)}, and a call came in before that which monitoring told of only afterwards.",
        str(about.get("detail", "")),
        "Once it is restored, its wait is doubled.",
        f"Bring it back: tuneguard restore {about['subject']}",
    )


def _restored(about: About) -> tuple[str, str]:
    return f"{title_of(about)} is back", _body(
        f"{_what(about)} was restored. {about.get('detail', '')}".strip(),
        cost_sentence(about),
        "It is kept for its grace, and its wait is doubled.",
    )


def _restore_failed(about: About) -> tuple[str, str]:
    if about.get("given_up"):
        return f"{title_of(about)} was not restored", _body(
            f"{_what(about)} was not restored: {about.get('detail', 'the platform refused')}.",
            f"The recipe is kept. Order it again: tuneguard restore {about['subject']}",
        )
    return f"{title_of(about)} could not be restored yet", _body(
        f"{_what(about)} could not be restored: {about.get('detail', 'the platform refused')}.",
        "The recipe is kept and the guard tries again. Until then nothing of this machine type is removed there.",
    )


def _job_warning(about: About) -> tuple[str, str]:
    evidence = about.get("evidence", {})
    why = evidence.get("warning") or about.get("detail", "")
    return f"Tuning job {title_of(about)}: {why}", _body(
        f"{_what(about)}: {why}.",
        f"State: {evidence.get('state')}; expected {hours_text(evidence.get('expected_hours'))} "
        f"(from {evidence.get('expected_from')}).",
        f"Look: tuneguard explain {about['subject']}",
    )


def _suggestion(about: About) -> tuple[str, str]:
    return f"{title_of(about)} could scale to zero", _body(
        f"{_what(about)}: {about.get('detail', 'it could stop its machines by itself while nobody calls it')}.",
        cost_sentence(about),
        "Set minReplicaCount 0 and scaleToZeroSpec (v1beta1). The first call after a pause is refused while it starts.",
    )


def _instruments(about: About) -> tuple[str, str]:
    scope = about.get("scope", about.get("subject", ""))
    return f"Instruments in doubt: {scope}", _body(
        f"In {scope} {about.get('why') or about.get('detail', '')}.",
        "Nothing is removed there until this is over or a person has looked.",
        f"After looking: tuneguard approve --scope {scope}",
    )


def _breaker(about: About) -> tuple[str, str]:
    return "The breaker stopped every removal", _body(
        f"{_upper(str(about.get('why') or about.get('detail', '')))}.",
        "Nothing is removed. The full list: tuneguard plan",
        "After looking: tuneguard approve --breaker",
    )


def _undeliverable(about: About) -> tuple[str, str]:
    return f"A notice for {about.get('meant_for', about.get('owner'))} did not arrive", _body(
        f"It was about {_what(about)}. {about.get('detail', '')}".strip(),
        "You are the fallback. If you do nothing, it goes as announced.",
        _keep(about),
    )


def _enrolled(about: About) -> tuple[str, str]:
    project = about.get("project", about.get("subject", ""))
    return f"Project {project} is enrolled", _body(
        f"The guard watches project {project} from now on{_because(about)}.",
        "What is idle there starts with a notice; nothing goes without one.",
    )


def _price_waits(about: About) -> tuple[str, str]:
    return f"A price jumped: {about.get('display_name') or about.get('subject')}", _body(
        f"The price catalogue says: {about.get('detail') or about.get('why')}.",
        "The old price stays in force, for waits and for costs, until a person has looked.",
        f"To take it: tuneguard prices accept {about.get('number', 'NUMBER')}",
    )


def _budget_crossed(about: About) -> tuple[str, str]:
    name = about.get("budget", about.get("display_name") or about.get("subject"))
    dearest = about.get("dearest") or ()
    forecast = f"; as things go, the month comes to {about['forecast']}" if about.get("forecast") else ""
    return f"Budget {name}: {about.get('detail') or about.get('why')}", _body(
        f"{about.get('spent', 'An unknown amount')} of {about.get('amount', 'the budget')} is spent{forecast}.",
        f"While it stands, {about['does']}." if about.get("does") else "",
        f"Dearest: {'; '.join(dearest)}." if dearest else "",
        f"Not in it: {about['unknown']} thing(s) whose cost is not known." if about.get("unknown") else "",
        "These are list prices by the guard's own count, before the bill.",
        "Look: tuneguard budgets, tuneguard costs",
    )


def budget_part_text(about: About) -> tuple[str, str]:
    """Title and body for an owner whose things are a part of a budget that was crossed."""
    dearest = about.get("dearest") or ()
    return f"Your part of budget {about['budget']}: {about['yours']}", _body(
        f"{about['threshold']} of the budget's {about['amount']} is crossed; {about['yours']} of the {about['spent']} is yours.",
        f"Your dearest: {'; '.join(dearest)}." if dearest else "",
        "These are list prices by the guard's own count, before the bill.",
        "Look: tuneguard costs --by owner",
    )


def _tunes(about: About) -> tuple[str, str]:
    return str(about.get("title") or f"About {title_of(about)}"), _body(str(about.get("detail") or ""))


_TEXTS: Mapping[NoticeKind, Callable[[About], tuple[str, str]]] = {
    NoticeKind.FIRST_SEEN: _first_seen,
    NoticeKind.REMOVAL_AHEAD: _removal_ahead,
    NoticeKind.REMOVAL_VOID: _removal_void,
    NoticeKind.REMOVED: _removed,
    NoticeKind.REMOVAL_FAILED: _removal_failed,
    NoticeKind.WRONG_REMOVAL: _wrong_removal,
    NoticeKind.RESTORED: _restored,
    NoticeKind.RESTORE_FAILED: _restore_failed,
    NoticeKind.JOB_WARNING: _job_warning,
    NoticeKind.SUGGESTION: _suggestion,
    NoticeKind.INSTRUMENTS: _instruments,
    NoticeKind.BREAKER: _breaker,
    NoticeKind.UNDELIVERABLE: _undeliverable,
    NoticeKind.ENROLLED: _enrolled,
    NoticeKind.PRICE_WAITS: _price_waits,
    NoticeKind.BUDGET_CROSSED: _budget_crossed,
    NoticeKind.TUNES: _tunes,
    NoticeKind.GOOGLE_BUDGET: _tunes,
    NoticeKind.REPORT: _tunes,
}


def _body(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def _what(about: About) -> str:
    kind = KINDS.get(str(about.get("kind")), "thing")
    machine = f" on {about['machine']}" if about.get("machine") else ""
    return f"{kind} {title_of(about)}{machine} ({about.get('project')}, {about.get('location')})"


def _doing(about: About) -> str:
    return DOING.get(str(about.get("stage")), "removing it")


def _done(about: About) -> str:
    return DONE.get(str(about.get("stage")), "removed")


def _silence(about: About) -> str:
    if about.get("silent_hours") is None:
        return ""
    last = about.get("last_used_at")
    used = f"last used in the hour from {instant(last)}" if last else "no use since it is there"
    return f"Silent for {hours_text(about['silent_hours'])}; {used}."


def _wait(about: About) -> str:
    wait = about.get("wait")
    return f"It {wait['because']}." if wait and str(wait["because"]).startswith("waits") else ""


def _keep(about: About) -> str:
    return (
        f"To keep it: tuneguard keep {about['subject']} --why REASON, or the label tuneguard-keep=true on the resource."
    )


def _undo(about: About) -> str:
    match about.get("stage"):
        case "undeploy" | "delete_endpoint":
            return f"To undo it afterwards: tuneguard restore {about['subject']}"
        case "cancel_job":
            return "A cancelled job can be started again, from the beginning."
        case "delete_model" | "delete_file":
            return "This cannot be undone."
        case _:
            return ""


def _because(about: About) -> str:
    return f" ({about['detail']})" if about.get("detail") else ""


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
