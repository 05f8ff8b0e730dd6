"""One world for all tests that read the page; who says words does it on the browser tests' own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.place import Place, a_place


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """For tests that read."""
    with a_place(tmp_path_factory.mktemp("page")) as one:
        yield one


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path
