"""A person's word that they saw what a policy would have done: the policy's digest and the figures, for the ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from guard.backtest.report import Report, as_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Who accepted which policy, when, having seen which figures."""

    policy_digest: str
    who: str
    at: datetime
    figures: Mapping[str, Any]


class RecordAcceptance(Protocol):
    """Writes an acceptance where enforce looks for it."""

    def __call__(self, acceptance: Acceptance) -> None: ...


def accept(report: Report, *, policy_digest: str, who: str, at: datetime, record: RecordAcceptance) -> Acceptance:
    """Record that `who` saw this report for the policy with `policy_digest`; returns what was recorded."""
    acceptance = Acceptance(policy_digest=policy_digest, who=who, at=at, figures=as_json(report))
    record(acceptance)
    return acceptance


def digest_of(policy: Mapping[str, Any]) -> str:
    """Return the digest of a policy document: equal documents, equal digests, whatever the order of their keys."""
    text = json.dumps(policy, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
