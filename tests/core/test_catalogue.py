"""A reading against what is in force: a jump waits, a vanished price stays, an old time is not believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from guard.core.catalogue import ChangeKind, PriceUpdate, Quote, Reading, compare, layered, matters
from guard.core.model import Machine, Provisioning
from guard.core.prices import Part, PriceBook, PriceRow
from guard.core.units import Known
from tests.builders import NOW, a_price

WHERE = "us-central1"
DAY = timedelta(days=1)
EMPTY = PriceBook()


def core(amount: str, **changes: object) -> PriceRow:
    return replace(a_price(), part=Part.CORE, item="n1", amount=Decimal(amount), source="catalogue", **changes)  # type: ignore[arg-type]


def in_force(row: PriceRow, **changes: object) -> Quote:
    return Quote(row=row, read_at=NOW - DAY, id=7, **changes)  # type: ignore[arg-type]


def update_of(stored: list[Quote], *rows: PriceRow, shipped: PriceBook = EMPTY) -> PriceUpdate:
    return compare(stored, shipped, Reading(rows=rows), NOW - DAY, NOW)


def kinds(update: PriceUpdate) -> list[ChangeKind]:
    return [change.kind for change in update.changes]


def test_a_first_price_holds_for_the_past_too() -> None:
    update = update_of([], core("0.036", valid_from=NOW - timedelta(hours=1)))
    [quote] = update.added
    assert (quote.row.valid_from, quote.waiting, kinds(update)) == (None, False, [ChangeKind.NEW])


def test_the_same_price_changes_nothing() -> None:
    assert update_of([in_force(core("0.036"))], core("0.0360")) == PriceUpdate()


def test_a_changed_price_ends_the_old_one_at_its_own_time() -> None:
    at = NOW - timedelta(hours=5)
    update = update_of([in_force(core("0.036"))], core("0.040", valid_from=at))
    assert update.ended == {7: at}
    assert update.added[0].row.valid_from == at


@pytest.mark.parametrize("said", [NOW - timedelta(days=400), NOW + DAY, None])
def test_a_time_outside_of_the_two_readings_is_not_believed(said: object) -> None:
    update = update_of([in_force(core("0.036"))], core("0.040", valid_from=said))
    assert update.ended == {7: NOW}


@pytest.mark.parametrize("amount", ["0.072", "0.018", "36"])
def test_a_jump_waits_for_a_person(amount: str) -> None:
    update = update_of([in_force(core("0.036"))], core(amount))
    assert (kinds(update), update.ended) == ([ChangeKind.WAITING], {})
    assert update.added[0].waiting


def test_a_jump_from_the_shipped_price_waits_too() -> None:
    update = update_of([], core("3.6"), shipped=PriceBook([core("0.036")]))
    assert kinds(update) == [ChangeKind.WAITING]


def test_another_currency_waits_whatever_the_amount() -> None:
    update = update_of([in_force(core("0.036"))], core("0.036", currency="EUR"))
    assert kinds(update) == [ChangeKind.WAITING]


def test_what_waits_is_not_asked_twice_and_is_withdrawn_when_the_price_is_back() -> None:
    old, asked = in_force(core("0.036")), Quote(row=core("0.36"), read_at=NOW - DAY, waiting=True, id=8)
    assert update_of([old, asked], core("0.36")) == PriceUpdate()
    update = update_of([old, asked], core("0.036"))
    assert (update.dropped, kinds(update)) == ((8,), [ChangeKind.WITHDRAWN])


def test_a_vanished_price_stays_and_is_told_once() -> None:
    update = update_of([in_force(core("0.036"))])
    assert (update.vanished, update.ended, kinds(update)) == ((7,), {}, [ChangeKind.VANISHED])
    assert update_of([in_force(core("0.036"), vanished_at=NOW - DAY)]) == PriceUpdate()
    back = update_of([in_force(core("0.036"), vanished_at=NOW - DAY)], core("0.036"))
    assert (back.back, kinds(back)) == ((7,), [ChangeKind.BACK])


def test_a_shipped_machine_gives_way_only_to_all_of_its_parts() -> None:
    machine = replace(a_price(), item="n1-standard-4", amount=Decimal("0.3"))
    ram = replace(core("0.005"), part=Part.RAM, unit="GiB h")

    def rate(*quotes: Quote) -> Decimal:
        found = layered([machine], quotes).rate(Machine(machine_type="n1-standard-4"), WHERE, Decimal(1), NOW)
        assert isinstance(found, Known)
        return found.value.rate.per_hour.amount

    assert rate(in_force(core("0.036"))) == Decimal("0.3")
    assert rate(in_force(core("0.036")), in_force(ram)) == Decimal("0.219")
    assert rate(in_force(core("0.036"), waiting=True), in_force(ram)) == Decimal("0.3"), "what waits is not in force"


def test_a_past_price_holds_in_the_past() -> None:
    book = layered([], [in_force(core("0.036", valid_to=NOW)), in_force(core("0.04", valid_from=NOW))])
    amounts = []
    for at in (NOW - DAY, NOW):
        found = book.find(Part.CORE, "n1", WHERE, at)
        assert isinstance(found, Known)
        amounts.append(found.value.amount)
    assert amounts == [Decimal("0.036"), Decimal("0.04")]


def test_a_price_matters_where_it_is_a_part_of_a_machine_there() -> None:
    there = [(Machine(machine_type="g2-standard-4"), WHERE)]
    gpu = replace(a_price(), part=Part.ACCELERATOR, item="NVIDIA_L4")
    assert matters(gpu, there)
    assert not matters(replace(gpu, region="asia-east1"), there)
    assert not matters(replace(gpu, provisioning=Provisioning.SPOT), there)
    assert not matters(core("0.036"), there)
