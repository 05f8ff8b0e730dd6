"""A sandbox that signs people in, shared by all tests of the door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from guard.sandbox.scenario.build import build
from guard.sandbox.scenario.load import load
from guard.sandbox.server import start_in_thread

SCENARIO = """\
start: 2026-11-02T00:00:00Z
world_id: door
projects:
  - {id: acme-dev, number: "100000000001", locations: [us-central1]}
"""


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address."""
    file = tmp_path_factory.mktemp("door") / "scenario.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    with start_in_thread(build(load(file), base_dir=file.parent)) as running:
        yield running.http
