"""A world with everything that the pages plan, jobs, money and backtest speak of, watched for thirty hours."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx

from guard.desk.outlooks import Made
from guard.wiring.tunes import tune_source
from tests.e2e.harness import a_harness
from tests.web.place import CONFIG, SCENARIO, Place, a_page

WORLD = (
    SCENARIO
    + """
tuning_jobs:
  - {id: 901, display_name: nightly-tune, project: demo-research, location: us-central1, at: -1h, takes: 2d,
      creator: ada@example.com}
  - {id: 902, display_name: tuned-answers, project: demo-research, location: us-central1, at: -20d, endpoint_id: 7001,
      base_model: gemini-3.5-flash}
"""
)
FILE = (
    CONFIG.replace("removals_per_day: 10", "removals_per_day: 1")
    .replace("    do: [undeploy]", "    act_during: Mon-Fri 00:00-06:00 UTC\n    do: [undeploy]")
    .replace(
        "budgets: [{name: all, monthly: 10 USD, alert_at: [50%]}]",
        "budgets: [{name: all, monthly: 10 USD, alert_at: [50%]}, {name: shop, monthly: 900 USD, match: {owners: [shop]}}]",
    )
    + "openai: {}\n"
)
REACHED = """
web: {login: oidc, public_url: "https://guard.example.com", issuer: "https://id.example.com", client_id: guard,
      client_secret: "${OIDC_SECRET}", roles: {viewer: ["*@example.com"]}}
"""
"""How the page is reached while people are told; the tests open it on the loopback."""
KEYS = {"OPENAI_API_KEY": "sk-ordinary", "OPENAI_ADMIN_KEY": "sk-admin"}
LINES = b"\n".join(
    json.dumps(
        {
            "messages": [
                {"role": "user", "content": f"how is number {n} and the {n * 7} weather {n % 5}"},
                {"role": "assistant", "content": f"answer {n % 4} is {n % 3} good"},
            ]
        }
    ).encode()
    for n in range(60)
)


@contextmanager
def an_outlook(folder: Path, port: int) -> Iterator[Place]:
    """Step the guard, then open the page; what takes long is waited for."""
    with a_harness(folder, scenario=WORLD, config=FILE) as harness:
        harness.configure(FILE + REACHED)
        with httpx.Client(base_url=f"{harness.running.http}/openai/v1", timeout=10) as client:
            names = [
                client.post("/files", files={"file": (name, io.BytesIO(LINES))}, data={"purpose": "fine-tune"}).json()[
                    "id"
                ]
                for name in ("train.jsonl", "valid.jsonl")
            ]
            body = {
                "model": "gpt-4.1-mini-2025-04-14",
                "training_file": names[0],
                "validation_file": names[1],
                "suffix": "answers",
            }
            client.post("/fine_tuning/jobs", json=body).raise_for_status()
        environment = harness.environment | KEYS
        harness.guard.cycle._p.tunes._source_of = lambda rules: tune_source(rules, environment)
        harness.steps(30)
        harness.cycle()
        harness.configure(FILE)
        with a_page(harness, port) as place:
            place.desk._made = Made(patience=timedelta(seconds=60))
            yield place
