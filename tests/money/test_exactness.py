"""Promises about every figure of money: exact sums, sources, unknowns that stay visible, months and days of any length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core import focus, statement
from guard.core.bill import Bill, BillLine, Sold, allocate
from guard.core.billed import Billed, Metered
from guard.core.billing_month import day_of, month, month_of
from guard.core.model import Kind, Machine, Provisioning
from guard.core.prices import Basis, Part, PriceBook, PriceRow
from guard.core.proof import BilledSaving, Removed, billed_savings
from guard.core.spend import Question, Spend, spend_of
from guard.core.units import CurrencyMismatchError, Money, Window, hour_number, hours
from tests.strategies import checked

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
MONTH = month_of(NOW)
FIRST = hour_number(MONTH.start)


def a_row(item: str, amount: str, currency: str = "USD", part: Part = Part.MACHINE) -> PriceRow:
    unit = {Part.STORAGE: "GiB month", Part.INPUT_TOKENS: "1M tokens"}.get(part, "h")
    return PriceRow(
        part=part, item=item, region="us-central1", amount=Decimal(amount), currency=currency, unit=unit,
        source="a price list", as_of=date(2026, 11, 1),
    )  # fmt: skip


def a_thing(
    name: str, machine: str = "n1-standard-4", kind: Kind | Metered = Kind.DEPLOYED_MODEL, **other: object
) -> Billed:
    thing = Billed(
        name=f"projects/1/locations/us-central1/endpoints/{name}", kind=kind, project_id="p", location="us-central1",
        display_name=name, machine=Machine(machine_type=machine), labels={}, owner=None, policy="",
        created_at=MONTH.start - timedelta(days=20), seen_at=MONTH.start - timedelta(days=20),
    )  # fmt: skip
    return replace(thing, **other)  # type: ignore[arg-type]  # fields of Billed


BOOK = PriceBook([
    a_row("n1-standard-4", "0.219"), a_row("e2-standard-4", "0.1934562", "EUR"),
    a_row("STANDARD", "0.020", part=Part.STORAGE), a_row("gemini-3.5-flash", "1.50", part=Part.INPUT_TOKENS),
])  # fmt: skip
ASKED = Question(window=Window(MONTH.start, NOW), now=NOW, month_end=MONTH.end)

Fleet = list[tuple[tuple[str, Kind | Metered], Mapping[int, Decimal]]]

counts = st.dictionaries(
    st.integers(FIRST - 200, hour_number(NOW)),
    st.decimals(min_value=0, max_value=50, places=4),
    max_size=60,
)
kinds = st.sampled_from([
    ("n1-standard-4", Kind.DEPLOYED_MODEL), ("e2-standard-4", Kind.POOL), ("q9-mega-1", Kind.DEPLOYED_MODEL),
    ("STANDARD", Metered.BUCKET), ("gemini-3.5-flash", Metered.INPUT_TOKENS),
])  # fmt: skip
fleets = st.lists(st.tuples(kinds, counts), max_size=6)


def spends(fleet: Fleet) -> list[Spend]:
    return [
        spend_of(a_thing(str(number), machine, kind), means, BOOK, ASKED)
        for number, ((machine, kind), means) in enumerate(fleet)
    ]


@checked
@given(fleets)
def test_totals_are_the_sum_of_their_lines_and_currencies_are_never_mixed(fleet: Fleet) -> None:
    found = spends(fleet)
    total = statement.line("total", found)
    for figure in ("known", "forecast", "low", "high", "planned"):
        lines = [getattr(line, figure) for line in statement.lines(found, statement.GROUPS["thing"])]
        for currency, money in getattr(total, figure).items():
            assert money.currency == currency
            assert money.amount == sum((line[currency].amount for line in lines if currency in line), Decimal(0)), (
                figure
            )
    assert set(total.known) <= {"USD", "EUR"}


@checked
@given(fleets)
def test_no_line_of_the_export_is_without_unit_and_source_and_unknown_is_never_zero(fleet: Fleet) -> None:
    found = spends(fleet)
    for row in focus.rows(found, MONTH):
        assert set(row) == set(focus.COLUMNS)
        assert row["PricingUnit"]
        if row["ContractedCost"] is None:
            assert row["BillingCurrency"] is None, "a cost that is not known is empty, not 0"
        else:
            assert row["x_PriceSource"]
            assert row["BillingCurrency"] in {"USD", "EUR"}
    for spend in found:
        if spend.thing.machine.machine_type == "q9-mega-1":
            assert not spend.known
            assert not spend.replica_hours or spend.is_lower_bound


@checked
@given(fleets, st.integers(0, 5))
def test_losing_a_price_or_a_count_makes_a_total_a_lower_bound_and_never_silently_lower(
    fleet: Fleet, which: int
) -> None:
    before = statement.line("total", spends(fleet))
    less = [(kind, {} if at == which else means) for at, (kind, means) in enumerate(fleet)]
    after = statement.line("total", spends(less))
    if after.known != before.known:
        assert after.is_lower_bound
        assert after.unknown


@checked
@given(st.integers(1, 12), st.decimals("0.01", "99", places=4), st.integers(1, 27 * 24))
def test_a_forecast_of_a_constant_rate_is_exact(number: int, replicas: Decimal, elapsed: int) -> None:
    span = month(2026, number)
    now = span.start + timedelta(hours=elapsed)
    means = dict.fromkeys(range(hour_number(span.start) - 200, hour_number(now) + 1), replicas)
    thing = a_thing("one", created_at=span.start - timedelta(days=9))
    found = spend_of(thing, means, BOOK, Question(window=Window(span.start, now), now=now, month_end=span.end))
    expected = Money(Decimal("0.219") * replicas * hours(span.length))
    assert found.forecast == found.low == found.high == expected


def test_a_billing_month_has_the_hours_that_los_angeles_has() -> None:
    assert [hours(month(2026, number).length) for number in (3, 10, 11)] == [743, 744, 721]
    assert day_of(datetime(2026, 11, 1, 20, tzinfo=UTC))[1].length == timedelta(hours=25)
    assert day_of(datetime(2026, 3, 8, 20, tzinfo=UTC))[1].length == timedelta(hours=23)


def test_adding_two_currencies_is_refused() -> None:
    with pytest.raises(CurrencyMismatchError, match="never mixed"):
        Money(Decimal(1), "USD") + Money(Decimal(1), "EUR")


# the bill -------------------------------------------------------------------------------------------------------------

DAY = date(2026, 11, 10)
CORE, RAM = Sold(Part.CORE, "n1"), Sold(Part.RAM, "n1")
SPAN = day_of(datetime(2026, 11, 10, 20, tzinfo=UTC))[1]


def a_line(sold: Sold | None, quantity: str, cost: str, **other: object) -> BillLine:
    line = BillLine(
        day=DAY, project_id="p", region="us-central1", service="Vertex AI", sku_id=str(sold), sku=str(sold), unit="hour",
        quantity=Decimal(quantity), cost=Money(Decimal(cost)), credits=Money(Decimal(0)), sold=sold,
    )  # fmt: skip
    return replace(line, **other)  # type: ignore[arg-type]  # fields of BillLine


def a_bill(*lines: BillLine, settled: bool = True) -> Bill:
    until = SPAN.end + timedelta(days=2 if settled else 0)
    return Bill(window=SPAN, lines=lines, exported_until=until)


def ran(replicas: str) -> dict[int, Decimal]:
    return dict.fromkeys(range(hour_number(SPAN.start), hour_number(SPAN.end)), Decimal(replicas))


amounts = st.decimals("-5", "500", places=9)


@checked
@given(st.lists(st.tuples(st.sampled_from([CORE, RAM, None]), st.decimals("0", "900", places=6), amounts), max_size=8),
       st.lists(st.decimals("0", "9", places=4), max_size=4))  # fmt: skip
def test_a_split_bill_adds_up_to_the_bill(
    drawn: list[tuple[Sold | None, Decimal, Decimal]], fleet: list[Decimal]
) -> None:
    lines = [
        a_line(sold, f"{quantity:f}", f"{cost:f}", sku=f"{sold} {at}")
        for at, (sold, quantity, cost) in enumerate(drawn)
    ]
    things = [a_thing(str(at)) for at in range(len(fleet))]
    means = {thing.name: ran(f"{replicas:f}") for thing, replicas in zip(things, fleet, strict=True)}
    split = allocate(a_bill(*lines), things, means)
    parts = [share["USD"].amount for share in split.shares.values()] + [one.cost.amount for one in split.unmatched]
    assert sum(parts, Decimal(0)) == split.billed.get("USD", Money(Decimal(0))).amount


GONE = a_thing("gone", gone_at=SPAN.start - timedelta(hours=5))
STAYS = a_thing("stays")
AWAY = Removed(act_id="a", thing=GONE, replicas=Decimal(2), window=Window(SPAN.start - timedelta(hours=5), SPAN.end))


def proof(*lines: BillLine, settled: bool = True, running: str = "1") -> BilledSaving:
    return billed_savings([AWAY], [GONE, STAYS], {STAYS.name: ran(running)}, a_bill(*lines, settled=settled))["a"]


def test_what_the_bill_no_longer_holds_is_saved_at_the_price_that_it_shows() -> None:
    found = proof(a_line(CORE, "96", "3.456"), a_line(RAM, "360", "1.8"))
    assert found.days[DAY]["USD"].amount == Decimal(2 * 24) * Decimal("0.219")


def test_what_the_bill_still_holds_is_not_saved() -> None:
    found = proof(a_line(CORE, "288", "10.368"), a_line(RAM, "1080", "5.4"))
    assert found.days[DAY]["USD"].amount == 0


def test_a_late_day_is_named_and_never_taken_as_nothing_billed() -> None:
    half = proof(a_line(CORE, "48", "1.728"), a_line(RAM, "180", "0.9"))
    assert half.days == {}
    assert half.late == (DAY,)
    none = billed_savings([AWAY], [GONE, STAYS], {STAYS.name: ran("1")}, a_bill())["a"]
    assert none.late == (DAY,)
    assert none.why


def test_a_day_that_may_still_grow_proves_nothing_yet() -> None:
    found = proof(a_line(CORE, "96", "3.456"), a_line(RAM, "360", "1.8"), settled=False)
    assert (found.days, found.open) == ({}, (DAY,))


def test_a_bill_in_another_currency_proves_in_that_currency_alone() -> None:
    found = proof(
        replace(a_line(CORE, "96", "0"), cost=Money(Decimal("3.2"), "EUR")),
        replace(a_line(RAM, "360", "0"), cost=Money(Decimal("1.7"), "EUR")),
    )
    assert set(found.days[DAY]) == {"EUR"}


def test_spot_machines_are_priced_with_their_fee() -> None:
    spot = Machine(machine_type="n1-standard-4", provisioning=Provisioning.SPOT)
    gone, stays = replace(GONE, machine=spot), replace(STAYS, machine=spot)
    lines = [
        a_line(Sold(Part.CORE, "n1", how), "96", cost, sku=f"core {how}")
        for how, cost in ((Provisioning.SPOT, "0.96"), (None, "0.48"))
    ] + [
        a_line(Sold(Part.RAM, "n1", how), "360", cost, sku=f"ram {how}")
        for how, cost in ((Provisioning.SPOT, "0.36"), (None, "0.18"))
    ]
    found = billed_savings([replace(AWAY, thing=gone)], [gone, stays], {stays.name: ran("1")}, a_bill(*lines))["a"]
    assert found.days[DAY]["USD"].amount == Decimal(2) * (
        Decimal("0.96") + Decimal("0.48") + Decimal("0.36") + Decimal("0.18")
    )


MANDATORY = {
    *(
        "BilledCost",
        "BillingAccountId",
        "BillingAccountName",
        "BillingCurrency",
        "BillingPeriodEnd",
        "BillingPeriodStart",
    ),
    *("ChargeCategory", "ChargeClass", "ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost"),
    *(
        "EffectiveCost",
        "InvoiceIssuerName",
        "ListCost",
        "PricingQuantity",
        "PricingUnit",
        "ProviderName",
        "PublisherName",
    ),
    *("ServiceCategory", "ServiceName"),
}
"""The columns whose feature level is Mandatory in FOCUS 1.2 (specification/columns at tag v1.2, read 2026-11-25)."""


def test_the_export_has_every_column_that_focus_calls_mandatory_and_our_own_are_marked() -> None:
    assert set(focus.COLUMNS) >= MANDATORY
    assert len(set(focus.COLUMNS)) == len(focus.COLUMNS)
    assert all(name.startswith("x_") or name[0].isupper() for name in focus.COLUMNS)


def test_a_contracted_price_is_no_list_cost() -> None:
    book = PriceBook(
        [], [replace(a_row("n1-standard-4", "0.2"), basis=Basis.CONTRACTED, source="prices in guard.yaml")]
    )
    means = dict.fromkeys(range(FIRST - 200, hour_number(NOW) + 1), Decimal(1))
    [row] = focus.rows([spend_of(a_thing("one"), means, book, ASKED)], MONTH)
    assert row["ListCost"] is None
    assert row["ContractedCost"]
    assert row["BilledCost"] is None, "only a bill can say it"
