"""Which projects are looked at, and who made what is in them. Both change slowly and cost calls, so both are remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from guard.core.model import Snapshot
from guard.core.settings import Settings
from guard.ports.errors import GuardError, NotFoundByName, RetryLater
from guard.ports.inventory import AuditLog, Inventory, Project
from guard.ports.ledger import Ledger
from guard.telemetry import events, logging

RESOLVE_FOLDERS_EVERY = timedelta(hours=1)
"""How often folders are resolved again: a project that moves into one is announced within an hour."""

RESOLVE_PROJECTS_EVERY = timedelta(days=1)
"""How often projects named in the file are resolved again: an id and its number belong together for good."""

log = logging.get()


class Enrolled:
    """Resolves the projects in the file, and the creators of things not seen before."""

    def __init__(self, inventory: Inventory, audit: AuditLog, ledger: Ledger) -> None:
        self._inventory = inventory
        self._audit = audit
        self._ledger = ledger
        self._projects: Sequence[Project] = ()
        self._resolved_for = ""
        self._resolved_at: datetime | None = None
        self._creators: dict[str, str] = {}
        self._asked: dict[str, datetime] = {}
        self._loaded = False
        self.added: list[Project] = []
        self.problems: tuple[GuardError, ...] = ()  # projects of the file that could not be resolved

    def projects(self, settings: Settings, now: datetime) -> Sequence[Project]:
        """Return the enrolled projects; asks again after an hour or when the configuration changed.

        A project of the file that cannot be resolved is left out, logged and kept in `problems`; the others are looked at.
        Raises NotFoundByName, PermissionMissing or Unavailable where none can be resolved at the first look; later the last
        resolved list stays in force.
        """
        lasts = RESOLVE_FOLDERS_EVERY if settings.enrolment.folders else RESOLVE_PROJECTS_EVERY
        fresh = (
            self._resolved_at is not None
            and self._resolved_for == settings.digest
            and timedelta(0) <= now - self._resolved_at < lasts
        )
        if fresh:
            return self._projects
        try:
            found = self._resolve(settings)
        except GuardError as error:
            if not self._projects or self._resolved_for != settings.digest:
                raise
            log.warning(events.SCOPE_FAILED, detail=str(error))
            return self._projects
        known = {project.number for project in self._projects}
        if self._resolved_at is not None and self._resolved_for == settings.digest:
            self.added.extend(project for project in found if project.number not in known)
        self._projects, self._resolved_for, self._resolved_at = found, settings.digest, now
        return found

    def by_number(self, number: str) -> Project:
        """Return an enrolled project; raises NotFoundByName for one that is not (any more)."""
        for project in self._projects:
            if project.number == number:
                return project
        raise NotFoundByName(f"project {number} is not enrolled (any more).")

    def taken_up(self) -> Sequence[Project]:
        """Return the projects that appeared in a folder since the last call."""
        added, self.added = self.added, []
        return added

    def creators(
        self, projects: Sequence[Project], snapshot: Snapshot, now: datetime, *, write: bool
    ) -> Mapping[str, str]:
        """Return who made each endpoint, model and job, asking the audit log once for names not seen before."""
        if not self._loaded:
            self._creators = dict(self._ledger.creators())
            self._loaded = True
        names = [
            *(endpoint.name for endpoint in snapshot.endpoints),
            *(job.name for job in snapshot.jobs),
        ]
        unknown: dict[str, list[str]] = {}
        for name in names:
            if name not in self._creators and name not in self._asked:
                unknown.setdefault(name.split("/", 2)[1], []).append(name)
        for project in projects:
            wanted = unknown.get(project.number)
            if not wanted:
                continue
            self._asked.update(dict.fromkeys(wanted, now))
            try:
                found = self._audit.creators(project, wanted, now)
            except GuardError as error:
                # Owners are a courtesy of the log; the fallback is told meanwhile.
                log.info(events.SCOPE_FAILED, project=project.id, detail=f"audit log: {error}")
                continue
            self._creators.update(found)
            if write and found:
                self._ledger.save_creators(found)
        return self._creators

    def _resolve(self, settings: Settings) -> Sequence[Project]:
        enrolment = settings.enrolment
        found: dict[str, Project] = {}
        failed: list[GuardError] = []
        for wanted in enrolment.projects:
            try:
                found |= {project.number: project for project in self._inventory.projects([wanted])}
            except GuardError as error:
                # One project that is gone or forbidden stops nothing elsewhere; alone it is what a person has to hear.
                failed.append(error)
                before = [one for one in self._projects if wanted in {one.id, one.number}]
                if isinstance(error, RetryLater):
                    found |= {project.number: project for project in before}
                log.warning(events.SCOPE_FAILED, project=wanted, detail=str(error))
        if failed and not found and not enrolment.folders:
            raise failed[0]
        self.problems = tuple(failed)
        for folder in enrolment.folders:
            found |= {project.number: project for project in self._inventory.folder_projects(folder)}
        excluded = set(enrolment.exclude)
        return [project for project in found.values() if project.id not in excluded and project.number not in excluded]
