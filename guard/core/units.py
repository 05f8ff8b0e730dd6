"""Money with its currency, money an hour, half-open windows, and a value that may be unknown. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Generic, TypeAlias, TypeVar

T_co = TypeVar("T_co", covariant=True)

HOUR = timedelta(hours=1)
HOURS_A_MONTH = Decimal(730)
"""Hours a billing month, the convention of cloud price lists (8,760 / 12)."""

_CENT = Decimal("0.01")


class CurrencyMismatchError(ValueError):
    """Two amounts in different currencies were about to be added or compared."""


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency (ISO 4217 code). Adding two currencies raises CurrencyMismatchError."""

    amount: Decimal
    currency: str = "USD"

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        return Money(self.amount * factor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.amount <= other.amount

    def __gt__(self, other: Money) -> bool:
        return other < self

    def __ge__(self, other: Money) -> bool:
        return other <= self

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatchError(f"{self.currency} and {other.currency} are never mixed in one sum")

    def __str__(self) -> str:
        """For people: cents, or four significant digits below ten cents, `$` for USD and the code for others."""
        amount = self.amount
        if amount == 0 or abs(amount) >= Decimal("0.1"):
            shown = amount.quantize(_CENT, rounding=ROUND_HALF_UP)
        else:
            shown = Decimal(f"{amount:.2g}")
        text = f"{shown:,f}"
        if self.currency != "USD":
            return f"{text} {self.currency}"
        return f"-${text[1:]}" if text.startswith("-") else f"${text}"


@dataclass(frozen=True, slots=True)
class Rate:
    """Money an hour."""

    per_hour: Money

    @classmethod
    def of(cls, amount: str | Decimal | int, currency: str = "USD") -> Rate:
        """Make a rate from an exact amount an hour."""
        return cls(Money(Decimal(amount), currency))

    def over(self, duration: timedelta) -> Money:
        """Return what this rate comes to over a duration, unrounded."""
        return self.per_hour * hours(duration)

    @property
    def per_month(self) -> Money:
        """Money a month of 730 hours."""
        return self.per_hour * HOURS_A_MONTH

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.per_hour + other.per_hour)

    def __mul__(self, factor: Decimal | int) -> Rate:
        return Rate(self.per_hour * factor)


@dataclass(frozen=True, slots=True)
class ReplicaHours:
    """Replicas times hours: a quantity, never a cost."""

    quantity: Decimal

    def __add__(self, other: ReplicaHours) -> ReplicaHours:
        return ReplicaHours(self.quantity + other.quantity)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open span of time [start, end), both aware UTC, start <= end."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a window needs aware instants")
        if self.end < self.start:
            raise ValueError(f"a window ends before it starts: {self.start} .. {self.end}")

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Known(Generic[T_co]):
    """A value that is known."""

    value: T_co


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is not known, and why. Never read it as zero."""

    reason: str


Maybe: TypeAlias = Known[T_co] | Unknown


def hours(duration: timedelta) -> Decimal:
    """Return a duration in hours, exactly (microseconds / 3.6e9 as a Decimal quotient)."""
    micros = (duration.days * 86_400 + duration.seconds) * 1_000_000 + duration.microseconds
    return Decimal(micros) / Decimal(3_600_000_000)


def total(amounts: Iterable[Money], currency: str = "USD") -> Money:
    """Add amounts of one currency; an empty sum is zero in `currency`."""
    result: Money | None = None
    for amount in amounts:
        result = amount if result is None else result + amount
    return result if result is not None else Money(Decimal(0), currency)


def hour_number(at: datetime) -> int:
    """Return the number of whole hours since the Unix epoch at an aware instant."""
    return int(at.timestamp() // 3600)


@lru_cache(maxsize=65_536)  # thirteen months are 9,500 hours, and a fleet asks for the same ones again and again
def hour_start(number: int) -> datetime:
    """Return the instant at which an hour (counted from the Unix epoch) begins."""
    return datetime.fromtimestamp(number * 3600, tz=UTC)


@lru_cache(maxsize=65_536)
def hours_long(number: int) -> timedelta:
    """Return a length of whole hours."""
    return timedelta(hours=number)


@lru_cache(maxsize=65_536)
def hour_text(number: int) -> str:
    """Return the beginning of an hour as ISO text, for evidence."""
    return hour_start(number).isoformat()


def short(duration: timedelta) -> str:
    """Write a duration for people, two units at most: `3 d 19 h`, `45 min`, `30 s`."""
    seconds = int(duration.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    days, rest = divmod(seconds, 86_400)
    hrs, rest = divmod(rest, 3_600)
    minutes, secs = divmod(rest, 60)
    parts = [(days, "d"), (hrs, "h"), (minutes, "min"), (secs, "s")]
    first = next((i for i, (n, _) in enumerate(parts) if n), 3)
    shown = [f"{n} {unit}" for n, unit in parts[first : first + 2] if n] or ["0 s"]
    return sign + " ".join(shown)
