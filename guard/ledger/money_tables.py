"""The tables of money and cost: savings, prices, what bills by the hour, budgets that were crossed.

Amounts are exact text beside their currency; instants are aware UTC (domain time).
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, Text

from guard.ledger.columns import identifier, maybe, needed, table
from guard.ledger.types import Document, Flag, Instant, Number

# money ---------------------------------------------------------------------------------------------------------------

savings = table(
    "savings",
    "Claimed and measured saving of one verified removal.",
    Column("act_id", Text, primary_key=True, doc="the act"),
    needed("subject", Text, "canonical name"),
    needed("since", Instant, "from when on"),
    maybe("until", Instant, "until when; empty: still going on"),
    maybe("rate_amount", Text, "exact amount an hour"),
    maybe("rate_currency", Text, "ISO 4217"),
    maybe("claimed_amount", Text, "exact amount"),
    maybe("claimed_currency", Text, "ISO 4217"),
    maybe("measured_amount", Text, "exact amount"),
    maybe("measured_currency", Text, "ISO 4217"),
    needed("note", Text, "in words"),
)
prices_used = table(
    "prices_used",
    "Price rows that a decision used, with source and date.",
    Column("digest", Text, primary_key=True, doc="SHA-256 of the row"),
    needed("row", Document, "the row"),
    needed("first_used_at", Instant, "first use"),
    needed("last_used_at", Instant, "latest use"),
)
prices = table(
    "prices",
    "List prices as a catalogue said them, each with its validity; prices that jumped wait for a person.",
    identifier(),
    needed("part", Text, "machine, core, ram, accelerator, tuning_tokens"),
    needed("item", Text, "machine type, family, accelerator or base model", index=True),
    needed("region", Text, "location"),
    needed("provisioning", Text, "on_demand, spot, flex_start, reservation"),
    needed("amount", Text, "exact amount a unit"),
    needed("currency", Text, "ISO 4217"),
    needed("unit", Text, "h, GiB h, 1M tokens"),
    needed("basis", Text, "list, contracted, derived, estimate"),
    needed("confidence", Text, "high, medium, low"),
    needed("source", Text, "where it comes from, with the SKU"),
    needed("as_of", Text, "day on which it was read"),
    maybe("valid_from", Instant, "from when on; empty: for all the past"),
    maybe("valid_to", Instant, "until when; empty: still"),
    needed("read_at", Instant, "when it was read"),
    needed("waiting", Flag, "waits for a person and is not in force"),
    maybe("vanished_at", Instant, "since when the catalogue does not name it any more"),
    maybe("accepted_by", Text, "the person who accepted a jump"),
)
price_reads = table(
    "price_reads",
    "Every reading of the price catalogue, and what it changed.",
    identifier(),
    needed("at", Instant, "when"),
    needed("succeeded", Flag, "read whole"),
    needed("detail", Text, "what went wrong; empty: nothing"),
    needed("report", Document, "counts, changes, SKUs that give no price"),
)

# cost ----------------------------------------------------------------------------------------------------------------

billed_things = table(
    "billed_things",
    "What billed by the hour, with what its cost is counted from; kept after it is gone.",
    Column("name", Text, primary_key=True, doc="canonical name"),
    needed("kind", Text, "deployed_model, pool"),
    needed("project_id", Text, "project id, for people"),
    needed("location", Text, "location"),
    needed("display_name", Text, "name for people"),
    needed("machine", Document, "one replica's hardware"),
    needed("labels", Document, "labels at the latest look"),
    maybe("owner", Text, "who is told"),
    needed("policy", Text, "the policy that matched; empty: none"),
    maybe("created_at", Instant, "when the platform says it was made"),
    needed("seen_at", Instant, "first look"),
    maybe("gone_at", Instant, "first look that did not show it any more"),
)
provider_looks = table(
    "provider_looks",
    "The latest look at each provider whose tunes bill by tokens.",
    Column("provider", Text, primary_key=True, doc="name in guard.yaml"),
    needed("document", Document, "jobs, tunes, files, costs, as `tuneguard jobs --output json` prints them"),
)
budget_crossings = table(
    "budget_crossings",
    "Each time a spend budget's threshold was crossed.",
    Column("id", Text, primary_key=True, doc="made from the fact"),
    needed("budget", Text, "name in guard.yaml"),
    needed("threshold", Text, "`90%`, `forecast 100%`"),
    needed("period", Text, "start of the billing month, or `rolling`"),
    needed("at", Instant, "when it was crossed"),
    needed("value", Text, "exact amount that crossed it"),
    needed("threshold_amount", Text, "exact amount of the threshold"),
    needed("currency", Text, "ISO 4217"),
    maybe("ended_at", Instant, "when it fell clearly below, or its month was over"),
)
replica_days = table(
    "replica_days",
    "Mean replicas hour by hour, a row for each thing and UTC day.",
    Column(
        "subject_id",
        Number,
        ForeignKey("usage_subjects.id", name="fk_replica_days_subject_id"),
        primary_key=True,
        autoincrement=False,
        doc="usage_subjects.id",
    ),
    Column("day", Integer, primary_key=True, autoincrement=False, doc="days since 1970-01-01"),
    needed("means", Text, "24 means with commas; an empty one was not measured"),
)
