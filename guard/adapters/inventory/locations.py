"""The locations of a project, asked for once a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Lock

from guard.adapters.connection import Connection, Read
from guard.ports.errors import GuardError, Malformed
from guard.ports.inventory import Project

KEPT_FOR = timedelta(days=1)
"""The platform opens a new region a few times a year."""


class Locations:
    """Answers from memory for a day. `only` narrows every project to the locations that guard.yaml names."""

    def __init__(self, connection: Connection, *, only: Sequence[str] | None = None) -> None:
        self._connection = connection
        self._only = tuple(only) if only is not None else None
        self._known: dict[str, tuple[datetime, tuple[str, ...]]] = {}
        self._lock = Lock()

    def of(self, project: Project, now: datetime) -> Sequence[str]:
        """List the locations. Raises GuardError, unless older knowledge is at hand: locations do not go away."""
        if self._only is not None:
            return self._only
        with self._lock:
            known = self._known.get(project.number)
        if known is not None and timedelta(0) <= now - known[0] < KEPT_FOR:
            return known[1]
        try:
            found = self._list(project)
        except GuardError:
            if known is None:
                raise
            return known[1]
        with self._lock:
            self._known[project.number] = (now, found)
        return found

    def known(self, project: Project) -> Sequence[str]:
        """What is remembered, however old."""
        with self._lock:
            return self._known[project.number][1] if project.number in self._known else ()

    def _list(self, project: Project) -> tuple[str, ...]:
        read = Read("vertex", "locations.list", f"projects/{project.number}")
        url = f"{self._connection.world.vertex('global')}/v1/projects/{project.number}/locations"
        found: list[str] = []
        for page in self._connection.pages(url, read):
            for location in page.get("locations", ()):
                name = location.get("locationId") or str(location.get("name", "")).rpartition("/")[2]
                if not name:
                    raise Malformed(f"{read}: a location without a name.")
                found.append(str(name))
        # The multi-regions serve tuned Gemini 3.x; whether the platform's list names them is not documented.
        return tuple(dict.fromkeys([*found, *self._connection.world.extra_locations]))
