"""Google's budget notices, pulled from a Pub/Sub subscription with the official client (REST).

Source of the form: docs.cloud.google.com/billing/docs/how-to/budgets-programmatic-notifications, read 2026-11-24: attributes
`billingAccountId`, `budgetId`, `schemaVersion` 1.0, and a JSON object as data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING, Any

from guard.adapters.connection import Connection, Read
from guard.adapters.errors import translated
from guard.core.google_budget import GoogleNotice, Unreadable
from guard.core.units import Money
from guard.ports.errors import Refused, TimedOut
from guard.ports.google_budgets import Pulled

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

MOST = 500
"""Messages a pull; Google's budgets send tens a day."""
PULL_TIMEOUT_S = 4.0
"""An empty subscription holds its answer back for longer; then nothing waits."""
KEPT_TEXT = 2_000
"""Characters that are kept of a message which cannot be read."""
SCHEMA = "1.0"
CONSUME = "pubsub.subscriptions.consume"


class BudgetSubscription:
    """guard.ports.google_budgets.GoogleNoticeSource. `url` is the service's address, `credentials` are asked for at first use."""

    def __init__(self, url: str, credentials: Callable[[], Credentials]) -> None:
        self._url = url
        self._credentials = credentials
        self._client: Any = None
        self._lock = Lock()

    def pull(self, subscription: str) -> Pulled:
        """See the port."""
        try:
            with translated(f"pull from {subscription}"):
                answer = self._open().pull(
                    request={"subscription": subscription, "max_messages": MOST}, retry=None, timeout=PULL_TIMEOUT_S
                )
        except TimedOut:
            return Pulled()
        notices: list[GoogleNotice] = []
        unreadable: list[Unreadable] = []
        for received in answer.received_messages:
            message = received.message
            published = datetime.fromtimestamp(message.publish_time.timestamp(), tz=UTC)
            try:
                notices.append(_notice(message, published))
            except (ValueError, KeyError, TypeError, ArithmeticError) as error:
                unreadable.append(
                    Unreadable(
                        message_id=str(message.message_id),
                        published_at=published,
                        why=f"{type(error).__name__}: {error}"[:300],
                        text=bytes(message.data).decode("utf-8", "replace")[:KEPT_TEXT],
                    )
                )
        return Pulled(
            notices=tuple(notices),
            unreadable=tuple(unreadable),
            receipts=tuple(str(received.ack_id) for received in answer.received_messages),
        )

    def acknowledge(self, subscription: str, receipts: Sequence[str]) -> None:
        """See the port."""
        if receipts:
            with translated(f"acknowledge on {subscription}"):
                self._open().acknowledge(
                    request={"subscription": subscription, "ack_ids": list(receipts)},
                    retry=None,
                    timeout=PULL_TIMEOUT_S,
                )

    def _open(self) -> Any:
        with self._lock:
            if self._client is None:
                try:
                    from google.pubsub_v1 import SubscriberClient
                except ImportError as error:
                    raise Refused(
                        "google_budgets: the package google-cloud-pubsub is not installed.",
                        hint="Install it, or take google_budgets out of guard.yaml.",
                    ) from error
                self._client = SubscriberClient(
                    credentials=self._credentials(), transport="rest", client_options={"api_endpoint": self._url}
                )
            return self._client


def _notice(message: Any, published: datetime) -> GoogleNotice:
    """Read one message; raises ValueError and its like with what is wrong."""
    attributes = dict(message.attributes)
    if attributes.get("schemaVersion") != SCHEMA:
        raise ValueError(f"schemaVersion {attributes.get('schemaVersion')!r}, expected {SCHEMA!r}")
    data = json.loads(bytes(message.data), parse_float=Decimal, parse_int=Decimal)
    if not isinstance(data, dict):
        raise TypeError("the data is no JSON object")
    currency = str(data["currencyCode"])
    start = datetime.fromisoformat(str(data["costIntervalStart"]))
    if start.tzinfo is None:
        raise ValueError(f"costIntervalStart {data['costIntervalStart']!r} has no offset")
    return GoogleNotice(
        message_id=str(message.message_id),
        published_at=published,
        budget_id=str(attributes["budgetId"]),
        account=str(attributes["billingAccountId"]),
        name=str(data["budgetDisplayName"]),
        cost=Money(_number(data, "costAmount"), currency),
        amount=Money(_number(data, "budgetAmount"), currency),
        interval_start=start.astimezone(UTC),
        threshold=_share(data, "alertThresholdExceeded"),
        forecast_threshold=_share(data, "forecastThresholdExceeded"),
    )


def _number(data: dict[str, Any], key: str) -> Decimal:
    value = data[key]
    if not isinstance(value, Decimal) or not value.is_finite():
        raise ValueError(f"{key} is {value!r}, expected a number")
    return value


def _share(data: dict[str, Any], key: str) -> Decimal | None:
    return _number(data, key).normalize() if key in data else None


def may_consume(connection: Connection, subscription: str) -> bool:
    """Ask whether the guard's account may pull, without pulling; False too where there is no such subscription.

    Source: docs.cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions/testIamPermissions, read 2026-11-25: it
    needs no permission, and answers with none for what does not exist. Raises GuardError.
    """
    url = f"{connection.world.service('pubsub')}/v1/{subscription}:testIamPermissions"
    answer = connection.ask(
        url, Read("pubsub", "subscriptions.testIamPermissions", subscription), {"permissions": [CONSUME]}
    )
    return CONSUME in answer.get("permissions", ())
