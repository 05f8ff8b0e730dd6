"""Sandboxes for tests: one that is stepped by hand and quick to finish operations, served once a module."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from guard.sandbox.scenario.build import build
from guard.sandbox.scenario.load import parse
from guard.sandbox.server import Running, start_in_thread

QUICK = """
start: 2026-11-02T00:00:00Z
seed: 3
projects:
  - {id: demo-research, number: "100000000001", locations: [us-central1, europe-west4, us]}
  - {id: demo-product, number: "100000000002", locations: [us-central1]}
  - {id: demo-closed, number: "100000000003", forbidden: true}
operations:
  {create_endpoint: 0s, delete_endpoint: 0s, undeploy: 0s, mutate: 0s, upload_model: 0s, delete_model: 0s,
   copy_model: 0s, create_pool: 0s, delete_pool: 0s, release_model: 0s, deploy_cpu: 0s, deploy_l4: 0s,
   deploy_gpu: 0s, deploy_tpu: 0s, deploy_pool: 0s, deploy_gemini: 0s}
models:
  - {id: "2001", project: demo-research, location: us-central1, display_name: shared, versions: 2}
"""
"""Operations end at the first look, so that the official clients do not sleep between polls."""

SLOW = QUICK[: QUICK.index("operations:")] + QUICK[QUICK.index("models:") :]
"""The same with the platform's delays, for tests that step the clock."""


def a_world(text: str = SLOW, more: str = "") -> Any:
    """A world of a scenario text; `more` is added at its end."""
    return build(parse(text + more))


@pytest.fixture(scope="module")
def quick() -> Iterator[Running]:
    with start_in_thread(a_world(QUICK)) as running:
        yield running


@pytest.fixture
def slow() -> Iterator[Running]:
    with start_in_thread(a_world()) as running:
        yield running


@pytest.fixture
def http(slow: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=slow.http, timeout=5, verify=False) as client:
        yield client
