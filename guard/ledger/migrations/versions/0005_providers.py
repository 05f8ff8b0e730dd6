"""Looks at other providers.

Frozen: a migration never imports the tables as they are today.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider_looks",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("provider", name="pk_provider_looks"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("provider_looks")
