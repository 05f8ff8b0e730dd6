"""What `tuneguard db` rests on: upgrade, check, verify, export."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from guard.ledger import SqlLedger, columns, manage, open_ledger, schema
from guard.ports.errors import LedgerUnusable
from tests.ledger.build import WORLD, an_act, intend, lead


def _url(ledger: SqlLedger) -> str:
    return ledger._database.place.url.render_as_string(hide_password=False)


def test_a_sound_ledger_checks_and_verifies(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act())
    intend(ledger, act, lease)

    found = manage.check(_url(ledger))
    assert (found.world, found.schema, found.adopted, found.problems) == (WORLD, schema.HEAD, True, ())
    assert found.rows.keys() == columns.metadata.tables.keys()
    assert (found.rows["acts"], found.rows["act_events"], found.rows["recipes"]) == (1, 2, 1)
    verified = manage.verify(_url(ledger))
    assert (verified.events, verified.problems) == (2, ())


def test_upgrading_a_current_ledger_changes_nothing(ledger: SqlLedger) -> None:
    before = ledger.info()
    assert manage.upgrade(_url(ledger)) == manage.Upgraded(schema.HEAD, schema.HEAD)
    assert ledger.info() == before


def test_an_export_holds_every_row_as_json(ledger: SqlLedger) -> None:
    lease = lead(ledger)
    ledger.propose(act := an_act())
    intend(ledger, act, lease)

    lines = [json.loads(line) for line in manage.export(_url(ledger))]

    counts = manage.check(_url(ledger)).rows
    assert len(lines) == sum(counts.values())
    (found,) = [line["row"] for line in lines if line["table"] == "acts"]
    assert (found["rate_amount"], found["due_at"]) == ("0.2208140000001", "2026-11-02T09:00:00.000000Z")
    (kept,) = [line["row"] for line in lines if line["table"] == "adoptions"]
    assert (kept["who"], kept["at"]) == ("ada@example.com", "2026-11-02T09:00:00.000000Z")


def test_both_engines_write_and_hash_the_same_bytes(ledger: SqlLedger) -> None:
    """Instants, flags and documents do not depend on the engine, so the hash is the documented one on both."""
    ledger.propose(act := an_act(evidence={"b": 1, "a": [0.1, "ä"]}))
    found = {json.loads(line)["table"]: line for line in manage.export(_url(ledger))}
    assert '"evidence":{"a":[0.1,"\\u00e4"],"b":1}' in found["acts"]
    event = ["0" * 64, 1, act.id, "2026-11-02T07:00:00.000000Z", "due", "", {"a": [0.1, "ä"], "b": 1}]
    text = json.dumps(event, separators=(",", ":"))  # as docs/reference/ledger.md says
    assert ledger.high_water().head == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("work", [manage.upgrade, manage.check, manage.verify, lambda url: list(manage.export(url))])
def test_nothing_is_made_where_there_is_no_ledger(tmp_path: Path, work: object) -> None:
    file = tmp_path / "none.db"
    with pytest.raises(LedgerUnusable, match="There is no ledger at"):
        work(f"sqlite:///{file}")
    assert not file.exists()


def test_a_ledger_in_memory_has_nothing_to_manage() -> None:
    with pytest.raises(LedgerUnusable, match="in memory"):
        manage.check("sqlite://")


def test_an_empty_database_is_no_ledger(postgres_url: str) -> None:
    with pytest.raises(LedgerUnusable, match="There is no ledger at"):
        manage.check(postgres_url)


def test_an_older_schema_asks_for_the_upgrade(tmp_path: Path) -> None:
    from sqlalchemy import create_engine, text

    url = f"sqlite:///{tmp_path}/ledger.db"
    open_ledger(url, world=WORLD).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    with pytest.raises(LedgerUnusable, match="has schema 0001") as caught:
        manage.check(url)
    assert "db upgrade" in caught.value.hint
