"""One sandbox a module that nothing changes; faults are put in force for one test and taken out after it."""

from collections.abc import Iterator

import pytest
import stamina

from guard.adapters.connection import Connection
from guard.sandbox.server import Running
from tests.adapters.sandboxed import connected, serving


@pytest.fixture(scope="module")
def fleet() -> Iterator[Running]:
    with serving() as running:
        yield running


@pytest.fixture
def sandbox(fleet: Running) -> Iterator[Running]:
    fleet.world.faults.clear()
    yield fleet
    fleet.world.faults.clear()


@pytest.fixture
def connection(sandbox: Running) -> Iterator[Connection]:
    with connected(sandbox) as made:
        yield made


@pytest.fixture(autouse=True)
def _retries_are_on() -> None:
    stamina.set_active(True)
