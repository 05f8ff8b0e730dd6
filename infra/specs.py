"""The two structured values of the configuration: an endpoint shell and the budget."""

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from infra.reader import Reader

ENDPOINT_FIELDS: Final = frozenset({"name", "dedicated", "region", "labels"})
BUDGET_FIELDS: Final = frozenset({"monthly", "currency", "alertAt"})
DEFAULT_ALERTS: Final = ("50%", "90%", "100%", "forecast 100%")

_NAME: Final = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
"""What the API takes for an endpoint id of one's own. Source: CreateEndpointRequest.endpoint_id, google-cloud-aiplatform 2.7.0."""
_LABEL_KEY: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE: Final = re.compile(r"[a-z0-9_-]{1,63}")
_ENDPOINT_ID: Final = re.compile(r"projects/[^/]+/locations/[^/]+/endpoints/[^/]+")
BUCKET_KINDS: Final = ("data", "models", "guard")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_THRESHOLD: Final = re.compile(r"(forecast )?(\d+(?:\.\d+)?)%")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSpec:
    """A shell: an endpoint that stays while models come and go."""

    name: str
    region: str
    dedicated: bool = False
    labels: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, read: Reader, where: str, item: dict[str, Any], *, region: str) -> "EndpointSpec | None":
        """Check one item of `endpoints`; None where it has no usable name."""
        before = len(read.problems)
        for unknown in sorted(item.keys() - ENDPOINT_FIELDS):
            read.problem(f"{where}.{unknown}", "an unknown field", f"one of {', '.join(sorted(ENDPOINT_FIELDS))}")
        name = item.get("name", "")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            read.problem(
                f"{where}.name", repr(name), "lower-case letters, digits and dashes, a letter first, at most 63"
            )
        dedicated = item.get("dedicated", False)
        if not isinstance(dedicated, bool):
            read.problem(f"{where}.dedicated", repr(dedicated), "true or false")
        labels = item.get("labels", {})
        if not isinstance(labels, dict) or not all(_is_label(key, value) for key, value in labels.items()):
            read.problem(
                f"{where}.labels", repr(labels), "lower-case keys and values of letters, digits, dash and underscore"
            )
        if len(read.problems) > before:
            return None
        return cls(name=name, region=str(item.get("region", region)), dedicated=dedicated, labels=labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """When to tell: at this share of the amount (1 = all of it), of actual or forecast spend."""

    share: Decimal
    forecast: bool

    def __str__(self) -> str:
        percent = (self.share * 100).normalize()
        return f"{'forecast ' if self.forecast else ''}{percent:f}%"


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSpec:
    """The project's budget a calendar month. The stack is the one place that defines it; `init --from-stack` copies it."""

    monthly: Decimal
    currency: str
    thresholds: tuple[Threshold, ...]
    billing_account: str


def read_budget(read: Reader, billing_account: re.Pattern[str]) -> BudgetSpec | None:
    """Check `budget` and `billingAccount`; None where there is no budget."""
    item = read.mapping("budget")
    if not item:
        return None
    for unknown in sorted(item.keys() - BUDGET_FIELDS):
        read.problem(f"budget.{unknown}", "an unknown field", f"one of {', '.join(sorted(BUDGET_FIELDS))}")
    account = read.text("billingAccount", default="")
    if not billing_account.fullmatch(account):
        read.problem(
            "billingAccount",
            repr(account) if account else "nothing, with a budget",
            "the billing account that the budget belongs to, XXXXXX-XXXXXX-XXXXXX",
            do="pulumi config set billingAccount ID   (gcloud billing accounts list)",
        )
    monthly = exact_amount(item.get("monthly"))
    if monthly is None:
        read.problem(
            "budget.monthly",
            repr(item.get("monthly")),
            "an amount above 0 with at most 2 decimals",
            do="pulumi config set --path budget.monthly 500",
        )
    currency = item.get("currency", "USD")
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        read.problem(
            "budget.currency", repr(currency), "the billing account's currency as a three-letter code such as USD"
        )
    raw = item.get("alertAt", list(DEFAULT_ALERTS))
    thresholds = tuple(filter(None, map(_threshold, raw))) if isinstance(raw, list) else ()
    if not isinstance(raw, list) or len(thresholds) != len(raw):
        read.problem("budget.alertAt", repr(raw), 'a list such as ["50%", "90%", "forecast 100%"]')
    return BudgetSpec(
        monthly=monthly or Decimal(0), currency=str(currency), thresholds=thresholds, billing_account=account
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What exists and becomes the stack's: endpoint name -> full resource name, bucket kind -> bucket name."""

    endpoints: dict[str, str] = field(default_factory=dict)
    buckets: dict[str, str] = field(default_factory=dict)


def read_adoption(read: Reader) -> Adoption:
    """Check `adopt`."""
    item = read.mapping("adopt")
    for unknown in sorted(item.keys() - {"endpoints", "buckets"}):
        read.problem(f"adopt.{unknown}", "an unknown field", "one of buckets, endpoints")
    endpoints = item.get("endpoints", {})
    if not isinstance(endpoints, dict) or not all(_ENDPOINT_ID.fullmatch(str(one)) for one in endpoints.values()):
        read.problem("adopt.endpoints", repr(endpoints), "names of endpoints -> projects/P/locations/L/endpoints/ID")
        endpoints = {}
    buckets = item.get("buckets", {})
    if not isinstance(buckets, dict) or not all(
        kind in BUCKET_KINDS and isinstance(one, str) for kind, one in buckets.items()
    ):
        read.problem("adopt.buckets", repr(buckets), f"one of {', '.join(BUCKET_KINDS)} -> the bucket's name")
        buckets = {}
    return Adoption(endpoints=endpoints, buckets=buckets)


def exact_amount(value: Any) -> Decimal | None:
    """An amount above 0 with at most two decimals, exactly; None for anything else.

    >>> exact_amount("500.50"), exact_amount("5x"), exact_amount(True), exact_amount("NaN")
    (Decimal('500.50'), None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        return None
    try:
        amount = Decimal(value)
        exact = amount.is_finite() and amount > 0 and amount == amount.quantize(Decimal("0.01"))
    except InvalidOperation:  # no number, or one of more digits than a bill has
        return None
    return amount if exact else None


def _threshold(value: Any) -> Threshold | None:
    matched = _THRESHOLD.fullmatch(value) if isinstance(value, str) else None
    if matched is None:
        return None
    return Threshold(share=Decimal(matched[2]) / 100, forecast=matched[1] is not None)


def _is_label(key: Any, value: Any) -> bool:
    return isinstance(value, str) and bool(_LABEL_KEY.fullmatch(str(key))) and bool(_LABEL_VALUE.fullmatch(value))
