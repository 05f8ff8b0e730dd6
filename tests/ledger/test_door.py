"""The page's door in the ledger, on both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from guard.core.access import Identity, Login, Role
from guard.ledger import SqlLedger
from guard.ports.door import ApiToken, AuditEntry, Session
from tests.ledger.build import DAY, HOUR, NOW

ADA = Identity(login=Login.OIDC, name="ada", email="ada@example.com", groups=frozenset({"a", "b"}))
SESSION = Session(digest="d1", identity=ADA, made_at=NOW, seen_at=NOW, ends_at=NOW + 12 * HOUR)
TOKEN = ApiToken(
    name="ci",
    digest="t1",
    role=Role.OWNER,
    owns=frozenset({"ml", "nlp"}),
    made_by="ada",
    made_at=NOW,
    expires_at=NOW + DAY,
)
ENTRY = AuditEntry(
    at=NOW, request="r1", who="ada", via="session d1", what="keep", subject="s", why="w", outcome="asked", detail="d"
)


def test_a_session_comes_back_as_it_was_and_is_gone_when_it_ended(fresh: SqlLedger) -> None:
    fresh.open_session(SESSION)
    assert fresh.session("d1") == SESSION
    assert fresh.session("d2") is None
    fresh.touch_session("d1", NOW + HOUR)
    assert fresh.session("d1") == replace(SESSION, seen_at=NOW + HOUR)
    fresh.end_session("d1")
    assert fresh.session("d1") is None


def test_sessions_that_are_over_are_dropped_when_one_begins(fresh: SqlLedger) -> None:
    fresh.open_session(SESSION)
    later = NOW + 12 * HOUR
    fresh.open_session(replace(SESSION, digest="d2", made_at=later, seen_at=later, ends_at=later + HOUR))
    assert fresh.session("d1") is None
    assert fresh.session("d2") is not None


def test_a_secret_is_taken_once_for_its_own_purpose_and_in_time(fresh: SqlLedger) -> None:
    quarter = timedelta(minutes=15)
    fresh.put_secret("link", "k1", {"name": "ada"}, NOW, quarter)
    fresh.put_secret("link", "k2", {"name": "ada"}, NOW, quarter)
    assert fresh.take_secret("oidc", "k1", NOW) is None
    assert fresh.take_secret("link", "k1", NOW + timedelta(minutes=14)) == {"name": "ada"}
    assert fresh.take_secret("link", "k1", NOW) is None
    assert fresh.take_secret("link", "k2", NOW + quarter) is None


def test_of_many_who_take_a_secret_at_once_one_gets_it(fresh: SqlLedger) -> None:
    fresh.put_secret("link", "k1", {"name": "ada"}, NOW, HOUR)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: fresh.take_secret("link", "k1", NOW), range(8)))
    assert [one for one in taken if one is not None] == [{"name": "ada"}]


def test_a_token_comes_back_without_its_secret_and_its_name_is_used_once(fresh: SqlLedger) -> None:
    assert fresh.add_token(TOKEN)
    assert fresh.token("t1") == TOKEN
    assert not fresh.add_token(replace(TOKEN, digest="t2"))
    assert fresh.token("t2") is None
    fresh.touch_token("t1", NOW + HOUR)
    assert fresh.revoke_token("ci", "bob", NOW + HOUR)
    assert not fresh.revoke_token("ci", "eve", NOW + 2 * HOUR)
    [found] = fresh.tokens()
    assert (found.used_at, found.revoked_at, found.revoked_by) == (NOW + HOUR, NOW + HOUR, "bob")
    assert not found.works(NOW)
    assert TOKEN.works(NOW)
    assert not TOKEN.works(NOW + DAY)


def test_the_audit_is_read_newest_first(fresh: SqlLedger) -> None:
    fresh.write_audit(ENTRY)
    fresh.write_audit(replace(ENTRY, outcome="done"))
    assert [entry.outcome for entry in fresh.audit(10)] == ["done", "asked"]
    assert fresh.audit(10)[1] == ENTRY


@pytest.mark.parametrize("statement", ["UPDATE audit SET who = 'bob'", "DELETE FROM audit"])
def test_the_database_refuses_to_change_the_audit(fresh: SqlLedger, statement: str) -> None:
    fresh.write_audit(ENTRY)
    with pytest.raises(DBAPIError, match="append-only"), fresh._database.engine.begin() as connection:
        connection.execute(text(statement))
    assert fresh.audit(10) == [ENTRY]
