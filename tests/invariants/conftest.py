"""One guard on one world, for the invariants that hold end to end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Harness, a_harness


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    with a_harness(tmp_path) as one:
        yield one
