"""What the scripts ask of the guard: to keep what was just deployed until a day."""

from __future__ import annotations

from datetime import UTC, datetime

KEEP_LABEL = "tuneguard-keep-until"


def keep_labels(until: datetime) -> dict[str, str]:
    """The label by which every guard that sees the endpoint keeps it: that day included, in UTC; then its policy decides.

    It is written with the endpoint itself, so there is no moment in which the endpoint stands without it.
    """
    return {KEEP_LABEL: f"{until.astimezone(UTC):%Y-%m-%d}"}
