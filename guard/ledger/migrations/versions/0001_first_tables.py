"""The first tables.

Frozen: a migration never imports the tables as they are today.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
FLAG = sa.Integer().with_variant(sa.Boolean(), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REAL: sa.types.TypeEngine[float] = sa.Double().with_variant(sa.REAL(), "sqlite")
STATES = (
    "'proposed', 'noticed', 'due', 'intended', 'started', 'unknown', 'verified', 'failed', 'refused', 'cancelled'"
)
IN_FLIGHT = "state IN ('intended', 'started', 'unknown')"


def upgrade() -> None:
    op.create_table(
        "acknowledgements",
        sa.Column("id", NUMBER, nullable=False, autoincrement=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acknowledgements"),
        sqlite_strict=True,
    )
    op.create_table(
        "acts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("generation", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("rate_amount", sa.Text(), nullable=True),
        sa.Column("rate_currency", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("owner_source", sa.Text(), nullable=False),
        sa.Column("config_digest", sa.Text(), nullable=False),
        sa.Column("noticed_at", INSTANT, nullable=True),
        sa.Column("intended_at", INSTANT, nullable=True),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("operation", sa.Text(), nullable=True),
        sa.Column("recipe_id", sa.Text(), nullable=True),
        sa.Column("cycle_id", sa.Text(), nullable=True),
        sa.Column("term", NUMBER, nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("block", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=True),
        sa.Column("machine", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acts"),
        sa.CheckConstraint("(rate_amount IS NULL) = (rate_currency IS NULL)", name=op.f("ck_acts_rate")),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_acts_state")),
        sa.UniqueConstraint("subject", "generation", "stage", "attempt", name="uq_acts_key"),
        sqlite_strict=True,
    )
    op.create_index("ix_acts_cycle_id", "acts", ["cycle_id"], unique=False)
    op.create_index("ix_acts_intended_at", "acts", ["intended_at"], unique=False)
    op.create_index("ix_acts_proposed_at", "acts", ["proposed_at"], unique=False)
    op.create_index("ix_acts_settled_at", "acts", ["settled_at"], unique=False)
    op.create_index("ix_acts_state", "acts", ["state"], unique=False)
    op.create_index("uq_acts_in_flight", "acts", ["subject"], unique=True, sqlite_where=sa.text(IN_FLIGHT), postgresql_where=sa.text(IN_FLIGHT))
    op.create_table(
        "adoptions",
        sa.Column("id", NUMBER, nullable=False, autoincrement=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("incarnation", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_adoptions"),
        sqlite_strict=True,
    )
    op.create_table(
        "approvals",
        sa.Column("id", NUMBER, nullable=False, autoincrement=True),
        sa.Column("act_id", sa.Text(), nullable=False),
        sa.Column("evidence_digest", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("accept_loss", FLAG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
        sqlite_strict=True,
    )
    op.create_index("ix_approvals_act_id", "approvals", ["act_id"], unique=False)
    op.create_table(
        "claims",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("generation", NUMBER, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("project", name="pk_claims"),
        sqlite_strict=True,
    )
    op.create_table(
        "creators",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("creator", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_creators"),
        sqlite_strict=True,
    )
    op.create_table(
        "cycles",
        sa.Column("id", NUMBER, nullable=False, autoincrement=True),
        sa.Column("cycle_id", sa.Text(), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("config_digest", sa.Text(), nullable=False),
        sa.Column("term", NUMBER, nullable=True),
        sa.Column("took_us", NUMBER, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_cycles"),
        sa.UniqueConstraint("cycle_id", name="uq_cycles_cycle_id"),
        sqlite_strict=True,
    )
    op.create_index("ix_cycles_taken_at", "cycles", ["taken_at"], unique=False)
    op.create_table(
        "keeps",
        sa.Column("id", NUMBER, nullable=False, autoincrement=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_keeps"),
        sqlite_strict=True,
    )
    op.create_index("ix_keeps_subject", "keeps", ["subject"], unique=False)
    op.create_table(
        "lease",
        sa.Column("one", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("term", NUMBER, nullable=False),
        sa.Column("expires_ms", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("one", name="pk_lease"),
        sa.CheckConstraint("one = 1", name=op.f("ck_lease_one_row")),
        sqlite_strict=True,
    )
    op.create_table(
        "ledger",
        sa.Column("one", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("ledger_id", sa.Text(), nullable=False),
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("incarnation", sa.Text(), nullable=False),
        sa.Column("last_write", NUMBER, nullable=False),
        sa.Column("events", NUMBER, nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("config_digest", sa.Text(), nullable=True),
        sa.Column("config_seen_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("one", name="pk_ledger"),
        sa.CheckConstraint("one = 1", name=op.f("ck_ledger_one_row")),
        sqlite_strict=True,
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("act_id", sa.Text(), nullable=True),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("delivered_at", INSTANT, nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("escalated", FLAG, nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sqlite_strict=True,
    )
    op.create_index("ix_notices_act_id", "notices", ["act_id"], unique=False)
    op.create_index("ix_notices_made_at", "notices", ["made_at"], unique=False)
    op.create_index("ix_notices_subject", "notices", ["subject"], unique=False)
    op.create_table(
        "pauses",
        sa.Column("id", NUMBER, nullable=False, autoincrement=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("resumed_by", sa.Text(), nullable=True),
        sa.Column("resumed_why", sa.Text(), nullable=True),
        sa.Column("resumed_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_pauses"),
        sqlite_strict=True,
    )
    op.create_table(
        "prices_used",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.Column("first_used_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_prices_used"),
        sqlite_strict=True,
    )
    op.create_table(
        "resources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("generation", sa.Text(), nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("iac_marked", FLAG, nullable=False),
        sa.Column("removable_since", INSTANT, nullable=True),
        sa.Column("restored_at", INSTANT, nullable=True),
        sa.Column("wait_factor", sa.Integer(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("told_first_seen", FLAG, nullable=False),
        sa.Column("empty_since", INSTANT, nullable=True),
        sa.Column("was_live", FLAG, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_resources"),
        sqlite_strict=True,
    )
    op.create_table(
        "savings",
        sa.Column("act_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("rate_amount", sa.Text(), nullable=True),
        sa.Column("rate_currency", sa.Text(), nullable=True),
        sa.Column("claimed_amount", sa.Text(), nullable=True),
        sa.Column("claimed_currency", sa.Text(), nullable=True),
        sa.Column("measured_amount", sa.Text(), nullable=True),
        sa.Column("measured_currency", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("act_id", name="pk_savings"),
        sqlite_strict=True,
    )
    op.create_table(
        "usage_reads",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("covered_until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("project", name="pk_usage_reads"),
        sqlite_strict=True,
    )
    op.create_table(
        "usage_subjects",
        sa.Column("id", NUMBER, nullable=False, autoincrement=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_usage_subjects"),
        sa.UniqueConstraint("name", name="uq_usage_subjects_name"),
        sqlite_strict=True,
    )
    op.create_table(
        "verdict_changes",
        sa.Column("id", NUMBER, nullable=False, autoincrement=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("cycle_id", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_verdict_changes"),
        sqlite_strict=True,
    )
    op.create_index("ix_verdict_changes_at", "verdict_changes", ["at"], unique=False)
    op.create_index("ix_verdict_changes_subject", "verdict_changes", ["subject"], unique=False)
    op.create_table(
        "verdicts",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("cycle_id", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_verdicts"),
        sqlite_strict=True,
    )
    op.create_table(
        "act_events",
        sa.Column("seq", NUMBER, nullable=False, autoincrement=False),
        sa.Column("act_id", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_act_events"),
        sa.ForeignKeyConstraint(["act_id"], ["acts.id"], name="fk_act_events_act_id"),
        sqlite_strict=True,
    )
    op.create_index("ix_act_events_act_id", "act_events", ["act_id"], unique=False)
    op.create_index("uq_act_events_hash", "act_events", ["hash"], unique=True)
    op.create_table(
        "recipes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("act_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("documents", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("lacks", sa.Text(), nullable=False),
        sa.Column("restorable", FLAG, nullable=False),
        sa.Column("copied_to", sa.Text(), nullable=True),
        sa.Column("env_names", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recipes"),
        sa.ForeignKeyConstraint(["act_id"], ["acts.id"], name="fk_recipes_act_id"),
        sqlite_strict=True,
    )
    op.create_index("ix_recipes_act_id", "recipes", ["act_id"], unique=False)
    op.create_index("ix_recipes_subject", "recipes", ["subject"], unique=False)
    op.create_table(
        "usage_days",
        sa.Column("subject_id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("day", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("covered", sa.Integer(), nullable=False),
        sa.Column("live", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("quiet", sa.Integer(), nullable=False),
        sa.Column("busy", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=True),
        sa.Column("replicas_hour", sa.Integer(), nullable=True),
        sa.Column("replicas", REAL, nullable=True),
        sa.PrimaryKeyConstraint("subject_id", "day", name="pk_usage_days"),
        sa.CheckConstraint("(quiet & busy) = 0", name=op.f("ck_usage_days_quiet_or_busy")),
        sa.ForeignKeyConstraint(["subject_id"], ["usage_subjects.id"], name="fk_usage_days_subject_id"),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        for what in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER act_events_no_{what} BEFORE {what.upper()} ON act_events "
                "BEGIN SELECT RAISE(ABORT, 'act_events is append-only'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION act_events_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'act_events is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER act_events_append_only BEFORE UPDATE OR DELETE ON act_events "
            "FOR EACH ROW EXECUTE FUNCTION act_events_append_only()"
        )


def downgrade() -> None:
    raise NotImplementedError("the first version has no earlier one; restore a backup instead")
