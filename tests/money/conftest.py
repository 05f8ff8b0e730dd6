"""Sandboxes for money."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.world import Place
from tests.e2e.harness import a_harness
from tests.money.world import CONFIG, SCENARIO


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A guard that has not looked yet, and the command line."""
    with a_harness(tmp_path, scenario=SCENARIO, config=CONFIG) as harness:
        yield Place(harness, tmp_path)
