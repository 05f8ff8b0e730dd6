"""Every question that people ask and every word that they say, answered from the ledger as JSON documents (guard.ports.desk)."""

from __future__ import annotations

from guard.desk.ledger_desk import LedgerDesk

__all__ = ["LedgerDesk"]
