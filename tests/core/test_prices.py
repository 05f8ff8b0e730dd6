"""Exactly one row or unknown; parts add up; a missing part makes a lower bound; never 0."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.model import Machine, Provisioning
from guard.core.prices import Basis, Part, PriceBook, PriceRow, override_rows
from guard.core.units import Known, Money, Rate, Unknown
from tests.builders import L4, N1, NOW, a_price
from tests.strategies import checked

WHERE = "us-central1"
ONE = Decimal(1)


def part(kind: Part, item: str, amount: str, **changes: object) -> PriceRow:
    unit = "GiB h" if kind is Part.RAM else "h"
    return replace(a_price(), part=kind, item=item, amount=Decimal(amount), unit=unit, **changes)  # type: ignore[arg-type]


H100_ROWS = (
    part(Part.CORE, "a3", "0.0293227"),
    part(Part.RAM, "a3", "0.0025534"),
    part(Part.ACCELERATOR, "NVIDIA_H100_80GB", "11.2660332"),
)
H100 = Machine(machine_type="a3-highgpu-1g", accelerator_type="NVIDIA_H100_80GB", accelerator_count=1)


def rate_of(book: PriceBook, machine: Machine, replicas: Decimal = ONE) -> Rate | str:
    found = book.rate(machine, WHERE, replicas, NOW)
    return found.value.rate if isinstance(found, Known) else found.reason


def test_a_row_for_the_whole_machine_is_its_price() -> None:
    assert rate_of(PriceBook([a_price()]), N1) == Rate.of("0.22")
    assert rate_of(PriceBook([a_price()]), N1, Decimal("2.5")) == Rate.of("0.550")


def test_parts_add_up_to_the_figure_of_a_bill() -> None:
    """12.625919 USD an hour on a billing report of August 2025 for one a3-highgpu-1g on demand."""
    rate = rate_of(PriceBook(H100_ROWS), H100)

    assert isinstance(rate, Rate)
    assert round(rate.per_hour.amount, 6) == Decimal("12.625919")


def test_a_gpu_that_is_built_in_is_not_counted_twice() -> None:
    book = PriceBook([a_price("g2-standard-8", "0.98"), part(Part.ACCELERATOR, "NVIDIA_L4", "0.6")])

    assert rate_of(book, L4) == Rate.of("0.98")
    assert rate_of(book, replace(L4, accelerator_type=None, accelerator_count=0)) == Rate.of("0.98")


def test_an_attached_gpu_is_added() -> None:
    book = PriceBook([a_price(), part(Part.ACCELERATOR, "NVIDIA_TESLA_T4", "0.40")])

    assert rate_of(
        book, Machine(machine_type="n1-standard-4", accelerator_type="NVIDIA_TESLA_T4", accelerator_count=2)
    ) == Rate.of("1.02")


def test_a_missing_part_makes_a_lower_bound_that_says_so() -> None:
    found = PriceBook(H100_ROWS[:1]).rate(H100, WHERE, ONE, NOW)

    assert isinstance(found, Known)
    assert found.value.is_lower_bound
    assert found.value.rate == Rate.of("0.7623902")
    assert "at least" in found.value.note
    assert "no price for ram a3" in found.value.note


@pytest.mark.parametrize(
    "machine",
    [
        Machine(machine_type="z9-unknown-4"),
        replace(N1, provisioning=Provisioning.SPOT),
        replace(N1, provisioning=Provisioning.FLEX_START),
        replace(N1, provisioning=Provisioning.RESERVATION),
        Machine(machine_type="ct5lp-hightpu-4t", tpu_topology="4x4"),
        replace(L4, accelerator_count=2),
    ],
)
def test_what_no_row_covers_is_unknown(machine: Machine) -> None:
    book = PriceBook([a_price(), a_price("g2-standard-8", "0.98"), a_price("ct5lp-hightpu-4t", "5")])

    assert isinstance(book.rate(machine, WHERE, ONE, NOW), Unknown)


def test_another_region_has_no_price() -> None:
    assert isinstance(PriceBook([a_price()]).rate(N1, "europe-west4", ONE, NOW), Unknown)


def test_two_rows_that_match_are_unknown_not_the_first() -> None:
    found = PriceBook([a_price(amount="0.22"), a_price(amount="0.25")]).rate(N1, WHERE, ONE, NOW)

    assert isinstance(found, Unknown)
    assert "2 price rows match" in found.reason


def test_a_row_counts_within_its_validity_only() -> None:
    old = a_price(amount="0.20", valid_to=NOW)
    new = a_price(amount="0.22", valid_from=NOW)

    assert rate_of(PriceBook([old, new]), N1) == Rate.of("0.22")
    assert isinstance(PriceBook([old]).rate(N1, WHERE, ONE, NOW), Unknown)
    assert isinstance(PriceBook([old]).rate(N1, WHERE, ONE, NOW - timedelta(seconds=1)), Known)


def test_parts_in_two_currencies_are_unknown() -> None:
    rows = (H100_ROWS[0], H100_ROWS[1], replace(H100_ROWS[2], currency="EUR"))

    assert isinstance(PriceBook(rows).rate(H100, WHERE, ONE, NOW), Unknown)


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity"])
def test_a_price_that_is_not_above_0_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="above 0"):
        a_price(amount=amount)


def test_a_wrong_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 'GiB h'"):
        replace(H100_ROWS[1], unit="h")


def test_a_persons_price_wins_over_the_shipped_one() -> None:
    own = override_rows({"n1-standard-4@us-central1": "0.15 USD"}, source="guard.yaml", as_of=NOW.date())

    assert rate_of(PriceBook([a_price()]).overridden_by(own), N1) == Rate.of("0.15")


def test_a_persons_price_without_a_region_counts_everywhere() -> None:
    own = override_rows({"n1-standard-4": "0.15 EUR"}, source="guard.yaml", as_of=NOW.date())
    found = PriceBook().overridden_by(own).rate(N1, "asia-east1", ONE, NOW)

    assert isinstance(found, Known)
    assert found.value.rate == Rate.of("0.15", "EUR")


@pytest.mark.parametrize("text", ["0", "free", "-1 USD", ""])
def test_a_persons_price_that_cannot_be_read_names_the_entry(text: str) -> None:
    with pytest.raises(ValueError, match=r"prices\[n1-standard-4\]"):
        override_rows({"n1-standard-4": text}, source="guard.yaml", as_of=NOW.date())


def test_a_person_can_price_what_is_stored_anywhere() -> None:
    own = override_rows({"storage/standard@eu": "0.026 EUR", "storage/ARCHIVE": "0.003"}, source="me", as_of=NOW.date())
    book = PriceBook().overridden_by(own)

    for item, where, amount in (("STANDARD", "eu", "0.026"), ("ARCHIVE", "asia", "0.003")):
        found = book.find(Part.STORAGE, item, where, NOW)
        assert isinstance(found, Known)
        assert (found.value.amount, found.value.unit) == (Decimal(amount), "GiB month")
    assert isinstance(book.find(Part.STORAGE, "STANDARD", "us", NOW), Unknown)


@pytest.mark.parametrize("key", ["n1-standard-4+NVIDIA_TESLA_T4", "tokens/gemini", "", "@us-central1", "storage/"])
def test_a_price_for_what_nothing_would_ever_ask_for_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="Expected MACHINE, ACCELERATOR"):
        override_rows({key: "0.15 USD"}, source="guard.yaml", as_of=NOW.date())


def test_an_estimate_is_flagged_in_its_note() -> None:
    found = PriceBook([a_price(basis=Basis.ESTIMATE)]).rate(N1, WHERE, ONE, NOW)

    assert isinstance(found, Known)
    assert found.value.note.startswith("estimate: ")


def test_training_tokens_have_a_price_of_their_own() -> None:
    row = replace(a_price(), part=Part.TUNING_TOKENS, item="gemini-3.5-flash", unit="1M tokens", amount=Decimal(10))

    assert PriceBook([row]).tuning("gemini-3.5-flash", 2_500_000, WHERE, NOW) == Known(Money(Decimal(25)))
    assert isinstance(PriceBook([row]).tuning("gemini-9", 1, WHERE, NOW), Unknown)
    anywhere = PriceBook([replace(row, region="global", amount=Decimal(20)), row])
    assert anywhere.tuning("gemini-3.5-flash", 1_000_000, "us", NOW) == Known(Money(Decimal(20)))
    assert anywhere.tuning("gemini-3.5-flash", 1_000_000, WHERE, NOW) == Known(Money(Decimal(10))), (
        "a region's own comes first"
    )


@checked
@given(
    st.sampled_from(["n1-standard-4", "n1-highmem-8", "g2-standard-8", "a2-highgpu-1g", "a3-highgpu-1g", "x-1"]),
    st.sets(st.sampled_from(range(6))),
    st.decimals(min_value=0, max_value=9, places=1),
)
def test_no_rate_is_ever_0(machine: str, chosen: set[int], replicas: Decimal) -> None:
    rows = [*H100_ROWS, a_price(), a_price("g2-standard-8", "0.98"), part(Part.CORE, "n1", "0.036")]
    found = PriceBook([rows[i] for i in chosen]).rate(Machine(machine_type=machine), WHERE, replicas, NOW)

    assert isinstance(found, Unknown) or found.value.rate.per_hour.amount > 0
