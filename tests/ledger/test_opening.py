"""Opening a ledger: what is made, what is refused, and with which words."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from guard.ledger import open_ledger
from guard.ledger.place import file_system, outlives_process, parse, refuse_network_file_system
from guard.ports.errors import LedgerBusy, LedgerUnusable
from tests.ledger.build import NOW, WORLD
from tests.postgres import LOCKED_ROLE, PostgresServer


def test_a_new_ledger_knows_who_it_is_and_is_found_again(url: str) -> None:
    first = open_ledger(url, world=WORLD)
    told = first.info()
    first.close()
    again = open_ledger(url, world=WORLD, create=False)

    assert again.info() == told
    assert (told.world, told.adopted_by, told.last_write) == (WORLD, None, 0)
    again.close()


def test_another_world_is_refused(url: str) -> None:
    open_ledger(url, world="sandbox:a").close()

    with pytest.raises(LedgerUnusable, match="belongs to the world sandbox:a, this run is in real") as caught:
        open_ledger(url, world="real")
    assert "never changes worlds" in caught.value.hint


def test_a_newer_schema_is_refused_and_left_alone(url: str) -> None:
    open_ledger(url, world=WORLD).close()
    engine = create_engine(parse(url).url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(LedgerUnusable, match=r"newer version of Tuneguard \(schema 9999") as caught:
        open_ledger(url, world=WORLD)
    assert "Nothing was changed" in caught.value.hint
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
    engine.dispose()


def test_a_ledger_that_is_not_there_is_not_made_unasked(url: str) -> None:
    with pytest.raises(LedgerUnusable, match="There is no ledger at") as caught:
        open_ledger(url, world=WORLD, create=False)
    assert "run --once" in caught.value.hint


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but somebody's notes\n" * 40)

    with pytest.raises(LedgerUnusable, match="is no SQLite database"):
        open_ledger(f"sqlite:///{file}", world=WORLD)
    assert file.read_text().startswith("not a database")


def test_another_programs_database_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE invoices (id INTEGER)")
    other.close()

    with pytest.raises(LedgerUnusable, match=r"something else \(it has a table invoices\)"):
        open_ledger(f"sqlite:///{file}", world=WORLD)
    with sqlite3.connect(file) as other:
        assert [row[0] for row in other.execute("SELECT name FROM sqlite_master")] == ["invoices"]
    other.close()


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnusable, match="is a directory"):
        open_ledger(f"sqlite:///{tmp_path}", world=WORLD)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerUnusable, match=r"folder .* cannot be made"):
        open_ledger(f"sqlite:///{tmp_path}/file/ledger.db", world=WORLD)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can step down to a user without rights here")
def test_a_folder_without_write_permission_is_said(tmp_path: Path) -> None:
    """As user nobody, since root may write everywhere."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o755)
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 0o001:  # pytest's own folders are for the user only
            folder.chmod(folder.stat().st_mode | 0o011)
    program = (
        "import os\n"
        "from guard.ledger import open_ledger\n"
        "from guard.ports.errors import LedgerUnusable\n"
        "open_ledger('sqlite://', world='real').close()  # loads what nobody may read\n"
        "os.setuid(65534)\n"
        "try:\n"
        f"    open_ledger('sqlite:///{closed}/ledger.db', world='real')\n"
        "except LedgerUnusable as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert "cannot be opened. Check that its folder is there" in done.stdout, done.stderr


def test_a_locked_file_is_busy_not_broken(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    open_ledger(url, world=WORLD).close()
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ledger = open_ledger(url, world=WORLD, busy_timeout=timedelta(milliseconds=50))

    with pytest.raises(LedgerBusy, match="locked by another process; nothing was changed"):
        ledger.pause("ada@example.com", "incident", NOW)
    other.execute("ROLLBACK")
    other.close()
    ledger.pause("ada@example.com", "incident", NOW)
    assert ledger.paused() is not None
    ledger.close()


def test_a_wrong_password_is_said_and_never_shown(postgres_server: PostgresServer) -> None:
    if not postgres_server.is_private:
        pytest.skip("the given server may have other rules for passwords")
    url = postgres_server.url_of("postgres", username=LOCKED_ROLE, password="battery-staple")

    with pytest.raises(LedgerUnusable, match="refused the password") as caught:
        open_ledger(url, world=WORLD)
    assert "battery-staple" not in str(caught.value)


def test_a_database_that_does_not_exist_is_said(postgres_server: PostgresServer) -> None:
    with pytest.raises(LedgerUnusable, match="does not exist"):
        open_ledger(postgres_server.url_of("no_such_database"), world=WORLD)


def test_an_unreachable_server_is_said_without_its_password() -> None:
    with pytest.raises(
        LedgerUnusable, match=r"postgresql://guard:\*\*\*@127.0.0.1:9/ledger cannot be reached"
    ) as caught:
        open_ledger("postgresql://guard:battery-staple@127.0.0.1:9/ledger?connect_timeout=2", world=WORLD)
    assert "battery-staple" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://localhost/ledger", "begins with mysql://"),
        ("ledger.db", "could not be read"),
        ("sqlite://server/ledger.db", "names a host"),
    ],
)
def test_a_url_of_nothing_we_know_is_refused(url: str, words: str) -> None:
    with pytest.raises(LedgerUnusable, match=words) as caught:
        open_ledger(url, world=WORLD)
    assert "Expected sqlite:///PATH" in caught.value.hint


def _mounts(tmp_path: Path, kind: str) -> Path:
    table = tmp_path / "mountinfo"
    table.write_text(
        "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        f"36 21 0:32 / /data/led\\040ger rw,relatime shared:2 - {kind} server:/export rw\n"
    )
    return table


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "fuse.gcsfuse"])
def test_sqlite_on_a_network_file_system_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(LedgerUnusable, match=rf"network file system \({kind}\)"):
        refuse_network_file_system(Path("/data/led ger/ledger.db"), mounts=_mounts(tmp_path, kind))
    refuse_network_file_system(Path("/data/ledger.db"), mounts=_mounts(tmp_path, kind))


@pytest.mark.parametrize(("kind", "lasts"), [("ext4", True), ("xfs", True), ("tmpfs", False), ("overlay", False)])
def test_a_disk_that_goes_with_the_process_is_not_durable(tmp_path: Path, kind: str, lasts: bool) -> None:
    place = parse("sqlite:////data/led ger/ledger.db")

    assert file_system(Path("/data/led ger/ledger.db"), mounts=_mounts(tmp_path, kind)) == kind
    assert outlives_process(place, mounts=_mounts(tmp_path, kind)) is lasts


def test_a_temporary_folder_is_not_durable_unless_a_person_says_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    for hint, durable in ((None, False), (True, True), (False, False)):
        ledger = open_ledger(url, world=WORLD, durable_hint=hint)
        assert ledger.info().durable is durable
        ledger.close()


def test_a_ledger_in_memory_works_and_is_never_durable() -> None:
    ledger = open_ledger("sqlite://", world=WORLD, durable_hint=True)
    ledger.pause("ada@example.com", "incident", NOW)

    assert ledger.paused() is not None
    assert ledger.info().durable is False
    ledger.close()


def test_postgresql_is_durable(postgres_url: str) -> None:
    ledger = open_ledger(postgres_url, world=WORLD)
    assert ledger.info().durable is True
    ledger.close()
