"""Fixtures for the tests that run the real engine."""

import gc
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

with warnings.catch_warnings():
    # pulumi_gcp warns of functions of its own while it is imported; the suite treats warnings as errors.
    warnings.simplefilter("ignore", DeprecationWarning)
    from guard.sandbox.provider.kinds import KINDS
    from guard.sandbox.provider.schema import arguments

    LOADED = [arguments(token) for token in KINDS]  # its modules are lazy: a first use loads one

if TYPE_CHECKING:
    from tests.infra.cloud import Cloud


@pytest.fixture(scope="session")
def cli() -> Path:
    """The folder of the pulumi CLI. CI must have it; elsewhere the tests that need it skip themselves and say how to get it."""
    from infra import engine

    try:
        return engine.find_cli()
    except engine.NoCliError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture
def cloud(cli: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["Cloud"]:
    """A sandbox of its own with the empty stack `dev`."""
    from infra import engine
    from tests.infra.cloud import start

    monkeypatch.setenv("PATH", engine.search_path(cli))
    made = start(tmp_path)
    monkeypatch.setenv("TUNEGUARD_SANDBOX", made.running.http)
    yield made
    made.running.stop()
    with warnings.catch_warnings():
        # The SDK leaves event loops and sockets to the garbage collector, which warns about them wherever it happens to run.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
