"""One ledger acts on a project: a claim in the cloud, written with a generation precondition, names ledger and term.

A second ledger (a laptop, a restore from backup) finds the claim and only observes. The claim also carries the highest
term that its ledger ever had: a ledger whose own term is lower was restored from a backup.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from guard.ports.errors import GuardError
from guard.ports.mutations import Store


@dataclass(frozen=True, slots=True)
class Claimed:
    """This ledger may act on the project; `generation` is the claim object's."""

    generation: int


@dataclass(frozen=True, slots=True)
class ClaimRefused:
    """It may not, and why."""

    why: str


def take(store: Store, *, project: str, ledger_id: str, term: int, now: datetime) -> Claimed | ClaimRefused:
    """Take or refresh this ledger's claim on a project (by number). Never raises: no claim, no act."""
    path = f"claims/{project}.json"
    try:
        there = store.read(path)
        if there is None:
            return Claimed(store.put(path, _document(ledger_id, term, now), if_generation=0))
        content, generation = there
        claim = _parse(content)
        if claim is None:
            return ClaimRefused(f"{store.address(path)} is not a claim; remove it if no other guard uses it")
        if claim["ledger"] != ledger_id:
            return ClaimRefused(
                f"ledger {claim['ledger']} claimed it on {claim['at']} ({store.address(path)}); this ledger only observes. "
                "`tuneguard db adopt --take-claims` moves it here"
            )
        if int(claim["term"]) > term:
            return ClaimRefused(
                f"the claim knows term {claim['term']}, this ledger only {term}: it was restored from a backup. "
                "Check what happened since, then `tuneguard db adopt`"
            )
        if int(claim["term"]) == term:
            return Claimed(generation)
        return Claimed(store.put(path, _document(ledger_id, term, now), if_generation=generation))
    except GuardError as error:
        return ClaimRefused(f"the claim could not be taken: {error}")


def seize(store: Store, *, project: str, ledger_id: str, term: int, now: datetime) -> Claimed | ClaimRefused:
    """Take the claim over from another ledger, on a person's word; still by precondition, so that two cannot both win."""
    path = f"claims/{project}.json"
    try:
        there = store.read(path)
        generation = there[1] if there else 0
        return Claimed(store.put(path, _document(ledger_id, term, now), if_generation=generation))
    except GuardError as error:
        return ClaimRefused(f"the claim could not be moved: {error}")


def highest_term(store: Store, *, project: str, ledger_id: str) -> int | None:
    """Return the term that this ledger's own claim knows; None if there is no claim or it is another's."""
    there = store.read(f"claims/{project}.json")
    claim = _parse(there[0]) if there else None
    return int(claim["term"]) if claim and claim["ledger"] == ledger_id else None


def _document(ledger_id: str, term: int, now: datetime) -> bytes:
    return json.dumps({"ledger": ledger_id, "term": term, "at": now.isoformat()}, sort_keys=True).encode()


def _parse(content: bytes) -> dict[str, Any] | None:
    try:
        claim = json.loads(content)
    except ValueError:
        return None
    if isinstance(claim, dict) and {"ledger", "term", "at"} <= claim.keys() and isinstance(claim["term"], int):
        return claim
    return None
