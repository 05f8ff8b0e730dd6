"""Waiting until what was committed is on the disk: one wait for all who ask at the same time.

In WAL mode a commit is a frame at the end of the write-ahead log; with `synchronous = NORMAL` SQLite does not wait until it
is on the disk. Syncing the log's file afterwards comes to the same as `synchronous = FULL`, which syncs it within the
commit (sqlite.org/pragma.html#pragma_synchronous, sqlite.org/wal.html, read 2026-11-25), but it need not keep other
writers out meanwhile, and one sync covers every commit before it. Nobody acts on a commit before its sync has returned.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Condition


class GroupSync:
    """Syncs the write-ahead log of one SQLite file. Safe to share between threads."""

    def __init__(self, file: Path, sync: Callable[[int], None] = os.fsync) -> None:
        self._log = file.with_name(f"{file.name}-wal")
        self._sync = sync
        self._changed = Condition()
        self._asked = 0
        self._done = 0
        self._busy = False

    def wait(self) -> None:
        """Return when everything that was committed before the call is on the disk. Raises OSError."""
        with self._changed:
            self._asked += 1
            mine = self._asked
            while self._busy and self._done < mine:
                self._changed.wait()
            if self._done >= mine:
                return
            self._busy = True
            covers = self._asked
        try:
            self._sync_log()
        except BaseException:
            self._end(self._done)
            raise
        self._end(covers)

    def _end(self, done: int) -> None:
        with self._changed:
            self._busy = False
            self._done = max(self._done, done)
            self._changed.notify_all()

    def _sync_log(self) -> None:
        # Opened anew, since the log is made anew when the last connection has closed. SQLite holds no locks on this file,
        # so that closing it gives none up (POSIX drops a process's locks on a file with any of its descriptors).
        try:
            descriptor = os.open(self._log, os.O_RDWR)
        except FileNotFoundError:
            return  # the last connection has closed: its checkpoint has synced all of the log into the database
        try:
            self._sync(descriptor)
        finally:
            os.close(descriptor)
