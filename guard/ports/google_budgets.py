"""Google's budget notices: where they come from, and where they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from guard.core.google_budget import GoogleFigure, GoogleNotice, Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What one pull brought; `receipts` acknowledge it, read or not."""

    notices: tuple[GoogleNotice, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    receipts: tuple[str, ...] = ()


class GoogleNoticeSource(Protocol):
    """A subscription. Nothing is lost by a crash between the two calls: what was not acknowledged comes again."""

    def pull(self, subscription: str) -> Pulled:
        """Take what waits, up to a bound; an empty answer where nothing does. Raises GuardError."""
        ...

    def acknowledge(self, subscription: str, receipts: Sequence[str]) -> None:
        """Say that these are kept. Raises GuardError; they come again then."""
        ...


class GoogleNoticeBook(Protocol):
    """Part of the ledger."""

    def save_google_notices(
        self, notices: Sequence[GoogleNotice], unreadable: Sequence[Unreadable], now: datetime
    ) -> None:
        """Keep them in one transaction: repeats are counted, an older message never replaces a newer figure."""
        ...

    def google_figures(self) -> Sequence[GoogleFigure]:
        """Every fact, oldest first."""
        ...

    def unreadable_messages(self) -> Sequence[Unreadable]:
        """Oldest first."""
        ...
