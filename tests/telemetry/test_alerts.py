"""The alert rules and the dashboard ask for metrics that there are, in files that Prometheus and Grafana take."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from guard.telemetry.metrics import Metrics

ROOT = Path(__file__).parents[2]
RULES = ROOT / "docs" / "alerts" / "tuneguard.rules.yml"
DASHBOARD = ROOT / "docs" / "alerts" / "tuneguard.dashboard.json"
HOW_TO = ROOT / "docs" / "how-to" / "alerts.md"
METRIC = re.compile(r"tuneguard_\w+")
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool comes with Debian's prometheus package"
)


def names() -> set[str]:
    """Every name that a query may ask for."""
    found: set[str] = set()
    for family in Metrics().registry.collect():
        match family.type:
            case "counter":
                found.add(f"{family.name}_total")
            case "histogram":
                found |= {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
            case _:
                found.add(family.name)
    return found


def alerts() -> list[dict[str, Any]]:
    document = YAML(typ="safe").load(RULES)
    return [rule for group in document["groups"] for rule in group["rules"]]


def promtool(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        ["promtool", *arguments],  # looked up on PATH above
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=ROOT,
    )
    return done.returncode, done.stdout + done.stderr


@needs_promtool
def test_prometheus_takes_the_rules() -> None:
    code, said = promtool("check", "rules", str(RULES))

    assert code == 0, said
    assert f"{len(alerts())} rules found" in said


@needs_promtool
def test_a_quiet_guard_raises_nothing_and_each_fault_its_own_alert() -> None:
    code, said = promtool("test", "rules", "tests/telemetry/rules.test.yml")

    assert code == 0, said


def test_every_alert_is_tried_and_says_what_to_do() -> None:
    tried = (ROOT / "tests" / "telemetry" / "rules.test.yml").read_text("utf-8")
    sections = {
        line.removeprefix("## ").lower().replace(" ", "-")
        for line in HOW_TO.read_text("utf-8").splitlines()
        if line.startswith("## ")
    }

    for rule in alerts():
        assert rule["alert"] in tried
        assert rule["annotations"]["runbook"].partition("#")[2] in sections, rule["alert"]


def test_rules_and_dashboard_ask_only_for_metrics_that_there_are() -> None:
    asked = set(METRIC.findall(" ".join(rule["expr"] for rule in alerts())))
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    drawn = set(METRIC.findall(" ".join(t["expr"] for panel in panels for t in panel.get("targets", ()))))

    assert asked <= names()
    assert drawn <= names()


def test_the_dashboard_shows_every_metric() -> None:
    drawn = set(METRIC.findall(DASHBOARD.read_text("utf-8")))
    families = {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name in names()}

    assert families - {name.removesuffix("_bucket") for name in drawn} == set()


@needs_promtool
def test_every_query_of_the_dashboard_is_one(tmp_path: Path) -> None:
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    queries = [t["expr"].replace("$__rate_interval", "5m") for panel in panels for t in panel.get("targets", ())]
    rules = [{"record": f"q{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "queries.yml"
    YAML(typ="safe").dump({"groups": [{"name": "queries", "rules": rules}]}, file)

    code, said = promtool("check", "rules", str(file))

    assert code == 0, said


def test_grafanas_own_model_reads_the_dashboard_whole() -> None:
    """Read by the types that Grafana generates from its schema, and written again: nothing is dropped or changed."""
    pytest.importorskip("grafana_foundation_sdk")
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models.dashboard import Dashboard

    register_default_plugins()
    text = DASHBOARD.read_text("utf-8")
    read = Dashboard.from_json(json.loads(text))
    back = json.loads(JSONEncoder(sort_keys=True).encode(read))

    assert _lost(json.loads(text), back) == []


def _lost(given: Any, back: Any, where: str = "") -> list[str]:
    """What was in the file and is not in what Grafana's model wrote, or is another value there; its own defaults may be added."""
    if isinstance(given, dict) and isinstance(back, dict):
        return [
            problem
            for key, value in given.items()
            for problem in (_lost(value, back[key], f"{where}.{key}") if key in back else [f"{where}.{key}"])
        ]
    if isinstance(given, list) and isinstance(back, list) and len(given) == len(back):
        return [
            problem
            for index, (one, other) in enumerate(zip(given, back, strict=True))
            for problem in _lost(one, other, f"{where}[{index}]")
        ]
    return [] if given == back else [where]
