"""A PostgreSQL server for tests: a private cluster on a Unix socket, started once for each test process.

`TUNEGUARD_TEST_POSTGRES` (a URL of a server on which databases may be created) is used instead where it is set. Where no
server is installed, the tests that need one skip themselves; in CI (`CI=true`) they fail instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.engine import URL, make_url

LOCKED_ROLE = "locked"
"""A role that must give its password, to test what a wrong one leads to."""
LOCKED_PASSWORD = "correct-horse"


@dataclass(frozen=True)
class PostgresServer:
    """A running server, named by the URL of its maintenance database."""

    url: URL
    is_private: bool

    def new_database(self, *, like: str | None = None) -> str:
        """Create a database, empty or a copy of the one at the URL `like`, and return its URL."""
        name = f"t_{uuid.uuid4().hex}"
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{make_url(like).database if like else "template0"}"')
        return self.url_of(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected."""
        self.run(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def url_of(self, database: str, **parts: str) -> str:
        """Return the URL of a database of this server."""
        return self.url.set(database=database, **parts).render_as_string(hide_password=False)

    def run(self, statement: str) -> None:
        """Run one statement outside a transaction."""
        import psycopg

        dsn = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The server; skips (in CI: fails) where there is none."""
    given = os.environ.get("TUNEGUARD_TEST_POSTGRES")
    if given:
        yield PostgresServer(make_url(given).set(drivername="postgresql+psycopg"), is_private=False)
        return
    binaries = _binaries()
    if binaries is None:
        why = "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    memory = Path("/dev/shm")  # where there is one: creating and dropping databases is mostly waiting for the disk
    # A short path: a socket's name holds about 100 characters.
    home = Path(tempfile.mkdtemp(prefix="tg-pg-", dir=memory if memory.is_dir() else None))
    user = _allowed_user(home)
    try:
        _start(binaries, home, user)
        yield PostgresServer(
            URL.create("postgresql+psycopg", username="postgres", database="postgres", query={"host": str(home)}),
            is_private=True,
        )
    finally:
        _call(binaries / "pg_ctl", "-D", str(home / "data"), "-m", "immediate", "stop", user=user, check=False)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database, dropped after the test."""
    url = postgres_server.new_database()
    yield url
    postgres_server.drop(url)


def _binaries() -> Path | None:
    """Return the folder with the newest installed server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path and shutil.which("pg_ctl") else None


def _allowed_user(home: Path) -> str | None:
    """The server refuses to run as root: then user postgres, who gets the folder."""
    if os.geteuid() != 0:
        return None
    shutil.chown(home, "postgres", "postgres")
    return "postgres"


def _start(binaries: Path, home: Path, user: str | None) -> None:
    data = home / "data"
    _call(
        binaries / "initdb",
        "-D",
        str(data),
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
        user=user,
    )
    access = data / "pg_hba.conf"
    access.write_text(f"local all {LOCKED_ROLE} scram-sha-256\n{access.read_text()}")
    # A test cluster may lose its data: nothing waits for the disk. Socket only, so no port can be taken.
    options = f"-k {home} -c listen_addresses= -c fsync=off -c full_page_writes=off -c shared_buffers=32MB"
    _call(
        binaries / "pg_ctl",
        "-D",
        str(data),
        "-l",
        str(home / "log"),
        "-w",
        "-t",
        "60",
        "-o",
        options,
        "start",
        user=user,
    )
    psql = (
        "-h",
        str(home),
        "-U",
        "postgres",
        "-q",
        "-c",
        f"CREATE ROLE {LOCKED_ROLE} LOGIN PASSWORD '{LOCKED_PASSWORD}'",
    )
    _call(binaries / "psql", *psql, user=user)


def _call(program: Path, *arguments: str, user: str | None, check: bool = True) -> None:
    as_user = {"user": user, "group": user, "extra_groups": []} if user else {}
    done = subprocess.run(
        [str(program), *arguments],
        cwd="/",
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if "start" not in arguments else subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=120,
        **as_user,
    )
    if check and done.returncode != 0:
        raise RuntimeError(f"{program.name} failed: {(done.stdout or b'').decode(errors='replace')}")
