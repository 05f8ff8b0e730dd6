"""The ledger's schema: one for SQLite and PostgreSQL. docs/reference/ledger.md is made from it (a test compares).

Every constraint is named, because a migration on SQLite silently drops one that is not. Money is exact text beside its
currency; instants are aware UTC; lease times are machine time in milliseconds, everything else is domain time.
"""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.schema import ExecutableDDLElement

from guard.core.removal import ActState
from guard.ledger.columns import identifier, maybe, needed, table
from guard.ledger.types import Document, Flag, Instant, Number, Real


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


# identity and leadership ---------------------------------------------------------------------------------------------

ledger = table(
    "ledger",
    "One row: which ledger this is. Every writing transaction raises `last_write`, which also makes writers take turns.",
    Column("one", Integer, primary_key=True, autoincrement=False, doc="always 1"),
    needed("ledger_id", Text, "random, made once"),
    needed("world", Text, "`real` or `sandbox:ID`; never changes"),
    needed("created_at", Instant, "database's clock"),
    needed("incarnation", Text, "random, made anew at each adoption"),
    needed("last_write", Number, "how many writing transactions there have been"),
    needed("events", Number, "length of the hash chain over act_events"),
    needed("head", Text, "hash of the chain's last event (64 hex digits)"),
    maybe("config_digest", Text, "digest of the configuration in force"),
    maybe("config_seen_at", Instant, "since when"),
    CheckConstraint("one = 1", name="one_row"),
)
adoptions = table(
    "adoptions",
    "Who let this ledger act, and why. Without a row it only observes.",
    identifier(),
    needed("who", Text, "a person"),
    needed("why", Text, "in their words"),
    needed("at", Instant, "when"),
    needed("incarnation", Text, "the ledger's incarnation from then on"),
)
lease = table(
    "lease",
    "One row: who leads. Times are the database's clock.",
    Column("one", Integer, primary_key=True, autoincrement=False, doc="always 1"),
    needed("holder", Text, "name of the daemon's process; empty before the first"),
    needed("term", Number, "fencing token, raised at each change of holder"),
    needed("expires_ms", Number, "when it runs out, machine time in ms since 1970"),
    CheckConstraint("one = 1", name="one_row"),
)
claims = table(
    "claims",
    "Projects that this ledger holds a claim on in the cloud.",
    Column("project", Text, primary_key=True, doc="project number"),
    needed("generation", Number, "generation of the claim object"),
    needed("at", Instant, "when it was recorded"),
)

# people's words ------------------------------------------------------------------------------------------------------

pauses = table(
    "pauses",
    "Emergency stops. One that is not resumed stops every intent.",
    identifier(),
    needed("who", Text, "a person"),
    needed("why", Text, "in their words"),
    needed("at", Instant, "since when"),
    maybe("resumed_by", Text, "a person"),
    maybe("resumed_why", Text, "in their words"),
    maybe("resumed_at", Instant, "until when"),
)
keeps = table(
    "keeps",
    "What people want kept. A keep on a thing keeps everything below it.",
    identifier(),
    needed("subject", Text, "canonical name", index=True),
    needed("who", Text, "a person"),
    needed("why", Text, "in their words"),
    needed("made_at", Instant, "since when"),
    maybe("until", Instant, "until when; empty: until ended"),
    maybe("ended_at", Instant, "when somebody ended it"),
    maybe("ended_by", Text, "who ended it"),
)
approvals = table(
    "approvals",
    "A person's word on one attempt with one evidence.",
    identifier(),
    needed("act_id", Text, "the act", index=True),
    needed("evidence_digest", Text, "digest of the evidence that was shown"),
    needed("who", Text, "a person"),
    needed("made_at", Instant, "when"),
    needed("expires_at", Instant, "from when on it no longer counts"),
    needed("accept_loss", Flag, "accepts that it cannot be undone"),
)
acknowledgements = table(
    "acknowledgements",
    "A person has looked at a doubt, a tripped breaker or a widening.",
    identifier(),
    needed("what", Text, "`scope:...`, `breaker` or `widening:DIGEST`"),
    needed("who", Text, "a person"),
    needed("made_at", Instant, "when"),
    needed("expires_at", Instant, "from when on it no longer counts"),
)

# what was seen -------------------------------------------------------------------------------------------------------

resources = table(
    "resources",
    "Everything that was ever seen, and what has to be remembered of it.",
    Column("name", Text, primary_key=True, doc="canonical name"),
    needed("kind", Text, "deployed_model, pool, endpoint, model, tuning_job"),
    needed("generation", Text, "changes when it is another thing under the same name"),
    needed("first_seen_at", Instant, "first look"),
    needed("last_seen_at", Instant, "latest look"),
    needed("digest", Text, "digest of what a removal relies on"),
    needed("iac_marked", Flag, "a sign of an IaC tool was seen; never goes back"),
    maybe("removable_since", Instant, "when it last became newly removable"),
    maybe("restored_at", Instant, "last restore"),
    needed("wait_factor", Integer, "doubled by each restore"),
    needed("labels", Document, "labels at the latest look"),
    needed("told_first_seen", Flag, "its owner has been told what it costs"),
    maybe("empty_since", Instant, "without deployed models since; models: deployed nowhere since"),
    needed("was_live", Flag, "monitoring showed replicas before"),
)
creators = table(
    "creators",
    "Who made a resource, from the audit log.",
    Column("name", Text, primary_key=True, doc="canonical name"),
    needed("creator", Text, "e-mail address"),
)
usage_subjects = table(
    "usage_subjects",
    "Numbers for the names of things with usage.",
    identifier(),
    needed("name", Text, "canonical name", unique=True),
)
usage_days = table(
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
    needed("covered", Integer, "mask: request counts complete"),
    needed("live", Integer, "mask: replicas above 0"),
    needed("used", Integer, "mask: at least one request"),
    needed("answered", Integer, "mask: at least one request succeeded"),
    needed("quiet", Integer, "mask: a resource witness was there and quiet"),
    needed("busy", Integer, "mask: a resource witness was there and busy"),
    maybe("counts", Text, "requests hour by hour, 24 numbers with commas; empty: none that day"),
    maybe("replicas_hour", Integer, "latest hour of the day (0-23) with a replicas series"),
    maybe("replicas", Real, "mean replicas in that hour"),
    CheckConstraint("(quiet & busy) = 0", name="quiet_or_busy"),
)
usage_reads = table(
    "usage_reads",
    "How far usage has been read.",
    Column("project", Text, primary_key=True, doc="project number"),
    needed("covered_until", Instant, "end of what has been read"),
)

# cycles and decisions ------------------------------------------------------------------------------------------------

cycles = table(
    "cycles",
    "One row a cycle; the whole plan is kept for the latest ones only.",
    identifier(),
    needed("cycle_id", Text, "id", unique=True),
    needed("taken_at", Instant, "when the look was taken", index=True),
    needed("mode", Text, "observe, approve, enforce"),
    needed("config_digest", Text, "digest of the configuration"),
    maybe("term", Number, "the leader's term"),
    needed("took_us", Number, "how long it took, microseconds"),
    needed("summary", Document, "counts"),
    maybe("plan", Document, "as `tuneguard plan --output json` prints it"),
)
verdicts = table(
    "verdicts",
    "The latest verdict of each thing.",
    Column("subject", Text, primary_key=True, doc="canonical name"),
    needed("verdict", Text, "keep, idle, unknown"),
    needed("reason", Text, "one of the closed lists"),
    needed("digest", Text, "SHA-256 of the document"),
    needed("document", Document, "the verdict with its evidence"),
    needed("cycle_id", Text, "the cycle that reached it"),
    needed("at", Instant, "when the document last changed"),
)
verdict_changes = table(
    "verdict_changes",
    "One row for each change of verdict or reason.",
    identifier(),
    needed("subject", Text, "canonical name", index=True),
    needed("at", Instant, "when", index=True),
    needed("cycle_id", Text, "the cycle that reached it"),
    needed("verdict", Text, "keep, idle, unknown"),
    needed("reason", Text, "one of the closed lists"),
    needed("document", Document, "the verdict with its evidence, at that moment"),
)

# acts ----------------------------------------------------------------------------------------------------------------

acts = table(
    "acts",
    "One act from proposed to verified. Never thinned.",
    Column("id", Text, primary_key=True, doc="id"),
    needed("subject", Text, "canonical name"),
    needed("generation", Text, "which thing of that name"),
    needed("stage", Text, "undeploy, delete_endpoint, delete_model, cancel_job, restore"),
    needed("attempt", Integer, "number of the attempt"),
    needed("state", Text, "see docs/reference: proposed ... verified", index=True),
    needed("reason", Text, "why it may go"),
    needed("policy", Text, "the policy's name"),
    needed("project", Text, "project number"),
    needed("project_id", Text, "project id, for people"),
    needed("location", Text, "location"),
    needed("display_name", Text, "name for people"),
    needed("digest", Text, "digest of what the removal relies on"),
    needed("proposed_at", Instant, "when it was first planned", index=True),
    needed("due_at", Instant, "not before"),
    needed("updated_at", Instant, "latest arrow"),
    needed("evidence", Document, "what it was decided on; from the intent on, the second look's"),
    maybe("rate_amount", Text, "exact amount an hour"),
    maybe("rate_currency", Text, "ISO 4217"),
    needed("owner", Text, "who is told"),
    needed("owner_source", Text, "how the owner was found"),
    needed("config_digest", Text, "configuration at planning"),
    maybe("noticed_at", Instant, "when the notice was delivered"),
    maybe("intended_at", Instant, "when the intent was committed", index=True),
    maybe("settled_at", Instant, "when its outcome was known", index=True),
    maybe("operation", Text, "the platform's operation"),
    maybe("recipe_id", Text, "what brings it back"),
    maybe("cycle_id", Text, "the cycle it belongs to", index=True),
    maybe("term", Number, "term under which it was intended"),
    needed("detail", Text, "latest word"),
    maybe("block", Text, "why it was refused"),
    maybe("asked_by", Text, "who asked for it"),
    needed("machine", Text, "machine type"),
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
act_events = table(
    "act_events",
    "Every arrow an act took, chained by hashes. Append-only: the database refuses to change or drop a row.",
    Column("seq", Number, primary_key=True, autoincrement=False, doc="place in the chain, from 1 without a gap"),
    needed("act_id", Text, "the act", ForeignKey("acts.id", name="fk_act_events_act_id"), index=True),
    needed("at", Instant, "when"),
    needed("state", Text, "state it came to"),
    needed("detail", Text, "in words"),
    needed("evidence", Document, "what was seen"),
    needed("hash", Text, "SHA-256 of the previous hash and this row"),
    Index("uq_act_events_hash", "hash", unique=True),
)
for _ddl in APPEND_ONLY:
    event.listen(act_events, "after_create", _ddl)

recipes = table(
    "recipes",
    "What brings a removed thing back. Never thinned. Values of environment variables are never stored.",
    Column("id", Text, primary_key=True, doc="id"),
    needed("act_id", Text, "the act that removed it", ForeignKey("acts.id", name="fk_recipes_act_id"), index=True),
    needed("subject", Text, "canonical name", index=True),
    needed("stage", Text, "the act's stage"),
    needed("made_at", Instant, "second look"),
    needed("documents", Document, "raw v1beta1 documents by role"),
    needed("names", Document, "canonical names in them"),
    needed("lacks", Document, "what a restore cannot bring back, in words"),
    needed("restorable", Flag, "proved restorable at the second look"),
    maybe("copied_to", Text, "address of the copy"),
    needed("env_names", Document, "names of environment variables"),
    needed("digest", Text, "SHA-256 of the documents; the intent's event names it"),
)

# telling -------------------------------------------------------------------------------------------------------------

notices = table(
    "notices",
    "The outbox and its history.",
    Column("id", Text, primary_key=True, doc="made from the fact, so that doubles fold"),
    needed("kind", Text, "what it tells"),
    needed("recipient", Text, "owner or channel; the fallback once escalated"),
    needed("subject", Text, "canonical name", index=True),
    needed("title", Text, "one line"),
    needed("body", Text, "the message"),
    needed("made_at", Instant, "when the fact was found", index=True),
    maybe("act_id", Text, "the act it announces", index=True),
    maybe("due_at", Instant, "announced due time"),
    needed("data", Document, "the same for machines"),
    needed("attempts", Integer, "tries so far"),
    needed("next_at", Instant, "next try, while open"),
    maybe("delivered_at", Instant, "delivered"),
    maybe("closed_at", Instant, "given up, or void because its act was cancelled"),
    needed("escalated", Flag, "goes to the fallback now"),
    needed("last_error", Text, "latest answer of the channel"),
)

learning = table(
    "learning",
    "What was learned of silences: one bounded state for each thing, and one of the fleet.",
    Column("name", Text, primary_key=True, doc="canonical name, or `fleet`"),
    needed("document", Document, "the state"),
)
