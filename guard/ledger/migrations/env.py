"""Alembic's entry: runs on the connection that guard.ledger.schema hands in, inside its transaction."""

from __future__ import annotations

from alembic import context

from guard.ledger.columns import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
