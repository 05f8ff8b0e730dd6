"""Ctrl-C as a fact that the story asks for between two looks, so that it never strikes in the middle of one."""

from __future__ import annotations

import signal
from threading import Event
from types import FrameType, TracebackType
from typing import Any, Self


class Stopping:
    """In its `with` block SIGINT and SIGTERM are noted; a second one interrupts at once."""

    def __init__(self) -> None:
        self._asked = Event()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def asked(self) -> bool:
        """True once somebody wants it to end."""
        return self._asked.is_set()

    def asked_within(self, seconds: float) -> bool:
        """Do nothing until somebody does, for so long at most; True once somebody has."""
        return self._asked.wait(seconds)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked.is_set():
            raise KeyboardInterrupt
        self._asked.set()
