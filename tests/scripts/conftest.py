"""The scripts' library on the path, and a running sandbox for the walks."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scripts.forking import Forker, a_forker

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

SHARED = Path(os.environ.get("TUNEGUARD_SHARED") or ROOT.parent / "shared")


@pytest.fixture
def shared_data() -> Path:
    """The folder of data sets that may not be committed; tests that want it are skipped where it is not."""
    folder = SHARED / "datasets"
    if not folder.is_dir():
        pytest.skip("the shared data sets are not here")
    return folder


@pytest.fixture(autouse=True)
def _no_real_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test speaks to a real service, whatever the environment holds."""
    for name in (
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "TUNEGUARD_SANDBOX",
        "TUNEGUARD_TUNING_PRICES",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def forker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forker]:
    """What starts scripts as processes of their own, quickly."""
    with a_forker(tmp_path_factory.mktemp("scripts")) as one:
        yield one
