"""The tutorial is run as it stands: its files are written, its commands typed, in order."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.scripts.conftest import ROOT

BLOCK = re.compile(r"^```(?P<kind>\w+)(?P<more>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_first_model_is_tuned_as_the_tutorial_says(tmp_path: Path) -> None:
    lines = ["set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    for block in BLOCK.finditer((ROOT / "docs/tutorial/tune-first-model.md").read_text(encoding="utf-8")):
        more = block["more"].strip()
        if more.startswith("file="):
            (tmp_path / more.removeprefix("file=")).write_text(block["text"], encoding="utf-8")
        elif block["kind"] == "sh" and more != "not-run":
            text = block["text"].replace("--port 8788", "--port 0")
            text = text.replace(
                "http://127.0.0.1:8788", '$(python -c \'import json; print(json.load(open("sandbox.json"))["http"])\')'
            )
            lines.append(f"! {text}" if more == "exit=2" else text)
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("OPENAI", "ANTHROPIC", "GOOGLE", "TUNEGUARD"))
    }
    env |= {"TUNEGUARD": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{env['PATH']}"}

    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nTune." in f"\n{done.stdout}"
    assert "Don't tune: retrieval." in done.stdout
    assert "tuned is better than few-shot" in done.stdout
    assert done.stdout.rstrip().endswith("0 removed, 0 left.")
    assert (tmp_path / "report.html").exists()
