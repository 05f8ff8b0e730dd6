"""A cycle costs a number of statements, not a statement for each thing. Counts, not times: they are the same on any machine."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import event

from guard.core.units import hour_number
from guard.core.usage import HourRow, pack
from guard.ledger import SqlLedger
from tests.ledger.build import NOW, SCOPE, a_cycle, a_notice, a_seen

HOUR = hour_number(NOW)


def _statements(ledger: SqlLedger, work: Callable[[], object]) -> int:
    counted = []

    def count(*_: object) -> None:
        counted.append(1)

    event.listen(ledger._database.engine, "before_cursor_execute", count)
    work()
    event.remove(ledger._database.engine, "before_cursor_execute", count)
    return len(counted)


def _cycle(ledger: SqlLedger, number: int, things: int) -> None:
    """What one cycle asks of the ledger, with `things` things that all changed."""
    names = [f"{SCOPE}/endpoints/{thing}/deployedModels/1" for thing in range(things)]
    usage = {name: pack([HourRow(hour=HOUR + number, requests=number, covered=True)]) for name in names}
    ledger.config_seen("config-1", NOW)
    ledger.view(NOW)
    ledger.usage_covered_until()
    ledger.save_usage(usage, from_hour=HOUR)
    ledger.set_usage_covered_until({"1": NOW})
    assert len(ledger.load_usage(from_hour=HOUR)) == things
    ledger.save_seen([a_seen(thing, name=name) for thing, name in enumerate(names)])
    ledger.save_verdicts(
        f"c{number}", NOW, {name: {"decision": "keep", "reason": "in_use", "hours": number} for name in names}
    )
    ledger.enqueue([a_notice(1000 * number + thing) for thing in range(things)], NOW)
    ledger.save_cycle(a_cycle(number))
    ledger.outbox(NOW)


def test_a_cycle_over_three_hundred_things_takes_as_many_statements_as_one_over_two(ledger: SqlLedger) -> None:
    few = _statements(ledger, lambda: _cycle(ledger, 1, 2))
    _cycle(ledger, 2, 300)
    many = _statements(ledger, lambda: _cycle(ledger, 3, 300))
    assert many <= few
    assert many < 70
