"""The ledger's schema: one for SQLite and PostgreSQL. docs/reference/ledger.md is made from it (a test compares).

Every constraint is named, because a migration on SQLite silently drops one that is not. Money is exact text beside its
currency; instants are aware UTC; lease times are machine time in milliseconds, everything else is domain time.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    DDL,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.schema import ExecutableDDLElement

from guard.core.removal import ActState
from guard.ledger.types import Document, Flag, Instant, Number, Real

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _on(dialect: str, statement: str) -> ExecutableDDLElement:
    ddl: ExecutableDDLElement = DDL(statement)  # type: ignore[no-untyped-call]  # the library's own gap
    return ddl.execute_if(dialect=dialect)


APPEND_ONLY = (
    *(
        _on(
            "sqlite",
            f"CREATE TRIGGER act_events_no_{what} BEFORE {what.upper()} ON act_events "
            "BEGIN SELECT RAISE(ABORT, 'act_events is append-only'); END",
        )
        for what in ("update", "delete")
    ),
    _on(
        "postgresql",
        "CREATE FUNCTION act_events_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'act_events is append-only'; END $$",
    ),
    _on(
        "postgresql",
        "CREATE TRIGGER act_events_append_only BEFORE UPDATE OR DELETE ON act_events "
        "FOR EACH ROW EXECUTE FUNCTION act_events_append_only()",
    ),
)
"""What makes act_events append-only; a migration that rebuilds the table on SQLite has to make the triggers again."""

STATES = ", ".join(f"'{state.value}'" for state in ActState)
IN_FLIGHT = ", ".join(f"'{state.value}'" for state in ActState if state.is_in_flight)


def _table(name: str, about: str, *parts: Any) -> Table:
    return Table(name, metadata, *parts, info={"about": about}, sqlite_strict=True)


def _id() -> Column[int]:
    return Column("id", Number, primary_key=True, autoincrement=True, doc="running number")


def _needed(name: str, kind: Any, doc: str, *parts: Any, **more: Any) -> Column[Any]:
    return Column(name, kind, *parts, nullable=False, doc=doc, **more)


def _maybe(name: str, kind: Any, doc: str, **more: Any) -> Column[Any]:
    return Column(name, kind, nullable=True, doc=doc, **more)


# identity and leadership ---------------------------------------------------------------------------------------------

ledger = _table(
    "ledger",
    "One row: which ledger this is. Every writing transaction raises `last_write`, which also makes writers take turns.",
    Column("one", Integer, primary_key=True, autoincrement=False, doc="always 1"),
    _needed("ledger_id", Text, "random, made once"),
    _needed("world", Text, "`real` or `sandbox:ID`; never changes"),
    _needed("created_at", Instant, "database's clock"),
    _needed("incarnation", Text, "random, made anew at each adoption"),
    _needed("last_write", Number, "how many writing transactions there have been"),
    _needed("events", Number, "length of the hash chain over act_events"),
    _needed("head", Text, "hash of the chain's last event (64 hex digits)"),
    _maybe("config_digest", Text, "digest of the configuration in force"),
    _maybe("config_seen_at", Instant, "since when"),
    CheckConstraint("one = 1", name="one_row"),
)
adoptions = _table(
    "adoptions",
    "Who let this ledger act, and why. Without a row it only observes.",
    _id(),
    _needed("who", Text, "a person"),
    _needed("why", Text, "in their words"),
    _needed("at", Instant, "when"),
    _needed("incarnation", Text, "the ledger's incarnation from then on"),
)
lease = _table(
    "lease",
    "One row: who leads. Times are the database's clock.",
    Column("one", Integer, primary_key=True, autoincrement=False, doc="always 1"),
    _needed("holder", Text, "name of the daemon's process; empty before the first"),
    _needed("term", Number, "fencing token, raised at each change of holder"),
    _needed("expires_ms", Number, "when it runs out, machine time in ms since 1970"),
    CheckConstraint("one = 1", name="one_row"),
)
claims = _table(
    "claims",
    "Projects that this ledger holds a claim on in the cloud.",
    Column("project", Text, primary_key=True, doc="project number"),
    _needed("generation", Number, "generation of the claim object"),
    _needed("at", Instant, "when it was recorded"),
)

# people's words ------------------------------------------------------------------------------------------------------

pauses = _table(
    "pauses",
    "Emergency stops. One that is not resumed stops every intent.",
    _id(),
    _needed("who", Text, "a person"),
    _needed("why", Text, "in their words"),
    _needed("at", Instant, "since when"),
    _maybe("resumed_by", Text, "a person"),
    _maybe("resumed_why", Text, "in their words"),
    _maybe("resumed_at", Instant, "until when"),
)
keeps = _table(
    "keeps",
    "What people want kept. A keep on a thing keeps everything below it.",
    _id(),
    _needed("subject", Text, "canonical name", index=True),
    _needed("who", Text, "a person"),
    _needed("why", Text, "in their words"),
    _needed("made_at", Instant, "since when"),
    _maybe("until", Instant, "until when; empty: until ended"),
    _maybe("ended_at", Instant, "when somebody ended it"),
    _maybe("ended_by", Text, "who ended it"),
)
approvals = _table(
    "approvals",
    "A person's word on one attempt with one evidence.",
    _id(),
    _needed("act_id", Text, "the act", index=True),
    _needed("evidence_digest", Text, "digest of the evidence that was shown"),
    _needed("who", Text, "a person"),
    _needed("made_at", Instant, "when"),
    _needed("expires_at", Instant, "from when on it no longer counts"),
    _needed("accept_loss", Flag, "accepts that it cannot be undone"),
)
acknowledgements = _table(
    "acknowledgements",
    "A person has looked at a doubt, a tripped breaker or a widening.",
    _id(),
    _needed("what", Text, "`scope:...`, `breaker` or `widening:DIGEST`"),
    _needed("who", Text, "a person"),
    _needed("made_at", Instant, "when"),
    _needed("expires_at", Instant, "from when on it no longer counts"),
)

# what was seen -------------------------------------------------------------------------------------------------------

resources = _table(
    "resources",
    "Everything that was ever seen, and what has to be remembered of it.",
    Column("name", Text, primary_key=True, doc="canonical name"),
    _needed("kind", Text, "deployed_model, pool, endpoint, model, tuning_job"),
    _needed("generation", Text, "changes when it is another thing under the same name"),
    _needed("first_seen_at", Instant, "first look"),
    _needed("last_seen_at", Instant, "latest look"),
    _needed("digest", Text, "digest of what a removal relies on"),
    _needed("iac_marked", Flag, "a sign of an IaC tool was seen; never goes back"),
    _maybe("removable_since", Instant, "when it last became newly removable"),
    _maybe("restored_at", Instant, "last restore"),
    _needed("wait_factor", Integer, "doubled by each restore"),
    _needed("labels", Document, "labels at the latest look"),
    _needed("told_first_seen", Flag, "its owner has been told what it costs"),
    _maybe("empty_since", Instant, "without deployed models since; models: deployed nowhere since"),
    _needed("was_live", Flag, "monitoring showed replicas before"),
)
creators = _table(
    "creators",
    "Who made a resource, from the audit log.",
    Column("name", Text, primary_key=True, doc="canonical name"),
    _needed("creator", Text, "e-mail address"),
)
usage_subjects = _table(
    "usage_subjects",
    "Numbers for the names of things with usage.",
    _id(),
    _needed("name", Text, "canonical name", unique=True),
)
usage_days = _table(
    "usage_days",
    "Hourly usage, a row for each thing and UTC day. In the masks bit i (value 2^i) stands for the hour i:00 to i+1:00.",
    Column(
        "subject_id",
        Number,
        ForeignKey("usage_subjects.id", name="fk_usage_days_subject_id"),
        primary_key=True,
        autoincrement=False,
        doc="usage_subjects.id",
    ),
    Column("day", Integer, primary_key=True, autoincrement=False, doc="days since 1970-01-01"),
    _needed("covered", Integer, "mask: request counts complete"),
    _needed("live", Integer, "mask: replicas above 0"),
    _needed("used", Integer, "mask: at least one request"),
    _needed("answered", Integer, "mask: at least one request succeeded"),
    _needed("quiet", Integer, "mask: a resource witness was there and quiet"),
    _needed("busy", Integer, "mask: a resource witness was there and busy"),
    _maybe("counts", Text, "requests hour by hour, 24 numbers with commas; empty: none that day"),
    _maybe("replicas_hour", Integer, "latest hour of the day (0-23) with a replicas series"),
    _maybe("replicas", Real, "mean replicas in that hour"),
    CheckConstraint("(quiet & busy) = 0", name="quiet_or_busy"),
)
usage_reads = _table(
    "usage_reads",
    "How far usage has been read.",
    Column("project", Text, primary_key=True, doc="project number"),
    _needed("covered_until", Instant, "end of what has been read"),
)

# cycles and decisions ------------------------------------------------------------------------------------------------

cycles = _table(
    "cycles",
    "One row a cycle; the whole plan is kept for the latest ones only.",
    _id(),
    _needed("cycle_id", Text, "id", unique=True),
    _needed("taken_at", Instant, "when the look was taken", index=True),
    _needed("mode", Text, "observe, approve, enforce"),
    _needed("config_digest", Text, "digest of the configuration"),
    _maybe("term", Number, "the leader's term"),
    _needed("took_us", Number, "how long it took, microseconds"),
    _needed("summary", Document, "counts"),
    _maybe("plan", Document, "as `tuneguard plan --output json` prints it"),
)
verdicts = _table(
    "verdicts",
    "The latest verdict of each thing.",
    Column("subject", Text, primary_key=True, doc="canonical name"),
    _needed("verdict", Text, "keep, idle, unknown"),
    _needed("reason", Text, "one of the closed lists"),
    _needed("digest", Text, "SHA-256 of the document"),
    _needed("document", Document, "the verdict with its evidence"),
    _needed("cycle_id", Text, "the cycle that reached it"),
    _needed("at", Instant, "when the document last changed"),
)
verdict_changes = _table(
    "verdict_changes",
    "One row for each change of verdict or reason.",
    _id(),
    _needed("subject", Text, "canonical name", index=True),
    _needed("at", Instant, "when", index=True),
    _needed("cycle_id", Text, "the cycle that reached it"),
    _needed("verdict", Text, "keep, idle, unknown"),
    _needed("reason", Text, "one of the closed lists"),
    _needed("document", Document, "the verdict with its evidence, at that moment"),
)

# acts ----------------------------------------------------------------------------------------------------------------

acts = _table(
    "acts",
    "One act from proposed to verified. Never thinned.",
    Column("id", Text, primary_key=True, doc="id"),
    _needed("subject", Text, "canonical name"),
    _needed("generation", Text, "which thing of that name"),
    _needed("stage", Text, "undeploy, delete_endpoint, delete_model, cancel_job, restore"),
    _needed("attempt", Integer, "number of the attempt"),
    _needed("state", Text, "see docs/reference: proposed ... verified", index=True),
    _needed("reason", Text, "why it may go"),
    _needed("policy", Text, "the policy's name"),
    _needed("project", Text, "project number"),
    _needed("project_id", Text, "project id, for people"),
    _needed("location", Text, "location"),
    _needed("display_name", Text, "name for people"),
    _needed("digest", Text, "digest of what the removal relies on"),
    _needed("proposed_at", Instant, "when it was first planned", index=True),
    _needed("due_at", Instant, "not before"),
    _needed("updated_at", Instant, "latest arrow"),
    _needed("evidence", Document, "what it was decided on; from the intent on, the second look's"),
    _maybe("rate_amount", Text, "exact amount an hour"),
    _maybe("rate_currency", Text, "ISO 4217"),
    _needed("owner", Text, "who is told"),
    _needed("owner_source", Text, "how the owner was found"),
    _needed("config_digest", Text, "configuration at planning"),
    _maybe("noticed_at", Instant, "when the notice was delivered"),
    _maybe("intended_at", Instant, "when the intent was committed", index=True),
    _maybe("settled_at", Instant, "when its outcome was known", index=True),
    _maybe("operation", Text, "the platform's operation"),
    _maybe("recipe_id", Text, "what brings it back"),
    _maybe("cycle_id", Text, "the cycle it belongs to", index=True),
    _maybe("term", Number, "term under which it was intended"),
    _needed("detail", Text, "latest word"),
    _maybe("block", Text, "why it was refused"),
    _maybe("asked_by", Text, "who asked for it"),
    _needed("machine", Text, "machine type"),
    UniqueConstraint("subject", "generation", "stage", "attempt", name="uq_acts_key"),
    CheckConstraint(f"state IN ({STATES})", name="state"),
    CheckConstraint("(rate_amount IS NULL) = (rate_currency IS NULL)", name="rate"),
    Index(
        "uq_acts_in_flight",
        "subject",
        unique=True,
        sqlite_where=text(f"state IN ({IN_FLIGHT})"),
        postgresql_where=text(f"state IN ({IN_FLIGHT})"),
    ),
)
act_events = _table(
    "act_events",
    "Every arrow an act took, chained by hashes. Append-only: the database refuses to change or drop a row.",
    Column("seq", Number, primary_key=True, autoincrement=False, doc="place in the chain, from 1 without a gap"),
    _needed("act_id", Text, "the act", ForeignKey("acts.id", name="fk_act_events_act_id"), index=True),
    _needed("at", Instant, "when"),
    _needed("state", Text, "state it came to"),
    _needed("detail", Text, "in words"),
    _needed("evidence", Document, "what was seen"),
    _needed("hash", Text, "SHA-256 of the previous hash and this row"),
    Index("uq_act_events_hash", "hash", unique=True),
)
for _ddl in APPEND_ONLY:
    event.listen(act_events, "after_create", _ddl)

recipes = _table(
    "recipes",
    "What brings a removed thing back. Never thinned. Values of environment variables are never stored.",
    Column("id", Text, primary_key=True, doc="id"),
    _needed("act_id", Text, "the act that removed it", ForeignKey("acts.id", name="fk_recipes_act_id"), index=True),
    _needed("subject", Text, "canonical name", index=True),
    _needed("stage", Text, "the act's stage"),
    _needed("made_at", Instant, "second look"),
    _needed("documents", Document, "raw v1beta1 documents by role"),
    _needed("names", Document, "canonical names in them"),
    _needed("lacks", Document, "what a restore cannot bring back, in words"),
    _needed("restorable", Flag, "proved restorable at the second look"),
    _maybe("copied_to", Text, "address of the copy"),
    _needed("env_names", Document, "names of environment variables"),
    _needed("digest", Text, "SHA-256 of the documents; the intent's event names it"),
)

# telling -------------------------------------------------------------------------------------------------------------

notices = _table(
    "notices",
    "The outbox and its history.",
    Column("id", Text, primary_key=True, doc="made from the fact, so that doubles fold"),
    _needed("kind", Text, "what it tells"),
    _needed("recipient", Text, "owner or channel; the fallback once escalated"),
    _needed("subject", Text, "canonical name", index=True),
    _needed("title", Text, "one line"),
    _needed("body", Text, "the message"),
    _needed("made_at", Instant, "when the fact was found", index=True),
    _maybe("act_id", Text, "the act it announces", index=True),
    _maybe("due_at", Instant, "announced due time"),
    _needed("data", Document, "the same for machines"),
    _needed("attempts", Integer, "tries so far"),
    _needed("next_at", Instant, "next try, while open"),
    _maybe("delivered_at", Instant, "delivered"),
    _maybe("closed_at", Instant, "given up, or void because its act was cancelled"),
    _needed("escalated", Flag, "goes to the fallback now"),
    _needed("last_error", Text, "latest answer of the channel"),
)

learning = _table(
    "learning",
    "What was learned of silences: one bounded state for each thing, and one of the fleet.",
    Column("name", Text, primary_key=True, doc="canonical name, or `fleet`"),
    _needed("document", Document, "the state"),
)

# money ---------------------------------------------------------------------------------------------------------------

savings = _table(
    "savings",
    "Claimed and measured saving of one verified removal.",
    Column("act_id", Text, primary_key=True, doc="the act"),
    _needed("subject", Text, "canonical name"),
    _needed("since", Instant, "from when on"),
    _maybe("until", Instant, "until when; empty: still going on"),
    _maybe("rate_amount", Text, "exact amount an hour"),
    _maybe("rate_currency", Text, "ISO 4217"),
    _maybe("claimed_amount", Text, "exact amount"),
    _maybe("claimed_currency", Text, "ISO 4217"),
    _maybe("measured_amount", Text, "exact amount"),
    _maybe("measured_currency", Text, "ISO 4217"),
    _needed("note", Text, "in words"),
)
prices_used = _table(
    "prices_used",
    "Price rows that a decision used, with source and date.",
    Column("digest", Text, primary_key=True, doc="SHA-256 of the row"),
    _needed("row", Document, "the row"),
    _needed("first_used_at", Instant, "first use"),
    _needed("last_used_at", Instant, "latest use"),
)
prices = _table(
    "prices",
    "List prices as a catalogue said them, each with its validity; prices that jumped wait for a person.",
    _id(),
    _needed("part", Text, "machine, core, ram, accelerator, tuning_tokens"),
    _needed("item", Text, "machine type, family, accelerator or base model", index=True),
    _needed("region", Text, "location"),
    _needed("provisioning", Text, "on_demand, spot, flex_start, reservation"),
    _needed("amount", Text, "exact amount a unit"),
    _needed("currency", Text, "ISO 4217"),
    _needed("unit", Text, "h, GiB h, 1M tokens"),
    _needed("basis", Text, "list, contracted, derived, estimate"),
    _needed("confidence", Text, "high, medium, low"),
    _needed("source", Text, "where it comes from, with the SKU"),
    _needed("as_of", Text, "day on which it was read"),
    _maybe("valid_from", Instant, "from when on; empty: for all the past"),
    _maybe("valid_to", Instant, "until when; empty: still"),
    _needed("read_at", Instant, "when it was read"),
    _needed("waiting", Flag, "waits for a person and is not in force"),
    _maybe("vanished_at", Instant, "since when the catalogue does not name it any more"),
    _maybe("accepted_by", Text, "the person who accepted a jump"),
)
price_reads = _table(
    "price_reads",
    "Every reading of the price catalogue, and what it changed.",
    _id(),
    _needed("at", Instant, "when"),
    _needed("succeeded", Flag, "read whole"),
    _needed("detail", Text, "what went wrong; empty: nothing"),
    _needed("report", Document, "counts, changes, SKUs that give no price"),
)

# cost ----------------------------------------------------------------------------------------------------------------

billed_things = _table(
    "billed_things",
    "What billed by the hour, with what its cost is counted from; kept after it is gone.",
    Column("name", Text, primary_key=True, doc="canonical name"),
    _needed("kind", Text, "deployed_model, pool"),
    _needed("project_id", Text, "project id, for people"),
    _needed("location", Text, "location"),
    _needed("display_name", Text, "name for people"),
    _needed("machine", Document, "one replica's hardware"),
    _needed("labels", Document, "labels at the latest look"),
    _maybe("owner", Text, "who is told"),
    _needed("policy", Text, "the policy that matched; empty: none"),
    _maybe("created_at", Instant, "when the platform says it was made"),
    _needed("seen_at", Instant, "first look"),
    _maybe("gone_at", Instant, "first look that did not show it any more"),
)
provider_looks = _table(
    "provider_looks",
    "The latest look at each provider whose tunes bill by tokens.",
    Column("provider", Text, primary_key=True, doc="name in guard.yaml"),
    _needed("document", Document, "jobs, tunes, files, costs, as `tuneguard jobs --output json` prints them"),
)
budget_crossings = _table(
    "budget_crossings",
    "Each time a spend budget's threshold was crossed.",
    Column("id", Text, primary_key=True, doc="made from the fact"),
    _needed("budget", Text, "name in guard.yaml"),
    _needed("threshold", Text, "`90%`, `forecast 100%`"),
    _needed("period", Text, "start of the billing month, or `rolling`"),
    _needed("at", Instant, "when it was crossed"),
    _needed("value", Text, "exact amount that crossed it"),
    _needed("threshold_amount", Text, "exact amount of the threshold"),
    _needed("currency", Text, "ISO 4217"),
    _maybe("ended_at", Instant, "when it fell clearly below, or its month was over"),
)
replica_days = _table(
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
    _needed("means", Text, "24 means with commas; an empty one was not measured"),
)
