"""The ledger on SQLAlchemy: one class made of its parts, and how to open it."""

from __future__ import annotations

from datetime import timedelta

from guard.ledger import place as places
from guard.ledger import schema
from guard.ledger.acts import Acts
from guard.ledger.bills import Bills
from guard.ledger.cycles import Cycles
from guard.ledger.door import Door
from guard.ledger.engine import BUSY_TIMEOUT, Database
from guard.ledger.glance import Glances
from guard.ledger.google import GoogleNotices
from guard.ledger.identity import Identity
from guard.ledger.intents import Intents
from guard.ledger.leader import Leader
from guard.ledger.money import Accounts
from guard.ledger.notices import Notices
from guard.ledger.people import People
from guard.ledger.place import Place
from guard.ledger.quotes import BilledThings, Quotes
from guard.ledger.replicas import ReplicaRecord
from guard.ledger.sightings import Sightings
from guard.ledger.upkeep import Upkeep
from guard.ledger.view import View
from guard.ports.errors import LedgerUnusable


class SqlLedger(
    Identity,
    Leader,
    People,
    Sightings,
    ReplicaRecord,
    Cycles,
    View,
    Acts,
    Intents,
    Notices,
    Accounts,
    Quotes,
    BilledThings,
    Bills,
    GoogleNotices,
    Glances,
    Upkeep,
    Door,
):
    """guard.ports.ledger.Ledger on SQLite or PostgreSQL. Safe to share between threads; open it with open_ledger()."""

    def close(self) -> None:
        self._database.close()


def open_ledger(
    url: str,
    *,
    world: str,
    create: bool = True,
    durable_hint: bool | None = None,
    busy_timeout: timedelta = BUSY_TIMEOUT,
) -> SqlLedger:
    """Open a ledger, make it or bring its schema up to date.

    Args:
        url: `sqlite:///PATH`, `sqlite://` (in memory) or `postgresql://...`.
        world: `real` or `sandbox:ID`; a ledger belongs to one world for good.
        create: False refuses where there is no ledger yet.
        durable_hint: What a person says about a SQLite file's disk: True where it outlives the process although it does
            not look like it, False where it does not. None: judged by its place. Nothing makes a ledger in memory durable.
        busy_timeout: How long a writer waits for its turn (machine time).

    Raises:
        LedgerBusy: Another process holds the database's lock.
        LedgerUnusable: Unreachable, refused, not a ledger, of a newer version, of another world, or not there.
    """
    place = places.parse(url)
    if place.file is not None:
        _check_file(place, create=create)
    database = Database(place, busy_timeout=busy_timeout)
    try:
        schema.prepare(database, world=world, create=create)
    except BaseException:
        database.close()
        raise
    durable = places.outlives_process(place) if durable_hint is None or place.file is None else durable_hint
    return SqlLedger(database, durable=durable)


def _check_file(place: Place, *, create: bool) -> None:
    file = place.file
    assert file is not None  # noqa: S101  # the caller has looked
    if file.is_dir():
        raise LedgerUnusable(
            f"The ledger {place.shown} is a directory.", hint="Name a file in it (ledger: in guard.yaml)."
        )
    places.refuse_network_file_system(file)
    if not file.exists():
        if not create:
            raise schema.no_ledger(place)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerUnusable(
                f"The ledger's folder {file.parent} cannot be made ({error.strerror}).",
                hint="Make it, or name another place (ledger: in guard.yaml).",
            ) from error
