"""What takes long to work out, made once for each key, in the background: who asks waits a moment, then goes on without."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from datetime import timedelta
from typing import Generic, TypeVar

T = TypeVar("T")

PATIENCE = timedelta(seconds=0.15)
"""How long a page waits (machine time); a first view has to be there within a second."""


class Later(Generic[T]):
    """Holds the value of the latest key. Safe to share between threads; each key is worked out by one thread."""

    def __init__(self, patience: timedelta = PATIENCE) -> None:
        self._patience = patience.total_seconds()
        self._lock = threading.Lock()
        self._key: Hashable = None
        self._last: T | None = None
        self._future: Future[T] | None = None

    @property
    def last(self) -> T | None:
        """The value that was finished last, of whatever key: what can be shown meanwhile."""
        return self._last

    def get(self, key: Hashable, make: Callable[[], T]) -> T | None:
        """The value for a key, or None while it is still being made. Raises what `make` raised; it is made afresh then."""
        with self._lock:
            if self._future is None or self._key != key:
                self._key, self._future = key, Future()
                threading.Thread(target=self._fill, args=(self._future, make), daemon=True, name="later").start()
            future = self._future
        try:
            error = future.exception(self._patience)
        except TimeoutError:
            return None
        if error is None:
            return future.result()
        with self._lock:
            if self._future is future:
                self._future = None
        raise error

    def _fill(self, future: Future[T], make: Callable[[], T]) -> None:
        try:
            self._last = made = make()
            future.set_result(made)
        except BaseException as error:  # noqa: BLE001  # whoever asked gets it
            future.set_exception(error)
