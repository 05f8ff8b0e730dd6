"""Where a ledger lives: its URL read and checked, whether that place outlives the process, whether SQLite can work there."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from guard.ports.errors import LedgerUnusable

EXPECTED = "Expected sqlite:///PATH (four slashes for an absolute path) or postgresql://HOST/DATABASE."

# File systems without the shared memory and locks that SQLite's write-ahead log needs (sqlite.org/wal.html, read 2026-11-24).
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gpfs", "ncpfs", "beegfs"}
)
# FUSE mounts that stand for a bucket or another machine.
NETWORK_FUSE = (
    "fuse.sshfs",
    "fuse.gcsfuse",
    "fuse.s3fs",
    "fuse.glusterfs",
    "fuse.rclone",
    "fuse.ceph",
    "fuse.blobfuse",
)
# They go with the machine's memory or with the container.
PASSING_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs", "overlay", "aufs", "devtmpfs"})


@dataclass(frozen=True, slots=True)
class Place:
    """A ledger's address. `file` is None for PostgreSQL and for a ledger in memory; `shown` never holds a password."""

    url: URL
    shown: str
    file: Path | None

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def in_memory(self) -> bool:
        return self.is_sqlite and self.file is None


def parse(url: str) -> Place:
    """Read a ledger URL; raises LedgerUnusable for one that names no SQLite file and no PostgreSQL database."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise LedgerUnusable("The ledger's URL could not be read.", hint=EXPECTED) from error
    match backend:
        case "sqlite":
            if parsed.host or parsed.username:
                raise LedgerUnusable(
                    f"The ledger's URL names a host ({parsed.host or 'with a user'}), which SQLite has not.",
                    hint=EXPECTED,
                )
            if parsed.database in {None, "", ":memory:"}:
                return Place(make_url("sqlite://"), "sqlite:// (in memory)", None)
            file = Path(str(parsed.database)).expanduser().absolute()
            return Place(URL.create("sqlite", database=str(file)), f"sqlite:///{file}", file)
        case "postgresql" | "postgres":
            # PgBouncer and socket directories are given in the query, which may hold a password too: it is never shown.
            shown = parsed.set(query={}, drivername="postgresql").render_as_string(hide_password=True)
            return Place(parsed.set(drivername="postgresql+psycopg"), shown, None)
        case other:
            raise LedgerUnusable(f"The ledger's URL begins with {other}://, which is not supported.", hint=EXPECTED)


def outlives_process(place: Place, *, mounts: Path = Path("/proc/self/mountinfo")) -> bool:
    """True for PostgreSQL, and for a SQLite file on a disk that is neither temporary nor a container's own layer."""
    if place.file is None:
        return not place.is_sqlite
    if any(place.file.is_relative_to(folder) for folder in _temporary_folders()):
        return False
    return file_system(place.file, mounts=mounts) not in PASSING_FILE_SYSTEMS


def refuse_network_file_system(file: Path, *, mounts: Path = Path("/proc/self/mountinfo")) -> None:
    """Raise LedgerUnusable where a SQLite file would lie on a network file system."""
    kind = file_system(file, mounts=mounts)
    if kind in NETWORK_FILE_SYSTEMS or kind.startswith(NETWORK_FUSE):
        raise LedgerUnusable(
            f"The ledger {file} lies on a network file system ({kind}), where SQLite loses data without a word.",
            hint="Put it on a local disk, or use PostgreSQL (ledger: in guard.yaml).",
        )


def file_system(file: Path, *, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """Return the kind of file system that holds a path, or "" where the machine does not tell (not Linux)."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    target = file.resolve()
    best, kind = -1, ""
    for line in lines:
        # 36 35 98:0 /root /mount/point options... - type source superoptions   (proc_pid_mountinfo(5))
        head, _, tail = line.partition(" - ")
        fields = head.split(" ")
        if len(fields) < 5 or not tail:
            continue
        point = Path(fields[4].replace("\\040", " "))
        # Of two mounts on one point the later one is on top.
        if target.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), tail.split(" ", 1)[0]
    return kind


def _temporary_folders() -> tuple[Path, ...]:
    known = ("/tmp", "/var/tmp", "/dev/shm", "/run")  # noqa: S108  # recognised here, not written to
    return (Path(tempfile.gettempdir()).resolve(), *map(Path, known))
