"""One world for all tests of the command line; who changes the ledger works on a copy of it. What answers over the API as well
is asked both ways.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.anywhere import Api, an_api, elsewhere
from tests.cli.world import Place, a_world, copy_of

BOTH = ("on the machine", "over the API")


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """For commands that read."""
    with a_world(tmp_path_factory.mktemp("world")) as one:
        yield one


@pytest.fixture(scope="session")
def api() -> Iterator[Api]:
    """One server for all."""
    with an_api() as one:
        yield one


@pytest.fixture(params=BOTH)
def anywhere(request: pytest.FixtureRequest, place: Place) -> Iterator[Place]:
    """For commands that read, from wherever they are asked."""
    if request.param == BOTH[0]:
        yield place
        return
    with elsewhere(place, request.getfixturevalue("api")) as one:
        yield one


@pytest.fixture
def copied(place: Place, tmp_path: Path) -> Place:
    """For commands that write."""
    return copy_of(place, tmp_path)


@pytest.fixture(params=BOTH)
def telling(request: pytest.FixtureRequest, copied: Place) -> Iterator[Place]:
    """For commands that write, from wherever they are said."""
    if request.param == BOTH[0]:
        yield copied
        return
    with elsewhere(copied, request.getfixturevalue("api")) as one:
        yield one
