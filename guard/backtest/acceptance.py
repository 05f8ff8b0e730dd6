"""A person's word that they saw what a policy would have done: the policy's digest and the figures, for the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Who accepted which policy, when, having seen which figures."""

    policy_digest: str
    who: str
    at: datetime
    figures: Mapping[str, Any]

    @property
    def what(self) -> str:
        """The line for the ledger: `backtest:DIGEST` and, after a blank, the figures as compact JSON."""
        return f"backtest:{self.policy_digest} {json.dumps(self.figures, separators=(',', ':'))}"


class RecordAcceptance(Protocol):
    """Writes an acceptance where enforce looks for it."""

    def __call__(self, acceptance: Acceptance) -> None: ...


def accept(
    figures: Mapping[str, Any], *, policy_digest: str, who: str, at: datetime, record: RecordAcceptance
) -> Acceptance:
    """Record that `who` saw these figures for the policy with `policy_digest`; returns what was recorded."""
    acceptance = Acceptance(policy_digest=policy_digest, who=who, at=at, figures=figures)
    record(acceptance)
    return acceptance


def shown(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return of a report's document what a person looked at, a rule a line, without the endpoints' names."""
    lines = [{k: v for k, v in line.items() if k != "worst_endpoints"} for line in document["results"]]
    return {**document, "results": lines}
