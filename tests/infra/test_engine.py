"""The wrappers around the CLI: what they say where there is none, and the demo as its user runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra import destroy, engine

ROOT = Path(__file__).parents[2]


def test_without_a_cli_it_is_said_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(engine, "ROOT", tmp_path)

    with pytest.raises(engine.NoCliError, match=r"tools/pulumi-cli/ensure\.sh"):
        engine.find_cli()


def test_destroy_without_a_cli_destroys_nothing_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert destroy.main(["--stack", "dev", "--yes"], folder=tmp_path) == 3
    assert "There is no pulumi on PATH" in capsys.readouterr().err


def test_destroy_of_a_stack_that_is_not_there_says_what_pulumi_said(
    cli: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", engine.search_path(cli))
    workspace = engine.Workspace(folder=tmp_path / "stack", state=tmp_path / "state", passphrase="test")
    engine.prepare(workspace)

    code = destroy.main(
        ["--stack", "nothing", "--yes"], folder=workspace.folder, environment={**os.environ, **workspace.variables()}
    )

    assert code == 3
    assert "no stack named 'nothing' found" in capsys.readouterr().err


def test_configured_keys_are_written_and_taken_out(tmp_path: Path) -> None:
    workspace = engine.Workspace(folder=tmp_path, state=tmp_path, passphrase="test")

    engine.configure("dev", workspace, {"gcp:project": "acme-ml", "mode": "enforce", "page": True})
    engine.configure("dev", workspace, {"page": None})

    assert (tmp_path / "Pulumi.dev.yaml").read_text(
        encoding="utf-8"
    ) == "config:\n  gcp:project: acme-ml\n  tuneguard:mode: enforce\n"


@pytest.mark.slow
@pytest.mark.xdist_group("pulumi")
def test_the_demo_tells_its_story_to_the_end(cli: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "infra_demo.py")],
        env={**os.environ, "PATH": engine.search_path(cli)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "undeploy verified" in done.stdout
    assert "no drift" in done.stdout
    assert "resources left: 0, endpoints left: 0" in done.stdout
