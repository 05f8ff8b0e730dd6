"""Prices and retirement dates, each with source and date; a file of the user's overrides rows by model or machine.

All token prices are USD per 1,000,000 tokens, machines USD per hour and replica. A price that is not there is None:
unknown, never 0.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib import resources
from pathlib import Path
from typing import Any

from finetune.errors import UserError
from finetune.tokens import base_of

MILLION = Decimal(1_000_000)
OLD_AFTER_DAYS = 90
_AMOUNTS = ("training", "tuned_input", "tuned_cached", "tuned_output", "input", "cached", "output")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPrice:
    """What one base model costs, untuned and tuned, and until when it can be tuned and called."""

    provider: str
    model: str
    source: str
    read_on: date
    training: Decimal | None = None
    tuned_input: Decimal | None = None
    tuned_cached: Decimal | None = None
    tuned_output: Decimal | None = None
    input: Decimal | None = None
    cached: Decimal | None = None
    output: Decimal | None = None
    tunable_until: date | None = None
    retires_on: date | None = None
    machine: str | None = None
    note: str | None = None

    def call(self, input_tokens: float, output_tokens: float, *, tuned: bool = False) -> Decimal | None:
        """USD of one call (fractions of a token stand for averages), or None where a price is unknown."""
        per_input = self.tuned_input if tuned else self.input
        per_output = self.tuned_output if tuned else self.output
        if per_input is None or per_output is None:
            return None
        return (Decimal(str(input_tokens)) * per_input + Decimal(str(output_tokens)) * per_output) / MILLION


@dataclass(frozen=True, slots=True, kw_only=True)
class MachinePrice:
    """USD per hour and replica of one machine type with its usual accelerators, in one region."""

    machine: str
    region: str
    usd_per_hour: Decimal
    source: str
    read_on: date


class PriceBook:
    """The prices in force: the packaged file, with the user's rows in place of those of the same name."""

    def __init__(
        self, models: dict[str, ModelPrice], machines: dict[tuple[str, str], MachinePrice], read_on: date
    ) -> None:
        self._models = models
        self._machines = machines
        self.read_on = read_on

    @classmethod
    def load(cls, override: Path | None = None) -> PriceBook:
        """Read the packaged prices, and those of `override` or of the file that TUNEGUARD_TUNING_PRICES names.

        Raises:
            UserError: The user's file is missing, not JSON, or a row of it is wrong.
        """
        packaged = json.loads(resources.files("finetune").joinpath("data", "prices.json").read_text(encoding="utf-8"))
        book = cls({}, {}, date.fromisoformat(packaged["read_on"]))
        book._add(packaged, "data/prices.json")
        path = override or (Path(named) if (named := os.environ.get("TUNEGUARD_TUNING_PRICES")) else None)
        if path is not None:
            try:
                book._add(json.loads(path.read_text(encoding="utf-8")), str(path))
            except OSError as error:
                raise UserError(
                    f"{path}: cannot be read ({error.strerror}). Expected a JSON file of prices as in data/prices.json."
                ) from error
            except json.JSONDecodeError as error:
                raise UserError(f"{path}:{error.lineno}: not JSON ({error.msg}).") from error
        return book

    def _add(self, data: dict[str, Any], where: str) -> None:
        sources = data.get("sources", {})
        for index, row in enumerate(data.get("models", [])):
            try:
                price = _model(row, sources, data["read_on"])
            except (KeyError, ValueError, TypeError, InvalidOperation) as error:
                raise UserError(
                    f"{where}: models[{index}]: {type(error).__name__}: {error}. Expected the keys of data/prices.json."
                ) from error
            self._models[price.model] = price
        for index, row in enumerate(data.get("machines", [])):
            try:
                machine = MachinePrice(
                    machine=row["machine"],
                    region=row["region"],
                    usd_per_hour=Decimal(row["usd_per_hour"]),
                    source=sources.get(row.get("source"), row.get("source", where)),
                    read_on=date.fromisoformat(row.get("read_on", data["read_on"])),
                )
            except (KeyError, ValueError, TypeError, InvalidOperation) as error:
                raise UserError(
                    f"{where}: machines[{index}]: {type(error).__name__}: {error}. Expected machine, region, usd_per_hour."
                ) from error
            self._machines[machine.machine, machine.region] = machine

    def model(self, name: str) -> ModelPrice:
        """The price row of a model or of a tune's base.

        Raises:
            UserError: The model is not in the book.
        """
        base = base_of(name)
        if base not in self._models:
            raise UserError(
                f"{name}: no price is known. Expected one of {', '.join(sorted(self._models))}; for another, name a "
                "file with --prices."
            )
        return self._models[base]

    def find(self, name: str) -> ModelPrice | None:
        """The price row of a model or of a tune's base, or None."""
        return self._models.get(base_of(name))

    def machine(self, name: str, region: str) -> MachinePrice | None:
        """The hourly price of a machine type in a region, or None: unknown."""
        return self._machines.get((name, region))

    def tunable(self, provider: str, today: date) -> list[ModelPrice]:
        """Bases of a provider that can be tuned on a day, as far as the book knows."""
        return [
            price
            for price in self._models.values()
            if price.provider == provider
            and price.training is not None
            and (price.tunable_until is None or today <= price.tunable_until)
        ]

    def age_warning(self, today: date) -> str | None:
        """A sentence if the packaged prices are old."""
        days = (today - self.read_on).days
        if days <= OLD_AFTER_DAYS:
            return None
        return f"Prices were read on {self.read_on}, {days} days ago: check them with the provider, and override with --prices."


def _model(row: dict[str, Any], sources: dict[str, str], read_on: str) -> ModelPrice:
    return ModelPrice(
        provider=row["provider"],
        model=row["model"],
        source=sources.get(row.get("source", ""), row.get("source", "given by the user")),
        read_on=date.fromisoformat(row.get("read_on", read_on)),
        tunable_until=_day(row.get("tunable_until")),
        retires_on=_day(row.get("retires_on")),
        machine=row.get("machine"),
        note=row.get("note"),
        **{name: Decimal(row[name]) for name in _AMOUNTS if row.get(name) is not None},
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
