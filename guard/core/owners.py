"""Who is told: a label, then the tuning run's submitter, then the audit log's creator, then the fallback. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from guard.core.rules import OwnerRules, OwnerSource

FALLBACK = "fallback"


def owner_of(
    labels: Mapping[str, str], submitter: str | None, creator: str | None, rules: OwnerRules
) -> tuple[str, str]:
    """Return the owner and where the name comes from; the file's order decides, the fallback is always there."""
    for source, argument in rules.sources:
        match source:
            case OwnerSource.LABEL:
                if found := labels.get(argument):
                    return found, f"label {argument}"
            case OwnerSource.RUN:
                if submitter:
                    return submitter, "tuning run"
            case OwnerSource.CREATOR:
                if creator:
                    return creator, "audit log"
    return rules.fallback, FALLBACK
