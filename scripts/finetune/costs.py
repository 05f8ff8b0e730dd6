"""What a tuning run and what comes after it cost, before anything is started."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from finetune.prices import MILLION, MachinePrice, ModelPrice

HOURS_A_MONTH = Decimal(730)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCost:
    """USD of a tuning job: the low and high end where the provider chooses the epochs itself."""

    tokens_per_epoch: int
    epochs_low: int
    epochs_high: int
    usd_per_million: Decimal | None
    low: Decimal | None
    high: Decimal | None


def default_epochs(examples: int) -> int:
    """The epochs that OpenAI's cookbook computes when none are asked for; today's `auto` is undocumented.

    Target 3; at least 100 trained examples in all (but at most 25 epochs), at most 25,000.
    Source: OpenAI cookbook, examples/Chat_finetuning_data_prep.ipynb, read 2026-11-24.
    """
    if examples * 3 < 100:
        return min(25, 100 // max(1, examples))
    if examples * 3 > 25_000:
        return max(1, 25_000 // examples)
    return 3


def training_cost(price: ModelPrice, *, tokens: int, examples: int, epochs: int | None) -> TrainingCost:
    """Tokens of the training file x epochs x price. Without a chosen number of epochs: from one fewer to one more
    than the default rule.
    """
    usual = default_epochs(examples)
    low, high = (epochs, epochs) if epochs is not None else (max(1, usual - 1), usual + 1)
    rate = price.training
    return TrainingCost(
        tokens_per_epoch=tokens,
        epochs_low=low,
        epochs_high=high,
        usd_per_million=rate,
        low=None if rate is None else rate * tokens * low / MILLION,
        high=None if rate is None else rate * tokens * high / MILLION,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HostingCost:
    """USD of a deployment by the hour, day and month of 730 hours, called or not."""

    machine: str
    replicas: int
    hour: Decimal | None
    day: Decimal | None
    month: Decimal | None
    source: str | None
    read_on: date | None


def hosting_cost(machine: str, price: MachinePrice | None, replicas: int = 1) -> HostingCost:
    """What machines cost while they stand; unknown where no price is known."""
    hour = None if price is None else price.usd_per_hour * replicas
    return HostingCost(
        machine=machine,
        replicas=replicas,
        hour=hour,
        day=None if hour is None else hour * 24,
        month=None if hour is None else hour * HOURS_A_MONTH,
        source=None if price is None else price.source,
        read_on=None if price is None else price.read_on,
    )


def repaid_after_calls(
    training: Decimal | None,
    prompted_call: Decimal | None,
    tuned_call: Decimal | None,
    hosting: Decimal | None = Decimal(0),
) -> int | None:
    """Calls a month from which the tune's shorter prompt repays training and a month's hosting within that month.

    None: never, or an amount is unknown.
    """
    if training is None or prompted_call is None or tuned_call is None or hosting is None:
        return None
    saved = prompted_call - tuned_call
    if saved <= 0:
        return None
    return math.ceil((training + hosting) / saved)


def retirement_sentence(price: ModelPrice, today: date) -> str | None:
    """What the base model's end means for a tune made today."""
    if price.retires_on is None:
        return None
    days = (price.retires_on - today).days
    if days < 0:
        return f"{price.model} was shut down on {price.retires_on}: it can be neither tuned nor called."
    tail = f" Tuning itself ends on {price.tunable_until}." if price.tunable_until is not None else ""
    return (
        f"A tune made today stops answering on {price.retires_on}, in {days} days, when its base {price.model} "
        f"is shut down.{tail}"
    )
