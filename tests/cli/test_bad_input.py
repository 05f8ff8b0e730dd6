"""Whatever is wrong: one message on stderr, a code that is not 0, no traceback, nothing on standard output, nothing lost."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket

import pytest

from tests.cli.world import Answer, Place, here, tuneguard

pytestmark = pytest.mark.xdist_group("cli")

WRONG_USE, UNKNOWN = 2, 3


def says(answer: Answer, code: int, *words: str) -> None:
    """One message of that code that holds the words."""
    assert (answer.code, answer.out) == (code, ""), answer.err
    assert answer.err.startswith("tuneguard: ")
    assert "Traceback" not in answer.err
    for word in words:
        assert word in answer.err


# the command line ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("stauts",), ('Did you mean "status"?', "`tuneguard --help`")),
        (("explain",), ("NAME", "`tuneguard explain --help`")),
        (("keep",), ("NAME",)),
        (("status", "extra"), ("found 'extra'",)),
        (("status", "--polcy", "x"), ("--policy",)),
        (("status", "--output", "xml"), ('"table", "json"',)),
        (("run", "--log-level", "loud"), ('"debug", "info", "warning", "error"',)),
        (("history", "--limit", "0"), ("--limit",)),
        (("history", "--limit", "many"), ("--limit",)),
        (("sandbox",), ("--scenario",)),
        (("demo", "--days", "0"), ("--days",)),
        (("restore",), ("Give NAME or --cycle ID",)),
        (("keep", "waiting", "--until", "2020-01-01"), ("is over already", "Nothing was kept")),
        (("keep", "waiting", "--until", "soon"), ("--until: found 'soon'", "Friday 18:00", "2026-12-01", "12h")),
        (("keep", "waiting", "--until", "5"), ("found '5'",)),
        (("keep", "waiting", "--until", "next friday"), ("may mean Friday 2026-11-06", "or Friday 2026-11-13")),
        (("keep", "waiting", "--until", "tomorrow", "--tz", "Mars"), ("--tz: found 'Mars'", "Europe/Madrid")),
        (("keep", "waiting", "--until", "2026-02-30"), ("found '2026-02-30'",)),
        (("keep", "waiting", "--until", "99999999999999d"), ("found '99999999999999d'",)),
        (("keep", "nothing-of-that-name"), ("names nothing", "status --all")),
        (("keep", "waitin"), ("Did you mean waiting",)),
        (("keep", "twins"), ("names 2 things", "/endpoints/1005/", "/endpoints/1006/")),
        (("keep", " "), ("The name is empty",)),
        (("explain", ""), ("The name is empty",)),
        (("restore", "busy"), ("names nothing that was removed", "Removed: forgotten-gpu.")),
        (("restore", "--cycle", "c-1"), ("removed nothing that the ledger knows",)),
        (("plan", "--against", "absent.yaml"), ("absent.yaml: there is no such file",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_wrong_command_line_says_what_would_be_right(
    place: Place, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    says(place.here(*arguments), WRONG_USE, *words)


def test_a_process_that_was_misused_ends_with_code_2(place: Place) -> None:
    says(place("stauts"), WRONG_USE, 'Did you mean "status"?')


# guard.yaml ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ("there is no such file", "tuneguard init")),
        (b"", ("an empty file",)),
        (b"just words", ("'just words'", "Expected keys")),
        (b"- a\n- b\n", ("a list",)),
        (b"[1, 2", ("guard.yaml:1:6", "is no YAML")),
        (b"mode: observe\n\xff\xfe", ("is not UTF-8", "byte 14")),
        (b"mode: observe\nprojects: [a\x01b]\n", ("guard.yaml:2: holds the character U+0001",)),
        (b"a: 1\na: 2\n", ("guard.yaml:2:1: the key a stands twice",)),
        (b"a: 1\n---\nb: 1\n", ("a second document begins here",)),
        (b"a: *other\n", ("undefined alias",)),
        (b"#" * 1_000_001, ("larger than 1,000,000 bytes",)),
        (b"1: 2\n", ("1: is not a known key",)),
        (b"? [a, b]\n: c\n", ("('a', 'b'): is not a known key",)),
        (b"[" * 300, ("is no YAML",)),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else None,
)
def test_an_unreadable_file_says_where_and_why(tmp_path: Path, content: bytes | None, words: tuple[str, ...]) -> None:
    if content is not None:
        (tmp_path / "guard.yaml").write_bytes(content)

    says(here("config", "check", folder=tmp_path, environment={}), WRONG_USE, *words)


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    says(here("config", "check", "--config", ".", folder=tmp_path, environment={}), WRONG_USE, "is a folder")


def test_every_problem_of_a_file_is_told_at_once(copied: Place) -> None:
    copied.change("notify_before: 2h", "notify_before: 2")
    copied.change("mode: enforce", "mode: destroy")
    copied.change("wait: never", "wiat: never")

    answer = copied.here("config", "check")

    says(answer, WRONG_USE, "guard.yaml:1:1: mode: found 'destroy'", "policies[prod].wiat: is not a known key")
    assert "policies[default].notify_before: found 2, a number without a unit" in answer.err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("name: prod", "name: default", ("found 'default' a second time", "guard.yaml:10:5")),
        ("{labels: {env: prod}}", "all", ("policies[default]", "can never match")),
        ('ops: "SINK"', 'chat: "SINK"', ("owners.fallback: found 'ops'", "a name under notify")),
        ('ops: "SINK"', 'ops: "${NO_SUCH_NAME}"', ("notify.ops: needs ${NO_SUCH_NAME}",)),
        ("bucket: gs://guard", "", ("bucket: missing", "gs://BUCKET")),
    ],
)
def test_what_only_shows_when_fields_are_read_together_is_told(
    copied: Place, old: str, new: str, words: tuple[str, ...]
) -> None:
    copied.change(old.replace("SINK", copied.harness.sink.url), new.replace("SINK", copied.harness.sink.url))

    says(copied.here("config", "check"), WRONG_USE, *words)


@pytest.mark.parametrize("url", ["nonsense", "nosuchkind://host", "http://", "slack://", ""])
def test_a_wrong_notify_url_is_told_before_anything_starts(copied: Place, url: str) -> None:
    copied.change(f'ops: "{copied.harness.sink.url}"', f'ops: "{url}"')

    says(copied.here("run", "--once"), WRONG_USE, "notify.ops")
    says(copied.here("config", "check"), WRONG_USE, "notify.ops")


def test_a_misspelt_variable_is_not_ignored(copied: Place) -> None:
    answer = copied.here("config", "check", TUNEGUARD_LEGDER="sqlite:///x.db")

    says(answer, WRONG_USE, "found TUNEGUARD_LEGDER, which nothing reads", "TUNEGUARD_LEDGER")


def test_init_keeps_a_file_that_is_there(copied: Place) -> None:
    before = copied.config.read_bytes()

    says(copied.here("init"), WRONG_USE, "exists already and was kept", "--force")
    assert copied.config.read_bytes() == before


def test_init_writes_where_one_stands_and_not_over_what_the_environment_names(copied: Place, tmp_path: Path) -> None:
    before = copied.config.read_bytes()
    (elsewhere := tmp_path / "elsewhere").mkdir()

    answer = here("init", "--force", folder=elsewhere, environment={"TUNEGUARD_CONFIG": str(copied.config)})

    assert answer.code == 0
    assert (elsewhere / "guard.yaml").is_file()
    assert copied.config.read_bytes() == before


def test_init_refuses_a_project_that_cannot_be_one(tmp_path: Path) -> None:
    says(
        here("init", "--project", "bad project", folder=tmp_path, environment={}),
        WRONG_USE,
        "--project",
        "'bad project'",
    )
    assert list(tmp_path.iterdir()) == []


def test_init_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for target in ("absent/guard.yaml", "file/guard.yaml"):
        says(here("init", "--config", target, folder=tmp_path, environment={}), WRONG_USE, "cannot be written")


# the ledger ------------------------------------------------------------------------------------------------------------


def test_without_a_ledger_it_is_not_known_and_none_is_made(copied: Place) -> None:
    copied.ledger.unlink()

    for command in (("status",), ("plan",), ("explain", "busy"), ("keep", "busy"), ("db", "info"), ("db", "verify")):
        says(copied.here(*command), UNKNOWN, "There is no ledger", "tuneguard run --once")
    assert not copied.ledger.exists()


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("mysql://host/db", UNKNOWN, ("mysql://", "Expected sqlite:///PATH")),
        ("nonsense", UNKNOWN, ("could not be read", "Expected sqlite:///PATH")),
        ("sqlite://", UNKNOWN, ("in memory",)),
        ("sqlite:////dev/null/x.db", UNKNOWN, ("There is no ledger",)),
    ],
)
def test_an_unusable_ledger_url_says_what_is_expected(
    place: Place, url: str, code: int, words: tuple[str, ...]
) -> None:
    says(place.here("status", TUNEGUARD_LEDGER=url), code, *words)


def test_an_empty_file_is_no_ledger_and_stays_empty(place: Place, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()

    says(place.here("status", TUNEGUARD_LEDGER=f"sqlite:///{tmp_path}/empty.db"), UNKNOWN, "There is no ledger")
    assert (tmp_path / "empty.db").stat().st_size == 0


def test_an_unreachable_database_is_told_without_its_password(place: Place) -> None:
    pytest.importorskip("psycopg")

    answer = place.here("status", TUNEGUARD_LEDGER=f"postgresql://ada:hunter2@127.0.0.1:{_closed_port()}/tuneguard")

    says(answer, UNKNOWN, "cannot be reached")
    assert "hunter2" not in answer.err


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", ("is from a newer version", "Update Tuneguard")),
        ("UPDATE alembic_version SET version_num = '0001'", ("has schema 0001", "tuneguard db upgrade")),
        ("DROP TABLE alembic_version", ("There is no ledger",)),
    ],
)
def test_a_ledger_of_another_version_is_left_as_it_is(copied: Place, tamper: str, words: tuple[str, ...]) -> None:
    copied.execute(tamper)
    before = _rows(copied)

    for command in (("status",), ("keep", "busy")):
        says(copied.here(*command), UNKNOWN, *words)
    assert _rows(copied) == before


def test_a_newer_ledger_is_never_downgraded(copied: Place) -> None:
    copied.execute("UPDATE alembic_version SET version_num = '9999'")

    for command in (("run", "--once"), ("db", "upgrade")):
        says(copied.here(*command), UNKNOWN, "is from a newer version of Tuneguard", "Nothing was changed")


def test_a_ledger_of_another_world_is_refused(copied: Place) -> None:
    copied.execute("UPDATE ledger SET world = 'real'")

    says(copied.here("run", "--once"), UNKNOWN, "belongs to the world real, this run is in sandbox:cli")


def test_a_file_of_something_else_is_no_ledger_and_is_left_alone(copied: Place) -> None:
    content = b"words " * 400
    copied.ledger.write_bytes(content)

    for command in (("status",), ("run", "--once"), ("db", "upgrade")):
        says(copied.here(*command), UNKNOWN, "no SQLite database")
    assert copied.ledger.read_bytes() == content


def test_a_locked_ledger_is_told_after_its_time_out(copied: Place) -> None:
    copied.execute("UPDATE lease SET expires_ms = 0")
    with closing(sqlite3.connect(copied.ledger, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert copied.here("status").code == 0, "reading goes on"
        says(copied.here("keep", "busy"), UNKNOWN, "is locked by another process; nothing was changed")
        looked = copied.here("run", "--once")
        assert (looked.code, looked.out) == (UNKNOWN, "")
        assert "tuneguard: The ledger" in looked.err
        assert "another daemon" not in looked.err

    assert copied.here("unkeep", "busy").code == 1, "nothing was kept"


# the cloud -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes calls and never answers."""
    with socket(AF_INET, SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_without_credentials_it_says_so_and_does_not_hang(copied: Place, silent: str) -> None:
    """Google's library looks for a metadata server; one that never answers must not hold the command up."""
    began = time.monotonic()

    answer = tuneguard(
        "run",
        "--once",
        folder=copied.folder,
        environment={"GCE_METADATA_HOST": silent, "GCE_METADATA_IP": silent, "GCE_METADATA_TIMEOUT": "1"},
    )

    says(answer, UNKNOWN, "No Google credentials were found", "gcloud auth application-default login")
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("http://127.0.0.1:CLOSED", UNKNOWN, ("No sandbox answers", "tuneguard sandbox --scenario")),
        ("http://example.com", WRONG_USE, ("'example.com' is refused",)),
        ("nonsense", WRONG_USE, ("is refused",)),
    ],
)
def test_a_sandbox_that_is_not_there_is_told(copied: Place, url: str, code: int, words: tuple[str, ...]) -> None:
    url = url.replace("CLOSED", str(_closed_port()))

    for command in (("run", "--once"), ("keep", "busy")):
        says(copied.here(*command, TUNEGUARD_SANDBOX=url), code, *words)


def test_a_scenario_that_is_not_there_is_told(tmp_path: Path) -> None:
    answer = here("sandbox", "--scenario", "absent.yaml", folder=tmp_path, environment={})

    assert (answer.code, answer.out) == (WRONG_USE, "")
    assert "absent.yaml: cannot be read" in answer.err


@pytest.mark.parametrize("project", ["no-such-project", "demo-closed"], ids=["does not exist", "is forbidden"])
def test_a_project_that_cannot_be_found_is_told_and_nothing_is_recorded(copied: Place, project: str) -> None:
    copied.change("demo-product]", f"demo-product, {project}]")

    before = _rows(copied)

    says(copied.here("plan", "--fresh"), UNKNOWN, f"Project {project!r} does not exist, or", "Check its spelling")
    found = copied.here("doctor")
    assert found.code == 1
    assert project in found.out
    assert _rows(copied) == before


def test_doctor_without_a_cloud_tells_it_in_its_own_form(copied: Place) -> None:
    answer = copied.here("doctor", "-o", "json", TUNEGUARD_SANDBOX=f"http://127.0.0.1:{_closed_port()}")

    assert (answer.code, answer.err) == (UNKNOWN, "")
    assert answer.document["healthy"] is False
    assert "No sandbox answers" in answer.document["findings"][-1]["detail"]


def _closed_port() -> int:
    with socket(AF_INET, SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _rows(place: Place) -> list[str]:
    with closing(sqlite3.connect(place.ledger)) as connection:
        return list(connection.iterdump())
