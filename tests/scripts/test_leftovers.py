"""What a run left goes through the guard's gateway, exactly as it was shown; what cannot go is said."""

import ast
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from finetune.clients import Place, VertexRest, openai_client, storage_client
from finetune.errors import ProviderError
from finetune.guard_side import Changes, OpenAIChanges

from tests.scripts.forking import Forker
from tests.scripts.walking import BUCKET, PROJECT, SCRIPTS, Walk, a_walk

PLACE = Place(PROJECT, "us-central1")


@pytest.fixture
def walk(tmp_path: Path, forker: Forker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    with a_walk(tmp_path, forker) as made:
        monkeypatch.setenv("TUNEGUARD_SANDBOX", made.url)
        yield made


def removals(source: str) -> list[str]:
    """Methods of clients by which something is removed or stopped, as a file calls or hands them on."""
    found = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute))
    return [node.attr for node in found if node.attr in {"delete", "cancel", "undeploy_model"}]


def test_teardown_holds_no_client_of_its_own_that_removes() -> None:
    files = [
        SCRIPTS / "teardown.py",
        SCRIPTS / "finetune/guard_side.py",
        *(SCRIPTS / "finetune/leftovers").glob("*.py"),
    ]

    assert {file.name: removals(file.read_text(encoding="utf-8")) for file in files} == {
        file.name: [] for file in files
    }
    assert removals("client.files.delete(one)") == ["delete"]


def test_an_object_written_since_it_was_shown_stays(walk: Walk) -> None:
    blob = storage_client(PLACE).bucket(BUCKET).blob("support/train.jsonl")
    blob.upload_from_string("as shown")
    shown = int(blob.generation)
    blob.upload_from_string("written since")
    changes = Changes(VertexRest(PLACE), 0.05)

    with pytest.raises(ProviderError, match=r"support/train\.jsonl was not removed: .*412"):
        changes.delete_object(BUCKET, blob.name, shown)
    assert blob.download_as_bytes() == b"written since"

    changes.delete_object(BUCKET, blob.name, int(blob.generation))
    changes.delete_object(BUCKET, blob.name, int(blob.generation))
    assert not blob.exists()


def test_a_tune_that_the_caller_may_not_delete_is_said_and_one_that_is_gone_is_done(walk: Walk) -> None:
    httpx.post(f"{walk.url}/sandbox/openai", json={"tunes": [{"suffix": "old"}], "may_delete_models": False})
    client = openai_client()
    [tune] = [model.id for model in client.models.list() if model.id.startswith("ft:")]
    changes = OpenAIChanges(client)

    with pytest.raises(ProviderError, match=f"{tune} was not removed: .*403"):
        changes.delete_model(tune)

    httpx.post(f"{walk.url}/sandbox/openai", json={"may_delete_models": True})
    changes.delete_model(tune)
    changes.delete_model(tune)
    assert tune not in {model.id for model in client.models.list()}
