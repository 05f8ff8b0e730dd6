"""A person's word that they saw what a policy would have done: the policy's digest and the figures, for the ledger."""

from __future__ import annotations

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

    @property
    def what(self) -> str:
        """The line for the ledger: `backtest:DIGEST` and, after a blank, the figures as compact JSON."""
        return f"backtest:{self.policy_digest} {json.dumps(self.figures, separators=(',', ':'))}"


class RecordAcceptance(Protocol):
    """Writes an acceptance where enforce looks for it."""

    def __call__(self, acceptance: Acceptance) -> None: ...


def accept(report: Report, *, policy_digest: str, who: str, at: datetime, record: RecordAcceptance) -> Acceptance:
    """Record that `who` saw this report for the policy with `policy_digest`; returns what was recorded."""
    acceptance = Acceptance(policy_digest=policy_digest, who=who, at=at, figures=_shown(as_json(report)))
    record(acceptance)
    return acceptance


def _shown(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a person looked at, a rule a line; the endpoints' names stay out of it."""
    lines = [{k: v for k, v in line.items() if k != "worst_endpoints"} for line in document["results"]]
    return {**document, "results": lines}
