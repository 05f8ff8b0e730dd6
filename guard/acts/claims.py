"""One ledger acts on a project: a claim in the cloud, written with a generation precondition, names the ledger.

A second ledger (a laptop, a restore from backup) finds the claim and only observes. The claim carries how far its ledger
had got (guard.ports.ledger.HighWater), so that a ledger restored from a backup is told from the one that wrote it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from guard.ports.errors import GuardError
from guard.ports.ledger import HighWater, Ledger
from guard.ports.mutations import Store


@dataclass(frozen=True, slots=True)
class Claimed:
    """This ledger may act on the project; `generation` is the claim object's."""

    generation: int


@dataclass(frozen=True, slots=True)
class ClaimRefused:
    """It may not, and why."""

    why: str


def take(store: Store, *, project: str, ledger: Ledger, now: datetime) -> Claimed | ClaimRefused:
    """Take or renew this ledger's claim on a project (by number). Never raises: no claim, no act."""
    path = claim_path(project)
    try:
        own = ledger.high_water()
        there = store.read(path)
        if there is None:
            return Claimed(store.put(path, _document(own, now), if_generation=0))
        content, generation = there
        claim = _parse(content)
        if claim is None:
            return ClaimRefused(f"{store.address(path)} is not a claim; remove it if no other guard uses it")
        known, at = claim
        if known.ledger_id != own.ledger_id:
            return ClaimRefused(
                f"ledger {known.ledger_id} holds the claim since {at} ({store.address(path)}), so this one only observes. "
                "`tuneguard db adopt --take-claims` moves it here"
            )
        behind = ledger.behind(known)
        if behind is not None:
            return ClaimRefused(f"{behind}. Look at what happened since, then `tuneguard db adopt --take-claims`")
        if known == own:
            return Claimed(generation)
        return Claimed(store.put(path, _document(own, now), if_generation=generation))
    except GuardError as error:
        return ClaimRefused(f"the claim could not be taken: {error}")


def seize(store: Store, *, project: str, ledger: Ledger, now: datetime) -> Claimed | ClaimRefused:
    """Take the claim over on a person's word; still by precondition, so that of two only one wins."""
    path = claim_path(project)
    try:
        there = store.read(path)
        generation = there[1] if there else 0
        return Claimed(store.put(path, _document(ledger.high_water(), now), if_generation=generation))
    except GuardError as error:
        return ClaimRefused(f"the claim on project {project} could not be moved: {error}")


def claim_path(project: str) -> str:
    """Where a project's claim lies within the bucket."""
    return f"claims/{project}.json"


def _document(own: HighWater, now: datetime) -> bytes:
    return json.dumps({**asdict(own), "at": now.isoformat()}, sort_keys=True).encode()


def _parse(content: bytes) -> tuple[HighWater, str] | None:
    try:
        document: Any = json.loads(content)
        own = {field.name: document[field.name] for field in fields(HighWater)}
        whole = all(isinstance(own[name], int) for name in ("term", "last_write", "events"))
        return (HighWater(**own), str(document["at"])) if whole else None
    except (ValueError, KeyError, TypeError):
        return None
