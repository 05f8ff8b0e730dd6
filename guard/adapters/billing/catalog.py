"""The Cloud Billing Catalog (v1) as price rows: exactly one SKU matches a part in a region, or its price is unknown.

Where guard.yaml names a billing account, its contract prices stand in place of the list prices, SKU by SKU; where they cannot be
read, the reading says so and holds list prices.

Source: cloud.google.com/billing/docs/reference/rest/v1/services.skus, read 2026-11-24. Prices are up to 12 hours old there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from guard.adapters.billing.descriptions import Charge, Meaning, is_prediction, read
from guard.adapters.billing.negotiated import Contract, contracts
from guard.adapters.connection import Connection, Read
from guard.core.catalogue import Reading, Unmapped
from guard.core.model import Provisioning
from guard.core.prices import Basis, Confidence, Part, PriceRow
from guard.ports.errors import GuardError, Malformed

VERTEX = "C7E2-9256-1C43"
COMPUTE = "6F81-5844-456A"
"""Service ids: Vertex AI and Compute Engine."""
PAGE_SIZE = 2_000
"""The API allows 5,000; Compute Engine has some 30,000 SKUs, of which few are kept."""

_UNITS = {Part.CORE: ("h", "h"), Part.ACCELERATOR: ("h", "h"), Part.RAM: ("GiBy.h", "GiB h")}
"""Part -> the unit that its SKUs are priced in, and the same in our words."""
_BOUGHT = {Charge.SPOT: Provisioning.SPOT, Charge.FLEX_START: Provisioning.FLEX_START}


@dataclass(frozen=True, slots=True)
class _Priced:
    sku: str
    amount: Decimal
    currency: str
    since: datetime | None
    regional: bool
    contracted: bool = False


_Found = dict[tuple[Meaning, str], list[_Priced]]


class BillingCatalog:
    """Reads the public list prices of prediction machines, and over them the account's own."""

    def __init__(self, connection: Connection, account: Callable[[], str | None] = lambda: None) -> None:
        self._connection = connection
        self._account = account
        self._url = f"{connection.world.service('cloudbilling')}/v1/services"

    def read(self, now: datetime) -> Reading:
        """Read both services whole. Raises GuardError: half a catalogue is none."""
        found: _Found = {}
        unmapped: list[Unmapped] = []
        agreed, says, failed = self._contracts()
        for sku in (*self._skus(VERTEX), *self._skus(COMPUTE)):
            _take(sku, agreed, found, unmapped)
        rows = [*_rows(found, unmapped, now), *_discounted(found, now)]
        return Reading(
            rows=tuple(rows),
            unmapped=tuple(sorted(unmapped, key=lambda one: one.description)),
            contract=says,
            contract_failed=failed,
        )

    def _contracts(self) -> tuple[Mapping[str, Contract], str, bool]:
        """The account's own prices by SKU, a sentence about them, and whether they could not be read."""
        account = self._account()
        if account is None:
            return {}, "", False
        try:
            found = contracts(self._connection, account)
        except GuardError as error:
            return {}, f"contract prices of {account} cannot be read, list prices count: {error}", True
        return found, f"{len(found)} contract prices of {account}", False

    def _skus(self, service: str) -> Iterator[Mapping[str, Any]]:
        """The SKUs that are of interest, page by page, so that the rest is never held."""
        asked = Read("billing", "services.skus.list", f"services/{service}")
        seen: set[str] = set()
        for page in self._connection.pages(
            f"{self._url}/{service}/skus", asked, {"currencyCode": "USD", "pageSize": str(PAGE_SIZE)}
        ):
            skus = page.get("skus", [])
            if not isinstance(skus, list):
                raise Malformed(f"{asked}: skus is no list.")
            for sku in skus:
                if str(sku.get("skuId")) in seen:
                    raise Malformed(f"{asked}: SKU {sku.get('skuId')} came twice; the catalogue cannot be trusted.")
                seen.add(str(sku.get("skuId")))
                text = str(sku.get("description", ""))
                if read(text) is not None or (service == VERTEX and is_prediction(text)):
                    yield sku


def _take(sku: Mapping[str, Any], agreed: Mapping[str, Contract], found: _Found, unmapped: list[Unmapped]) -> None:
    """Sort one SKU in, or say why it gives no price."""
    text = str(sku["description"])
    meaning = read(text)
    usage = str(sku.get("category", {}).get("usageType", ""))
    price: _Priced | str
    if meaning is None:
        price = "its description fits no machine that is known"
    elif usage.startswith("Commit"):
        return
    elif meaning.charge in {Charge.ALL_IN, Charge.FEE} and usage != "OnDemand":
        price = f"usage type {usage or 'missing'}, expected OnDemand"
    else:
        price = _price(sku, meaning.part)
    if isinstance(price, str):
        unmapped.append(Unmapped(sku=str(sku["skuId"]), description=text, why=price))
    elif meaning is not None:
        price = _agreed(price, agreed.get(price.sku), meaning.part, text, unmapped)
        for region in sku.get("serviceRegions", ()):
            found.setdefault((meaning, str(region)), []).append(price)


def _agreed(price: _Priced, contract: Contract | None, part: Part, text: str, unmapped: list[Unmapped]) -> _Priced:
    """The account's own price in place of the list price, where it is one for the same unit and currency."""
    if contract is None:
        return price
    problem = contract.problem
    if not problem and (contract.unit, contract.currency) != (_UNITS[part][0], price.currency):
        problem = f"it is by {contract.unit!r} in {contract.currency}"
    if problem:
        unmapped.append(Unmapped(sku=price.sku, description=text, why=f"its contract price is not used: {problem}"))
        return price
    return replace(price, amount=contract.amount, since=None, contracted=True)


def _price(sku: Mapping[str, Any], part: Part) -> _Priced | str:
    """The price of a SKU, or what is wrong with it."""
    try:
        info = sku["pricingInfo"][-1]
        expression = info["pricingExpression"]
        unit, tiers = expression["usageUnit"], expression["tieredRates"]
        if unit != _UNITS[part][0]:
            return f"priced by {unit!r}, expected {_UNITS[part][0]!r}"
        if len(tiers) != 1 or tiers[0].get("startUsageAmount", 0) != 0:
            return f"{len(tiers)} tiers of price, expected one"
        money = tiers[0]["unitPrice"]
        amount = Decimal(str(money.get("units", "0"))) + Decimal(int(money.get("nanos", 0))) / 10**9
        if amount <= 0:
            return f"a price of {amount}"
        effective = info.get("effectiveTime")
        return _Priced(
            sku=str(sku["skuId"]),
            amount=amount,
            currency=str(money["currencyCode"]),
            since=datetime.fromisoformat(effective) if effective else None,
            regional=len(sku.get("serviceRegions", ())) == 1,
        )
    except (KeyError, IndexError, TypeError, ValueError, ArithmeticError) as error:
        return f"its price could not be read ({type(error).__name__}: {error})"


def _one(candidates: Sequence[_Priced]) -> _Priced | None:
    """The one SKU of a key: a region's own before one of many regions; None where several remain."""
    own = [price for price in candidates if price.regional] or list(candidates)
    return own[0] if len(own) == 1 else None


def _rows(found: _Found, unmapped: list[Unmapped], now: datetime) -> Iterator[PriceRow]:
    """On-demand rows: all-in, no fee added."""
    for (meaning, region), candidates in found.items():
        if meaning.charge is not Charge.ALL_IN:
            continue
        price = _one(candidates)
        if price is None:
            skus = ", ".join(one.sku for one in candidates)
            why = f"{len(candidates)} SKUs for one price ({skus}), so it is unknown"
            unmapped.append(Unmapped(sku=candidates[0].sku, description=f"{meaning.item} in {region}", why=why))
            continue
        yield _row(meaning, region, [price], Provisioning.ON_DEMAND, now)


def _discounted(found: _Found, now: datetime) -> Iterator[PriceRow]:
    """Spot and Flex-start rows: the Compute Engine price and the management fee, both or neither."""
    for (meaning, region), candidates in found.items():
        how = _BOUGHT.get(meaning.charge)
        fees = found.get((Meaning(Charge.FEE, meaning.part, meaning.item), region), ())
        price, fee = _one(candidates), _one(fees)
        if how is not None and price is not None and fee is not None and price.currency == fee.currency:
            yield _row(meaning, region, [price, fee], how, now)


def _row(meaning: Meaning, region: str, parts: Sequence[_Priced], how: Provisioning, now: datetime) -> PriceRow:
    since = [part.since for part in parts if part.since is not None]
    contracted = any(part.contracted for part in parts)
    return PriceRow(
        part=meaning.part,
        item=meaning.item,
        region=region,
        amount=sum((part.amount for part in parts), Decimal(0)),
        currency=parts[0].currency,
        unit=_UNITS[meaning.part][1],
        basis=Basis.CONTRACTED if contracted else Basis.LIST,
        confidence=Confidence.HIGH if how is Provisioning.ON_DEMAND else Confidence.MEDIUM,
        provisioning=how,
        source=f"Cloud Billing {'Pricing API' if contracted else 'Catalog'}, SKU {' + '.join(part.sku for part in parts)}",
        as_of=now.date(),
        valid_from=max(since) if since else None,
    )
