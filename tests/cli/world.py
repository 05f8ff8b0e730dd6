"""A small world with one of each kind, stepped by the real guard for some hours; the command line is then run on it."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir, closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from guard.cli.app import run
from tests.e2e.harness import Harness, a_harness

ROOT = Path(__file__).parents[2]
LONG = "a-name-that-somebody-made-by-joining-everything-they-knew-about-it-" + "x" * 40

SCENARIO = f"""
start: 2026-11-02T00:00:00Z
seed: 5
world_id: cli
projects:
  - {{id: demo-research, number: "100000000001", locations: [us-central1, europe-west4]}}
  - {{id: demo-product, number: "100000000002", locations: [us-central1]}}
  - {{id: demo-closed, number: "100000000003", locations: [us-central1], forbidden: true}}
models:
  - {{id: 501, display_name: old-weights, project: demo-research, location: us-central1}}
pools:
  - {{id: shared-pool, project: demo-research, location: us-central1, machine: n1-standard-8}}
endpoints:
  - {{id: 1001, display_name: forgotten-gpu, project: demo-research, location: us-central1, labels: {{owner: ml}},
      deploy: [{{id: 11, machine: g2-standard-12, accelerator: NVIDIA_L4}}],
      traffic: {{pattern: burst_then_forgotten, until: -20d}}}}
  - {{id: 1002, display_name: busy, project: demo-research, location: us-central1,
      deploy: [{{id: 12, machine: n1-standard-4}}], traffic: busy}}
  - {{id: 1003, display_name: waiting, project: demo-research, location: us-central1, labels: {{owner: ml}},
      deploy: [{{id: 13, machine: n1-standard-4}}], traffic: {{pattern: burst_then_forgotten, until: -20d}}}}
  - {{id: 1004, display_name: {LONG}, project: demo-research, location: europe-west4,
      deploy: [{{id: 14, machine: n1-standard-4}}], traffic: busy}}
  - {{id: 1005, display_name: twins, project: demo-research, location: us-central1,
      deploy: [{{id: 15, machine: n1-standard-4}}], traffic: busy}}
  - {{id: 1006, display_name: twins, project: demo-research, location: us-central1,
      deploy: [{{id: 16, machine: n1-standard-4}}], traffic: busy}}
  - {{id: 1007, display_name: sharer-one, project: demo-research, location: us-central1,
      deploy: [{{id: 17, pool: shared-pool}}], traffic: {{pattern: burst_then_forgotten, until: -20d}}}}
  - {{id: 1008, display_name: sharer-two, project: demo-research, location: us-central1,
      deploy: [{{id: 18, pool: shared-pool}}], traffic: {{pattern: burst_then_forgotten, until: -20d}}}}
  - {{id: 1009, display_name: strange, project: demo-research, location: us-central1,
      deploy: [{{id: 19, machine: q9-mega-1}}], traffic: busy}}
  - {{id: 1010, display_name: empty-shell, project: demo-research, location: us-central1}}
  - {{id: 1011, display_name: "odd [bold]name[/]", project: demo-research, location: us-central1,
      deploy: [{{id: 20, machine: n1-standard-4}}], traffic: busy}}
  - {{id: 2001, display_name: shop, project: demo-product, location: us-central1, labels: {{env: prod}},
      deploy: [{{id: 21, machine: n1-standard-4}}], traffic: busy}}
tuning_jobs:
  - {{id: 901, display_name: nightly-tune, project: demo-research, location: us-central1, at: -1h, takes: 2d,
      creator: ada@example.com}}
  - {{id: 902, display_name: tuned-answers, project: demo-research, location: us-central1, at: -20d, endpoint_id: 7001}}
"""
CONFIG = """\
mode: enforce
projects: [demo-research, demo-product]
locations: [us-central1, europe-west4]
owners: {from: [label:owner, creator], fallback: ops}
notify: {ops: "SINK", ml: "SINK"}
if_wrong: {team: {per_minute_down: 0.5}}
bucket: gs://guard
policies:
  - {name: prod, match: {labels: {env: prod}}, wait: never}
  - name: default
    if_wrong: team
    wait: break_even
    notify_before: 2h
    grace: 1h
    do: [undeploy]
limits: {removals_per_day: 1}
"""


@dataclass(frozen=True)
class Answer:
    """What one command line said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document


@dataclass(frozen=True)
class Place:
    """A world, and a folder with a guard.yaml and a ledger in which commands are run."""

    harness: Harness
    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "guard.yaml"

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def environment(self) -> dict[str, str]:
        return {"TUNEGUARD_SANDBOX": self.harness.running.http, "TUNEGUARD_LEDGER": f"sqlite:///{self.ledger}"}

    def __call__(self, *arguments: str, **environment: str | None) -> Answer:
        """Run `tuneguard` as a process in the folder; None takes a name out of the environment."""
        return tuneguard(*arguments, folder=self.folder, environment={**self.environment, **environment})

    def here(self, *arguments: str, **environment: str | None) -> Answer:
        """The same within this process, which is ten times cheaper; an exception passes."""
        return here(*arguments, folder=self.folder, environment={**self.environment, **environment})

    def by(self, name: str) -> tuple[str, ...]:
        """The option that says who speaks."""
        return ("--who", name)

    def named(self, name: str) -> str:
        """Who is then said to have spoken."""
        return name

    def configure(self, text: str) -> None:
        """Write another guard.yaml."""
        self.config.write_text(text.replace("SINK", self.harness.sink.url), encoding="utf-8")

    def change(self, old: str, new: str) -> None:
        """Change guard.yaml in one place."""
        text = self.config.read_text(encoding="utf-8")
        assert old in text
        self.config.write_text(text.replace(old, new), encoding="utf-8")

    def execute(self, statement: str) -> None:
        """Tamper with the ledger."""
        with closing(sqlite3.connect(self.ledger)) as connection, connection:
            connection.execute(statement)


COMMAND = (sys.executable, "-c", "from guard.cli import main; main()")


def environment_of(folder: Path, given: Mapping[str, str | None]) -> dict[str, str]:
    """The tester's environment without what the command line reads, and what is given."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("TUNEGUARD_", "GOOGLE_", "CLOUDSDK_"))}
    inherited |= {"COLUMNS": "100", "TERM": "dumb", "HOME": str(folder), "NO_PROXY": "*", "PYTHONPATH": str(ROOT)}
    return {k: v for k, v in (inherited | dict(given)).items() if v is not None}


def here(*arguments: str, folder: Path, environment: Mapping[str, str | None]) -> Answer:
    """Run the command line within this process."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, environment_of(folder, environment), clear=True),
        chdir(folder),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = run(arguments)
    return Answer(code, out.getvalue(), err.getvalue())


def tuneguard(*arguments: str, folder: Path, environment: Mapping[str, str | None]) -> Answer:
    """Run the command line as a process, with nothing of the tester's environment that it reads."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment_of(folder, environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


@contextmanager
def a_world(folder: Path) -> Iterator[Place]:
    """Step the guard until one thing went, one waits for the next day and the pool's sharers are announced.

    `backup.db` is the ledger as it was while the removal was under way.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with a_harness(folder, scenario=SCENARIO, config=CONFIG) as harness:
        harness.steps(3)
        _back_up(folder / "ledger.db", folder / "backup.db")
        harness.steps(3)
        harness.cycle()
        yield Place(harness, folder)


def copy_of(place: Place, folder: Path) -> Place:
    """Another folder with the same guard.yaml and a copy of the ledger: what is said there is not heard elsewhere."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(place.config, folder / "guard.yaml")
    _back_up(place.ledger, folder / "ledger.db")
    return Place(place.harness, folder)


def _back_up(ledger: Path, to: Path) -> None:
    with closing(sqlite3.connect(ledger)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
