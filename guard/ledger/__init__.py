"""The guard's memory on SQLite or PostgreSQL. `open_ledger` gives the port guard.ports.ledger.Ledger; `manage` serves `db`."""

from guard.ledger.repository import SqlLedger, open_ledger

__all__ = ["SqlLedger", "open_ledger"]
