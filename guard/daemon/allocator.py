"""Keeps the daemon small: glibc gives each of the reading threads an arena of its own and keeps what they freed.

Measured on 1,000 endpoints in 45 locations: 64 threads' arenas and the first look's back-fill left 90 MiB of freed memory
in the process. Two arenas, and giving back what is free after each cycle, cost a few milliseconds. Elsewhere than on glibc
both do nothing.
"""

from __future__ import annotations

import ctypes
import gc
from typing import Any

M_ARENA_MAX = -8  # malloc.h
ARENAS = 2


def few_arenas() -> None:
    """Call once, before threads are started."""
    libc = _libc()
    if libc is not None and hasattr(libc, "mallopt"):
        libc.mallopt(M_ARENA_MAX, ARENAS)


def collect_rarely() -> None:
    """Call once, when everything is loaded. A cycle makes and drops many small values and no cycles of references; the
    collector's default would walk the whole fleet again and again (a quarter of a cycle's time at 100,000 things).
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def give_back() -> None:
    """Return free memory to the system."""
    libc = _libc()
    if libc is not None and hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


def _libc() -> Any:
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):
        return None
