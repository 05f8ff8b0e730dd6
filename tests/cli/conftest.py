"""One world for all tests of the command line; who changes the ledger works on a copy of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.world import Place, a_world, copy_of


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """For commands that read."""
    with a_world(tmp_path_factory.mktemp("world")) as one:
        yield one


@pytest.fixture
def copied(place: Place, tmp_path: Path) -> Place:
    """For commands that write."""
    return copy_of(place, tmp_path)
