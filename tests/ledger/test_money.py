"""Prices, replicas and what billed, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from guard.core.billed import Billed
from guard.core.catalogue import PriceUpdate, Quote
from guard.core.model import Kind, Machine, Provisioning
from guard.ledger import SqlLedger
from guard.ports.ledger import PriceRead
from tests.builders import a_price
from tests.ledger.build import NOW

ROW = replace(a_price(), source="Cloud Billing Catalog, SKU A")
READ = PriceRead(at=NOW, succeeded=True, report={"prices": 1})


def add(ledger: SqlLedger, *quotes: Quote) -> None:
    ledger.save_price_update(PriceUpdate(added=quotes), READ)


def test_quotes_come_back_as_they_were_and_their_stamp_changes(ledger: SqlLedger) -> None:
    stamp = ledger.quotes_stamp()
    row = replace(ROW, amount=Decimal("0.000000001"), valid_from=NOW, provisioning=Provisioning.SPOT)
    add(ledger, Quote(row=row, read_at=NOW))

    [found] = ledger.quotes()
    assert replace(found, id=0) == Quote(row=row, read_at=NOW)
    assert ledger.quotes_stamp() != stamp
    assert ledger.price_reads(5) == [READ]


def test_an_update_ends_drops_marks_and_adds_at_once(ledger: SqlLedger) -> None:
    add(ledger, Quote(row=ROW, read_at=NOW), Quote(row=ROW, read_at=NOW, waiting=True))
    old, asked = ledger.quotes()

    update = PriceUpdate(
        ended={old.id: NOW},
        dropped=(asked.id,),
        vanished=(old.id,),
        added=(Quote(row=replace(ROW, valid_from=NOW), read_at=NOW),),
    )
    ledger.save_price_update(update, READ)

    ended, new = ledger.quotes()
    assert (ended.row.valid_to, ended.vanished_at, ended.in_force, new.in_force) == (NOW, NOW, False, True)


def test_accepting_puts_every_price_of_the_sku_in_force_once(ledger: SqlLedger) -> None:
    dearer = replace(ROW, amount=Decimal(9), valid_from=NOW)
    abroad = replace(dearer, region="europe-west4")
    other = replace(dearer, source="Cloud Billing Catalog, SKU B", item="n2-standard-4")
    add(
        ledger,
        Quote(row=ROW, read_at=NOW),
        *(Quote(row=row, read_at=NOW, waiting=True) for row in (dearer, abroad, other)),
    )
    number = ledger.quotes()[1].id

    assert {quote.row.region for quote in ledger.accept_price(number, "ada")} == {"us-central1", "europe-west4"}
    assert ledger.accept_price(number, "ada") == []

    old, new, beyond, waits = ledger.quotes()
    assert (old.row.valid_to, new.in_force, new.accepted_by, beyond.in_force, waits.waiting) == (
        NOW,
        True,
        "ada",
        True,
        True,
    )


def test_replicas_are_kept_by_the_hour_and_a_later_reading_wins(ledger: SqlLedger) -> None:
    ledger.save_replicas({"a": {47: 1.0, 48: 2.5}, "b": {48: 0.0}, "c": {}})
    ledger.save_replicas({"a": {48: 3.0, 50: 1 / 3}})

    assert ledger.replicas(from_hour=48) == {"a": {48: Decimal(3), 50: Decimal("0.3333")}, "b": {48: Decimal(0)}}
    assert ledger.replicas(from_hour=0, subjects=["a"])["a"][47] == 1


def test_what_billed_is_remembered_with_its_first_look(ledger: SqlLedger) -> None:
    machine = Machine(machine_type="n1-standard-4", accelerator_type="NVIDIA_TESLA_T4", accelerator_count=2)
    thing = Billed(
        name="projects/1/locations/l/endpoints/1/deployedModels/2",
        kind=Kind.DEPLOYED_MODEL,
        project_id="demo",
        location="l",
        display_name="m",
        machine=machine,
        labels={"team": "x"},
        owner="ada",
        policy="default",
        created_at=None,
        seen_at=NOW,
    )
    ledger.save_billed([thing])
    ledger.save_billed([replace(thing, seen_at=NOW + timedelta(days=1), gone_at=NOW + timedelta(days=2))])

    assert ledger.billed() == [replace(thing, gone_at=NOW + timedelta(days=2))]
