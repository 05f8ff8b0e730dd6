"""The bill as the billing export has it.

Frozen: a migration never imports the tables as they are today.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FLAG = sa.Integer().with_variant(sa.Boolean(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "bill_lines",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("cost", sa.Text(), nullable=False),
        sa.Column("credits", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=True),
        sa.Column("item", sa.Text(), nullable=True),
        sa.Column("provisioning", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("day", "project_id", "region", "sku_id", "unit", "currency", name="pk_bill_lines"),
        sqlite_strict=True,
    )
    op.create_table(
        "bill_reads",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("succeeded", FLAG, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=True),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("exported_until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_bill_reads"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    for name in ("bill_reads", "bill_lines"):
        op.drop_table(name)
