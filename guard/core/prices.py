"""What a machine costs an hour: price rows with validity, source and date, and a lookup that never answers 0.

Exactly one row matches, or the price is unknown. On-demand rows are all-in (the management fee is inside); Spot, Flex-start
and reservations need rows of their own. A machine is priced by a row for the whole machine or, by its shape, from core, RAM
and accelerator rows; where a part has no row, the known parts are a lower bound and say so. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from guard.core.model import Machine, Provisioning
from guard.core.shapes import SINGLE_HOST_TPU, Shape, shape_of
from guard.core.units import Known, Maybe, Money, Rate, Unknown

EVERYWHERE = "*"
"""Region of a row that a person gave for all regions; never used in shipped rows."""


class Part(StrEnum):
    """What a row prices."""

    MACHINE = "machine"  # item: machine type, its built-in accelerators included; unit h
    CORE = "core"  # item: family (n1); unit h a vCPU
    RAM = "ram"  # item: family; unit GiB h
    ACCELERATOR = "accelerator"  # item: accelerator type; unit h for one of them
    TUNING_TOKENS = "tuning_tokens"  # item: base model; unit 1M tokens
    INPUT_TOKENS = "input_tokens"  # item: model; unit 1M tokens
    OUTPUT_TOKENS = "output_tokens"  # item: model; unit 1M tokens
    STORAGE = "storage"  # item: storage class of a bucket (STANDARD); unit GiB month
    STACK = "stack"  # item: a part of the guard's own infrastructure (vm/e2-small); the row says its unit


UNITS: Mapping[Part, tuple[str, ...]] = {
    Part.MACHINE: ("h",),
    Part.CORE: ("h",),
    Part.RAM: ("GiB h",),
    Part.ACCELERATOR: ("h",),
    Part.TUNING_TOKENS: ("1M tokens",),
    Part.INPUT_TOKENS: ("1M tokens",),
    Part.OUTPUT_TOKENS: ("1M tokens",),
    Part.STORAGE: ("GiB month",),
    Part.STACK: ("h", "GiB month"),
}
"""The units that go with a part, the usual one first."""


class Basis(StrEnum):
    """What kind of price it is (FOCUS words, and our own for figures that no price list prints)."""

    LIST = "list"
    CONTRACTED = "contracted"
    DERIVED = "derived"  # solved from list prices
    ESTIMATE = "estimate"  # a ratio applied to another price; flagged wherever it is shown


class Confidence(StrEnum):
    """How sure the source is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """One price. `amount` is money a unit, above 0; `as_of` the day it was read; valid in [valid_from, valid_to).

    Raises ValueError for an amount that is not above 0, or a unit that does not go with the part.
    """

    part: Part
    item: str
    region: str
    amount: Decimal
    source: str
    as_of: date
    unit: str = "h"
    currency: str = "USD"
    basis: Basis = Basis.LIST
    confidence: Confidence = Confidence.HIGH
    provisioning: Provisioning = Provisioning.ON_DEMAND
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or self.amount <= 0:
            raise ValueError(
                f"the price of {self.item} in {self.region} is {self.amount}: a price is above 0 or is not listed"
            )
        if self.unit not in UNITS[self.part]:
            expected = " or ".join(map(repr, UNITS[self.part]))
            raise ValueError(f"{self.part.value} {self.item}: unit {self.unit!r}, expected {expected}")

    def valid_at(self, at: datetime) -> bool:
        """True within the row's validity."""
        return (self.valid_from is None or self.valid_from <= at) and (self.valid_to is None or at < self.valid_to)

    def __str__(self) -> str:
        kind = "" if self.basis is Basis.LIST else f"{self.basis.value}, "
        where = "" if self.region == EVERYWHERE else f" {self.region}"
        return f"{self.item}{where} {self.amount:f} {self.currency}/{self.unit} ({kind}{self.source}, {self.as_of})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A rate with the rows it was made from; `note` gives source and date, or what is missing from a lower bound."""

    rate: Rate
    rows: tuple[PriceRow, ...]
    note: str
    is_lower_bound: bool = False

    def times(self, factor: Decimal) -> Priced:
        """The same price for `factor` replicas."""
        return replace(self, rate=self.rate * factor)


_Key = tuple[Part, str, str, Provisioning]


class PriceBook:
    """An immutable set of rows. Rows that a person gave (`overrides`) win over shipped ones for the same item."""

    __slots__ = ("_edges", "_overrides", "_rows")

    def __init__(self, rows: Iterable[PriceRow] = (), overrides: Iterable[PriceRow] = ()) -> None:
        self._rows = _by_key(rows)
        self._overrides = _by_key(overrides)
        self._edges: tuple[datetime, ...] | None = None

    def __iter__(self) -> Iterator[PriceRow]:
        for index in (self._overrides, self._rows):
            for found in index.values():
                yield from found

    def edges(self) -> tuple[datetime, ...]:
        """Every instant at which some row begins or ends to hold, in order."""
        if self._edges is None:
            found = {edge for row in self for edge in (row.valid_from, row.valid_to) if edge is not None}
            self._edges = tuple(sorted(found))
        return self._edges

    def overridden_by(self, rows: Iterable[PriceRow]) -> PriceBook:
        """Return a book in which these rows win."""
        book = PriceBook()
        book._rows = self._rows  # the same class
        book._overrides = self._overrides | _by_key(rows)  # the same class
        return book

    def find(
        self, part: Part, item: str, region: str, at: datetime, how: Provisioning = Provisioning.ON_DEMAND
    ) -> Maybe[PriceRow]:
        """Return the one row that is valid; Unknown where there is none, or several."""
        for index, where in ((self._overrides, region), (self._overrides, EVERYWHERE), (self._rows, region)):
            found = [row for row in index.get((part, item, where, how), ()) if row.valid_at(at)]
            if len(found) == 1:
                return Known(found[0])
            if found:
                return Unknown(
                    f"{len(found)} price rows match {part.value} {item} in {region}: {'; '.join(map(str, found))}"
                )
        bought = "" if how is Provisioning.ON_DEMAND else f" ({how.value.replace('_', '-')})"
        return Unknown(f"no price for {part.value} {item}{bought} in {region}")

    def rate(self, machine: Machine, location: str, replicas: Decimal, at: datetime) -> Maybe[Priced]:
        """Return what `replicas` of a machine cost an hour; Unknown where no part of it has a price."""
        if replicas <= 0:
            return Unknown("no replicas to price")
        one = self._one(machine, location, at)
        return Known(one.value.times(replicas)) if isinstance(one, Known) else one

    def tuning(self, base_model: str, tokens: int, region: str, at: datetime) -> Maybe[Money]:
        """Return what training on so many tokens (dataset tokens x epochs) comes to.

        A row of `global` holds where the region has none: Google prints one price for all tuning locations.
        """
        row = self.find(Part.TUNING_TOKENS, base_model, region, at)
        if isinstance(row, Unknown):
            anywhere = self.find(Part.TUNING_TOKENS, base_model, "global", at)
            if isinstance(anywhere, Unknown):
                return row
            row = anywhere
        return Known(Money(row.value.amount * tokens / 1_000_000, row.value.currency))

    def _one(self, machine: Machine, location: str, at: datetime) -> Maybe[Priced]:
        hosts = _more_than_one_host(machine)
        if hosts is not None:
            return hosts
        how = machine.provisioning
        whole = self.find(Part.MACHINE, machine.machine_type, location, at, how)
        shape = shape_of(machine.machine_type)
        if isinstance(whole, Known):
            return self._with_attached(machine, shape, [whole], (), location, at)
        if shape is None or "price rows match" in whole.reason:
            return whole
        pieces = [
            (self.find(Part.CORE, shape.family, location, at, how), Decimal(shape.vcpus)),
            (self.find(Part.RAM, shape.family, location, at, how), shape.gib),
        ]
        if shape.accelerator:
            gpus = self.find(Part.ACCELERATOR, shape.accelerator, location, at, how)
            pieces.append((gpus, Decimal(shape.accelerator_count)))
        known = [(found, count) for found, count in pieces if isinstance(found, Known)]
        missing = tuple(found.reason for found, _ in pieces if isinstance(found, Unknown))
        return self._with_attached(machine, shape, [f for f, _ in known], missing, location, at, [c for _, c in known])

    def _with_attached(
        self,
        machine: Machine,
        shape: Shape | None,
        rows: list[Known[PriceRow]],
        missing: tuple[str, ...],
        location: str,
        at: datetime,
        counts: list[Decimal] | None = None,
    ) -> Maybe[Priced]:
        """Add accelerators that are attached rather than built in, and make one rate of it all."""
        parts = list(zip([row.value for row in rows], counts or [Decimal(1)] * len(rows), strict=True))
        built_in = (shape.accelerator, shape.accelerator_count) if shape else (None, 0)
        asked = (machine.accelerator_type, machine.accelerator_count)
        if machine.accelerator_type and asked != built_in:
            if built_in[0] is not None:
                return Unknown(
                    f"{machine.machine_type} comes with {built_in[1]} {built_in[0]}, not {asked[1]} {asked[0]}"
                )
            gpu = self.find(Part.ACCELERATOR, machine.accelerator_type, location, at, machine.provisioning)
            if isinstance(gpu, Known):
                parts.append((gpu.value, Decimal(machine.accelerator_count)))
            else:
                missing = (*missing, gpu.reason)
        if not parts:
            return Unknown("; ".join(missing))
        currencies = {row.currency for row, _ in parts}
        if len(currencies) > 1:
            return Unknown(f"the parts of {machine} are priced in {' and '.join(sorted(currencies))}")
        amount = sum((row.amount * count for row, count in parts), Decimal(0))
        found = tuple(row for row, _ in parts)
        note = _note(found)
        if missing:
            note = f"at least: {note}; not in it: {'; '.join(missing)}"
        rate = Rate(Money(amount, currencies.pop()))
        return Known(Priced(rate=rate, rows=found, note=note, is_lower_bound=bool(missing)))


def override_rows(prices: Mapping[str, str], *, source: str, as_of: date) -> tuple[PriceRow, ...]:
    """Read prices that a person gave: `NAME[@REGION]` -> `0.98 USD`.

    NAME is a machine type or an accelerator (in capitals, NVIDIA_TESLA_T4), both an hour, or `storage/CLASS`, a GiB month.
    Raises ValueError naming the entry that cannot be read.
    """
    rows = []
    for key, text in prices.items():
        part, item, region = own_price_of(key)
        amount, _, currency = text.strip().partition(" ")
        try:
            rows.append(
                PriceRow(
                    part=part,
                    item=item,
                    region=region,
                    amount=Decimal(amount),
                    unit=UNITS[part][0],
                    currency=currency.strip() or "USD",
                    basis=Basis.CONTRACTED,
                    source=source,
                    as_of=as_of,
                )
            )
        except (ArithmeticError, ValueError) as error:
            raise ValueError(
                f"prices[{key}]: found {text!r}, expected an amount above 0 such as '0.98 USD' ({UNITS[part][0]})"
            ) from error
    return tuple(rows)


def own_price_of(key: str) -> tuple[Part, str, str]:
    """What a person's price is for, and where. Raises ValueError: a name that fits nothing would never be used."""
    name, _, region = key.partition("@")
    stored = name.startswith("storage/")
    item = name.removeprefix("storage/").upper() if stored else name
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", item):
        raise ValueError(
            f"found {key!r}. Expected MACHINE, ACCELERATOR (in capitals) or storage/CLASS, each with [@LOCATION]"
        )
    part = Part.STORAGE if stored else Part.ACCELERATOR if item.isupper() else Part.MACHINE
    return part, item, region or EVERYWHERE


def _by_key(rows: Iterable[PriceRow]) -> dict[_Key, tuple[PriceRow, ...]]:
    index: dict[_Key, tuple[PriceRow, ...]] = {}
    for row in rows:
        key = (row.part, row.item, row.region, row.provisioning)
        index[key] = (*index.get(key, ()), row)
    return index


def _more_than_one_host(machine: Machine) -> Unknown | None:
    topology = SINGLE_HOST_TPU.get(machine.machine_type)
    if machine.tpu_topology and topology != machine.tpu_topology:
        return Unknown(f"{machine.machine_type} with topology {machine.tpu_topology}: hosts a replica not known")
    return None


def _note(rows: tuple[PriceRow, ...]) -> str:
    sources = sorted({(row.source, row.as_of.isoformat()) for row in rows})
    flags = sorted({row.basis.value for row in rows if row.basis is not Basis.LIST})
    text = "; ".join(f"{source}, {as_of}" for source, as_of in sources)
    return f"{', '.join(flags)}: {text}" if flags else text
