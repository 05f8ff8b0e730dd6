"""The desk of another machine, over its API."""

from __future__ import annotations

from guard.adapters.remote.desk import RemoteDesk

__all__ = ["RemoteDesk"]
