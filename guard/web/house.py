"""What the page is handed by whoever starts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from guard.core.access import DoorSettings
from guard.ports.desk import Desk
from guard.ports.door import DoorBook


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """`now` is the machine's wall clock (aware UTC): sessions and links end by it, whatever a sandbox does with domain time.

    `desk` answers from the configuration and ledger of the moment; whoever made the house closes what it opens.
    """

    desk: Callable[[], Desk]
    book: DoorBook
    now: Callable[[], datetime]
    settings: DoorSettings
    monotonic: Callable[[], float]
