"""The migrations lead to the tables as they are written down, on both engines, triggers and checks included."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from guard.ledger import SqlLedger, columns, open_ledger, reference, schema, tables
from guard.ledger.codec import recipe_row
from guard.ledger.place import parse
from tests.ledger.build import NOW, WORLD, a_recipe, an_act, intend, lead
from tests.postgres import PostgresServer

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "ledger.md"


def test_the_version_in_the_code_is_the_last_migration() -> None:
    assert ScriptDirectory.from_config(schema.alembic_config()).get_current_head() == schema.HEAD


def test_migrating_leads_to_the_metadata(url: str) -> None:
    open_ledger(url, world=WORLD).close()
    engine = create_engine(parse(url).url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, columns.metadata) == []
    engine.dispose()


def test_a_migrated_sqlite_file_has_the_very_tables_triggers_and_checks(tmp_path: Path) -> None:
    open_ledger(f"sqlite:///{tmp_path}/migrated.db", world=WORLD).close()
    found = []
    for name in ("migrated", "made"):
        engine = create_engine(f"sqlite:///{tmp_path}/{name}.db")
        if name == "made":
            columns.metadata.create_all(engine)
        with engine.connect() as connection:
            rows = connection.execute(
                text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
            )
            found.append({row.name: sorted(line.strip(" ,\t") for line in row.sql.splitlines()) for row in rows})
        engine.dispose()
    assert found[0] == found[1]
    assert all(
        lines[0].endswith("STRICT") or "STRICT" in "".join(lines)
        for name, lines in found[0].items()
        if name in columns.metadata.tables
    )


@pytest.mark.postgres
def test_a_migrated_postgresql_database_has_the_very_checks_and_triggers(postgres_server: PostgresServer) -> None:
    found = []
    for made in (False, True):
        url = postgres_server.new_database()
        engine = create_engine(parse(url).url)
        if made:
            columns.metadata.create_all(engine)
        else:
            open_ledger(url, world=WORLD).close()
        with engine.connect() as connection:
            checks = connection.execute(
                text(
                    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace "
                    "AND conrelid <> coalesce(to_regclass('alembic_version'), 0) "
                    "UNION SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
                )
            )
            found.append({str(name): str(body) for name, body in checks})
        engine.dispose()
        postgres_server.drop(url)
    assert found[0] == found[1]
    assert "act_events_append_only" in found[0]


def test_every_constraint_and_index_has_a_name_of_ours(url: str) -> None:
    """On SQLite a migration drops an unnamed check without a word."""
    open_ledger(url, world=WORLD).close()
    engine = create_engine(parse(url).url)
    looked = inspect(engine)
    for table in columns.metadata.tables:
        names = [
            looked.get_pk_constraint(table)["name"],
            *(one["name"] for one in looked.get_unique_constraints(table)),
            *(one["name"] for one in looked.get_check_constraints(table)),
            *(one["name"] for one in looked.get_foreign_keys(table)),
            *(one["name"] for one in looked.get_indexes(table)),
        ]
        assert all(name and name.split("_")[0] in {"pk", "uq", "ck", "fk", "ix"} for name in names), (table, names)
    engine.dispose()


@pytest.mark.parametrize(
    "statement", ["UPDATE act_events SET detail = 'rewritten'", "DELETE FROM act_events"], ids=["update", "delete"]
)
def test_the_database_refuses_to_change_an_event(ledger: SqlLedger, statement: str) -> None:
    ledger.propose(an_act())

    with pytest.raises(DBAPIError, match="append-only"), ledger._database.engine.begin() as connection:
        connection.execute(text(statement))
    assert len(ledger.act_events(an_act().id)) == 1


def test_the_database_refuses_two_acts_in_flight_on_one_thing(ledger: SqlLedger) -> None:
    """Even a program that goes round the intent cannot start a second one."""
    lease = lead(ledger)
    ledger.propose(first := an_act())
    ledger.propose(second := an_act(attempt=2))
    intend(ledger, first, lease)

    with pytest.raises(DBAPIError), ledger._database.engine.begin() as connection:
        connection.execute(text("UPDATE acts SET state = 'intended' WHERE id = :id"), {"id": second.id})


def test_the_database_refuses_a_recipe_without_its_act(ledger: SqlLedger) -> None:
    stray = recipe_row(a_recipe(an_act()))
    with pytest.raises(DBAPIError), ledger._database.engine.begin() as connection:
        connection.execute(tables.recipes.insert(), stray)


def test_a_naive_instant_is_never_stored(ledger: SqlLedger) -> None:
    with pytest.raises(Exception, match="naive instant"):
        ledger.pause("ada@example.com", "incident", NOW.replace(tzinfo=None))
    assert ledger.paused() is None


def test_the_reference_page_is_the_schema() -> None:
    """Rewrite it with: python -m guard.ledger.reference > docs/reference/ledger.md"""
    assert DOCUMENT.read_text(encoding="utf-8") == reference.page()
