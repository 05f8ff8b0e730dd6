"""Prices, and what costs are counted from.

Frozen: a migration never imports the tables as they are today.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
FLAG = sa.Integer().with_variant(sa.Boolean(), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "prices",
        sa.Column("id", NUMBER, nullable=False, autoincrement=True),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("provisioning", sa.Text(), nullable=False),
        sa.Column("amount", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Text(), nullable=False),
        sa.Column("valid_from", INSTANT, nullable=True),
        sa.Column("valid_to", INSTANT, nullable=True),
        sa.Column("read_at", INSTANT, nullable=False),
        sa.Column("waiting", FLAG, nullable=False),
        sa.Column("vanished_at", INSTANT, nullable=True),
        sa.Column("accepted_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_prices"),
        sqlite_strict=True,
    )
    op.create_index("ix_prices_item", "prices", ["item"])
    op.create_table(
        "price_reads",
        sa.Column("id", NUMBER, nullable=False, autoincrement=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("succeeded", FLAG, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_price_reads"),
        sqlite_strict=True,
    )
    op.create_table(
        "billed_things",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("machine", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=True),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("gone_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_billed_things"),
        sqlite_strict=True,
    )
    op.create_table(
        "replica_days",
        sa.Column("subject_id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("day", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("means", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "day", name="pk_replica_days"),
        sa.ForeignKeyConstraint(["subject_id"], ["usage_subjects.id"], name="fk_replica_days_subject_id"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    for table in ("replica_days", "billed_things", "price_reads", "prices"):
        op.drop_table(table)
