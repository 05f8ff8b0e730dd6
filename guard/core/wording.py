"""Small pieces of sentences that every surface shares: names, instants, money and durations for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from guard.core.reasons import KeepReason
from guard.core.units import HOURS_A_MONTH, Money, short

DOING = {
    "undeploy": "undeploying it",
    "delete_endpoint": "deleting the endpoint",
    "delete_model": "deleting the model",
    "cancel_job": "cancelling the job",
    "delete_file": "deleting the file",
    "restore": "restoring it",
}
DONE = {
    "undeploy": "undeployed",
    "delete_endpoint": "deleted",
    "delete_model": "deleted",
    "cancel_job": "cancelled",
    "delete_file": "deleted",
    "restore": "restored",
}
KINDS = {
    "deployed_model": "deployed model",
    "pool": "pool",
    "endpoint": "endpoint",
    "model": "registry model",
    "tuning_job": "tuning job",
    "file": "file",
}


def title_of(document: Mapping[str, Any]) -> str:
    """`endpoint-1 / model-7` for a deployed model, the display name otherwise, the id where there is none."""
    name = document.get("display_name") or str(document.get("subject", "")).rsplit("/", 1)[-1]
    endpoint = document.get("endpoint_display_name")
    return f"{endpoint} / {name}" if endpoint and endpoint != name else str(name)


def instant(text: str | datetime | None) -> str:
    """`2026-11-24 12:00 UTC` from an ISO instant in UTC."""
    if text is None:
        return "never"
    at = datetime.fromisoformat(text) if isinstance(text, str) else text
    return f"{at:%Y-%m-%d %H:%M} UTC"


def hours_text(count: float | None) -> str:
    """Hours for people: `3 d 19 h`."""
    return "not known" if count is None else short(timedelta(hours=count))


def money_text(rate: Mapping[str, str] | None) -> str | None:
    """`$0.22 an hour ($160.60 a month)`; None where it is not known."""
    if not rate:
        return None
    hourly = Money(Decimal(rate["amount"]), rate["currency"])
    return f"{hourly} an hour ({hourly * HOURS_A_MONTH} a month)"


def cost_text(cost: Mapping[str, Any] | None) -> str:
    """`$12.50`, `at least $12.50`, or that it is not known: money of a stretch of time, by currency (`known`, `lower_bound`)."""
    if cost is None or not cost["known"]:
        return "an amount that is not known"
    sums = " + ".join(str(Money(Decimal(one["amount"]), one["currency"])) for one in cost["known"])
    return f"at least {sums}" if cost["lower_bound"] else sums


def why_sentence(document: Mapping[str, Any], meaning: str) -> str:
    """The reason in words; while people are being told ahead, the wait is not over yet and the sentence says so."""
    if document.get("reason") == KeepReason.NOT_LIVE:
        return _not_live_sentence(document.get("evidence", {}).get("live_until"))
    wait, silent = document.get("wait") or {}, document.get("silent_hours")
    if document.get("decision") == "idle" and silent is not None and silent < (wait.get("hours") or 0):
        ahead = hours_text(wait["hours"] - silent)
        return f"Silent for {hours_text(silent)}, and its wait is over in {ahead} if nothing calls it."
    return meaning


def _not_live_sentence(live_until: str | None) -> str:
    """Metrics that stopped or come late, told from a thing that never had any."""
    if live_until is None:
        return "Monitoring has never shown replicas for it, so zero requests prove nothing."
    return (
        f"Monitoring shows no replicas for it since {instant(live_until)} (its metrics are late, or stopped), "
        "so zero requests prove nothing."
    )


def reason_words(document: Mapping[str, Any]) -> str:
    """The reason in a few words, for a line of a table: `in use` for `in_use`."""
    if document.get("reason") == KeepReason.NOT_LIVE:
        return "metrics late" if document.get("evidence", {}).get("live_until") else "never live"
    return str(document.get("reason")).replace("_", " ")


def cost_sentence(document: Mapping[str, Any], *, is_gone: bool = False) -> str:
    """What it costs, or cost while it was there, with the words for what is not known and for what costs nothing; never a 0."""
    if is_gone:
        before = cost_sentence(document)
        return before.replace("It costs", "It cost", 1).replace("What it costs is", "What it cost is", 1).removesuffix(
            "."
        ) + (", while it was there.")
    text = money_text(document.get("group_rate") or document.get("rate"))
    note = document.get("rate_note") or ""
    if text is not None:
        least = "at least " if note.startswith("at least") else ""
        return f"It costs {least}{text}."
    if document.get("billed"):
        return f"What it costs is not known ({note})." if note else "What it costs is not known."
    return f"It costs nothing by the hour ({note})." if note else "It costs nothing by the hour."
