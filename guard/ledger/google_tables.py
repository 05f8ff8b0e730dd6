"""The tables of Google's budget notices. Amounts are exact text beside their currency."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Text

from guard.ledger.columns import maybe, needed, table
from guard.ledger.types import Instant

google_figures = table(
    "google_figures",
    "What Google's budget notices said: a row a budget, interval and threshold, with the newest figure.",
    Column("id", Text, primary_key=True, doc="made from the fact"),
    needed("budget_id", Text, "Google's id of the budget"),
    needed("account", Text, "billing account"),
    needed("name", Text, "the budget's name at Google"),
    needed("interval_start", Instant, "start of the time that the cost is of"),
    maybe("threshold", Text, "crossed share, exact; empty: none"),
    maybe("forecast_threshold", Text, "share crossed by Google's forecast, exact; empty: none"),
    needed("cost", Text, "exact amount"),
    needed("amount", Text, "exact amount of the budget"),
    needed("currency", Text, "ISO 4217"),
    needed("message_id", Text, "Pub/Sub's id of the newest message"),
    needed("first_published_at", Instant, "when Google first said so"),
    needed("published_at", Instant, "when Google said the newest figure"),
    needed("received_at", Instant, "when the guard read it"),
    needed("messages", Integer, "how many messages said so, repeats included"),
)
unreadable_messages = table(
    "unreadable_messages",
    "Messages on the budgets' subscription that are no notice that we know.",
    Column("message_id", Text, primary_key=True, doc="Pub/Sub's id"),
    needed("published_at", Instant, "when it was published"),
    needed("received_at", Instant, "when the guard read it"),
    needed("why", Text, "what was expected"),
    needed("text", Text, "its beginning"),
)
