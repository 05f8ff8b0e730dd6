"""What every open page asks every few seconds: is there anything new, and is anybody still looking?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from guard.core.units import short
from guard.core.wording import instant
from guard.desk.plain import iso
from guard.desk.status import paused_words
from guard.ports.ledger import Ledger


def glimpse(ledger: Ledger, now: datetime, every: timedelta) -> dict[str, Any]:
    """`stamp` changes with everything that a page shows; `late` says in words that the looks have stopped, else it is None.

    One look may be missed (a slow platform, a restart); a second one is not by chance.
    """
    seen = ledger.glance()
    late = None
    if seen.taken_at is not None and now - seen.taken_at > 2 * every:
        late = (
            f"Not live since {instant(seen.taken_at)}: nobody has looked for {short(now - seen.taken_at)}, "
            f"although a look is due every {short(every)}. Is the daemon running?"
        )
    return {
        "now": iso(now),
        "taken_at": iso(seen.taken_at),
        "cycle_id": seen.cycle_id,
        "mode": seen.mode,
        "stamp": seen.stamp,
        "paused": paused_words(ledger.paused()),
        "late": late,
    }
