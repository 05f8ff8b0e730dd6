"""What a database driver raised, as one of ours: busy (retry) or unusable (a person). A password is never shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from guard.ledger.place import Place
from guard.ports.errors import GuardError, LedgerBusy, LedgerUnusable

# (what the driver says, what we say, what to do); the first that fits. SQLite: result codes' texts (sqlite.org/rescode.html);
# PostgreSQL: libpq's and the server's messages in English, besides the SQLSTATEs below.
_SQLITE = (
    (
        "file is not a database",
        "is not a ledger: the file is no SQLite database.",
        "Name another file (ledger: in guard.yaml).",
    ),
    ("malformed", "is damaged.", "Restore it from a backup, then `tuneguard db adopt`."),
    ("readonly database", "cannot be written.", "Give the guard's user write permission on the file and its folder."),
    (
        "unable to open",
        "cannot be opened.",
        "Check that its folder is there and that the guard's user may write to it.",
    ),
    ("disk is full", "has no space left.", "Free space on its disk; nothing was changed."),
)
_POSTGRES_STATES = {
    "28P01": ("refused the password.", "Check the user and password in TUNEGUARD_LEDGER."),
    "28000": ("refused the user.", "Check the user in TUNEGUARD_LEDGER and the server's pg_hba.conf."),
    "3D000": ("does not exist.", "Create the database, or name another one (ledger: in guard.yaml)."),
    "42501": ("does not let this user in.", "Grant the guard's user its rights on the schema."),
    "25006": ("is read-only.", "Point the guard at the primary server."),
}
_POSTGRES_WORDS = (
    ("password authentication failed", *_POSTGRES_STATES["28P01"]),
    ("no password supplied", *_POSTGRES_STATES["28P01"]),
    ("does not exist", *_POSTGRES_STATES["3D000"]),
)
_BUSY_STATES = frozenset({"55P03", "40001", "40P01", "57P03", "53300", "25P03", "57P01"})


@contextmanager
def translated(place: Place) -> Iterator[None]:
    """Raise LedgerBusy or LedgerUnusable for what the database says; errors that are bugs of ours pass unchanged."""
    try:
        yield
    except PoolTimeout as error:
        raise LedgerBusy(f"The ledger {place.shown} has no free connection.") from error
    except DBAPIError as error:
        ours = _translate(place, error)
        if ours is None:
            raise
        raise ours from error


def _translate(place: Place, error: DBAPIError) -> GuardError | None:
    said = str(error.orig)
    if place.is_sqlite:
        return _from_sqlite(place, said)
    state = getattr(error.orig, "sqlstate", None)
    if state in _BUSY_STATES:
        return LedgerBusy(f"The ledger {place.shown} is busy or restarting ({state}); nothing was changed.")
    if state in _POSTGRES_STATES:
        what, hint = _POSTGRES_STATES[state]
        return LedgerUnusable(f"The ledger {place.shown} {what}", hint=hint)
    if state is None and isinstance(error, OperationalError):
        for words, what, hint in _POSTGRES_WORDS:
            if words in said:
                return LedgerUnusable(f"The ledger {place.shown} {what}", hint=hint)
        if error.connection_invalidated:
            return LedgerBusy(
                f"The connection to the ledger {place.shown} was lost; the next cycle looks what became of it."
            )
        return LedgerUnusable(
            f"The ledger {place.shown} cannot be reached.",
            hint="Check that the server runs and that its host and port are right.",
        )
    if isinstance(error, ProgrammingError) and state == "42P01":
        return LedgerUnusable(f"The ledger {place.shown} lacks a table.", hint="Run `tuneguard db upgrade`.")
    return None


def _from_sqlite(place: Place, said: str) -> GuardError | None:
    if "is locked" in said or "is busy" in said:
        return LedgerBusy(f"The ledger {place.shown} is locked by another process; nothing was changed.")
    for words, what, hint in _SQLITE:
        if words in said:
            return LedgerUnusable(f"The ledger {place.shown} {what}", hint=hint)
    if "no such table" in said or "no such column" in said:
        return LedgerUnusable(f"The ledger {place.shown} lacks a table or column.", hint="Run `tuneguard db upgrade`.")
    return None
