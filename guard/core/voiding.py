"""Which open acts have lost their reason: used again, kept, policy changed, gone. Pure.

What is merely not known keeps its act where it stands: it neither goes on nor starts afresh.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from guard.core.names import Scope
from guard.core.reasons import MEANING, KeepReason
from guard.core.removal import Act
from guard.core.verdict import Idle, Keep, Stage, Undecided, Verdict


def void_acts(
    verdicts: Sequence[Verdict], acts: Iterable[Act], not_known: AbstractSet[Scope]
) -> tuple[tuple[Act, str], ...]:
    """Return the open acts, not in flight, whose reason is gone, with the reason in words; sorted by subject."""
    candidates = [
        act
        for act in sorted(acts, key=lambda a: a.key)
        if act.state.is_open and not act.state.is_in_flight and act.key.stage is not Stage.RESTORE
    ]
    if not candidates:
        return ()
    by_name: dict[str, Verdict] = {}
    generations: dict[str, str] = {}
    for verdict in verdicts:
        by_name[verdict.subject.name] = verdict
        generations[verdict.subject.name] = verdict.subject.generation
        if verdict.subject.kind.value == "pool":
            by_name |= dict.fromkeys(verdict.subject.members, verdict)
        if isinstance(verdict, Idle):
            generations |= {part.name: part.generation for part in verdict.parts}
    found = []
    for act in candidates:
        why = _why(act, by_name.get(act.key.subject), generations, not_known)
        if why:
            found.append((act, why))
    return tuple(found)


def _why(act: Act, verdict: Verdict | None, generations: dict[str, str], not_known: AbstractSet[Scope]) -> str | None:
    if verdict is None:
        return None if Scope(act.project, act.location) in not_known else "gone: it does not exist any more"
    if isinstance(verdict, Undecided):
        return None
    if isinstance(verdict, Keep):
        if verdict.reason in {KeepReason.IN_USE, KeepReason.WAITING}:
            return f"used again: {MEANING[verdict.reason]}"
        return f"{verdict.reason.value}: {MEANING[verdict.reason]}"
    if generations.get(act.key.subject, act.key.generation) != act.key.generation:
        return "another thing has its name now"
    if verdict.stage is not act.key.stage:
        return f"its stage is {verdict.stage.value} now"
    if verdict.policy != act.policy:
        return f"policy changed: {act.policy} before, {verdict.policy} now"
    return None
