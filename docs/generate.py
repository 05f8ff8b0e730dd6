"""Writes the reference pages that are made from the code: commands, guard.yaml, metrics, events, permissions, the API.

`python docs/generate.py` writes them; with `--check` it exits 1 and names the pages that differ (part of `make check`).
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "reference"
sys.path.insert(0, str(Path(__file__).parent.parent))
MADE = "<!-- Made from the code by `make docs`; edit the code, not this page. -->\n"


def cli() -> str:
    """Every command's help, as typed."""
    from rich.console import Console

    from guard.cli.app import COMMANDS, make_app

    lines = ["# Commands", "", MADE, "Exit codes: 0 fine, 1 found something, 2 wrong use, 3 could not find out.", ""]
    for name, _, _ in (("", None, ""), *COMMANDS):
        out = io.StringIO()
        console = Console(file=out, width=100, force_terminal=False, color_system=None)
        make_app()([*name.split(), "--help"], console=console, exit_on_error=False, result_action="return_value")
        text = "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip()
        lines += [f"## tuneguard {name}".rstrip(), "", "```", text, "```", ""]
        for sub in _subcommands(name):
            out = io.StringIO()
            console = Console(file=out, width=100, force_terminal=False, color_system=None)
            make_app()([name, sub, "--help"], console=console, exit_on_error=False, result_action="return_value")
            text = "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip()
            lines += [f"### tuneguard {name} {sub}", "", "```", text, "```", ""]
    return "\n".join(lines)


def _subcommands(name: str) -> list[str]:
    if not name:
        return []
    from importlib import import_module

    app = import_module(f"guard.cli.{name}").app
    return [sub for sub in app if not sub.startswith("-")]


def config() -> str:
    """Every key of guard.yaml, from its schema."""
    from guard.config import json_schema
    from guard.config.load import KNOWN_ENVIRONMENT

    schema = json_schema()
    parts = [("The file", schema), *sorted(schema["$defs"].items())]
    lines = ["# guard.yaml", "", MADE]
    lines += ["A small one, as `tuneguard init` writes it:", "", "```yaml", example(), "```", ""]
    lines += [
        "`tuneguard config schema` prints this as JSON Schema for your editor; `tuneguard config check` checks a file.",
        "",
    ]
    for title, part in parts:
        lines += [
            f"## {title}",
            "",
            _sentence(part.get("description", "")),
            "",
            "| key | form | default | what |",
            "|---|---|---|---|",
        ]
        required = set(part.get("required", ()))
        for key, value in part.get("properties", {}).items():
            default = "required" if key in required else _default(value)
            lines.append(f"| `{key}` | {_form(value)} | {default} | {_sentence(value.get('description', ''))} |")
        lines.append("")
    lines += ["## Environment", "", "Names beginning with `TUNEGUARD_` that nothing reads are refused.", ""]
    lines += ["| name | what |", "|---|---|"]
    lines += [f"| `{name}` | {_sentence(what)} |" for name, what in sorted(KNOWN_ENVIRONMENT.items())]
    return "\n".join(lines) + "\n"


def example() -> str:
    """What `tuneguard init` writes."""
    from guard.cli.init import TEMPLATE

    return TEMPLATE.format(projects="my-project", notify="${OPS_URL}").strip()


def metrics() -> str:
    """Every metric with its help text and labels."""
    from guard.telemetry.figures import FIGURES
    from guard.telemetry.metrics import Metrics

    of_fleet = {figure.name: figure.labels for figure in FIGURES}
    lines = [
        "# Metrics",
        "",
        MADE,
        "Served on `/metrics` of the daemon (`health:` in guard.yaml). No ids as labels. What is marked *leader* is told by the",
        "daemon that leads alone: a follower says `tuneguard_leader 0` and nothing of the fleet, so that sums over daemons hold.",
        "Beyond 200 projects the cheaper ones are added up as `(others)`. Alerts and a dashboard: [alerts](../how-to/alerts.md).",
        "",
    ]
    lines += ["| metric | kind | labels | daemon | what |", "|---|---|---|---|---|"]
    found = Metrics()
    found.count_calls(lambda: {"endpoints.list": 0})
    for family in found.registry.collect():
        labels = of_fleet.get(family.name) or sorted(
            {label for sample in family.samples for label in sample.labels} - {"le"}
        )
        name = family.name + ("_total" if family.type == "counter" else "")
        who = "leader" if family.name in of_fleet else "each"
        lines.append(f"| `{name}` | {family.type} | {', '.join(labels) or '-'} | {who} | {family.documentation} |")
    return "\n".join(lines) + "\n"


def events() -> str:
    """Every log event."""
    from guard.telemetry import events as names

    found = sorted(value for key, value in vars(names).items() if key.isupper())
    lines = ["# Log events", "", MADE]
    lines += [
        "One JSON object a line on stderr (pretty on a terminal). Keys share one vocabulary: `cycle_id`, `project`,"
    ]
    lines += [
        "`region`, `endpoint_id` (a full resource name), `act_id`, `reason`, `detail`; a suffix gives the unit (`took_s`).",
        "",
    ]
    return "\n".join([*lines, *(f"- `{name}`" for name in found)]) + "\n"


def permissions() -> str:
    """What the guard asks of the platform."""
    from guard.acts.permissions import ACT_PERMISSIONS, PROVIDER_RIGHTS, STORE_PERMISSIONS
    from guard.adapters.permissions import MONEY_PERMISSIONS, READ_PERMISSIONS

    lines = ["# Permissions", "", MADE, "## Observe", ""]
    lines += [f"- `{name}`" for name in READ_PERMISSIONS]
    lines += ["", "## Enforce adds, by stage", "", "| stage | permissions |", "|---|---|"]
    lines += [
        f"| {stage.value} | {', '.join(f'`{name}`' for name in names)} |" for stage, names in ACT_PERMISSIONS.items()
    ]
    lines += ["", "## On the bucket of claims and recipes only", ""]
    lines += [f"- `{name}`" for name in STORE_PERMISSIONS]
    lines += ["", "## For money, where guard.yaml names it", ""]
    lines += [f"- `{name}` {where}" for name, where in MONEY_PERMISSIONS.items()]
    lines += ["", "## At OpenAI, where guard.yaml opts in", "", "| stage | what the key must be |", "|---|---|"]
    return "\n".join([*lines, *(f"| {stage.value} | {right} |" for stage, right in PROVIDER_RIGHTS.items())]) + "\n"


def grafana() -> str:
    """The Grafana dashboard with every metric on it."""
    sys.path.insert(0, str(Path(__file__).parent))
    from dashboard import dashboard

    return dashboard()


def api() -> str:
    """Every route of the JSON API, from its OpenAPI description."""
    from guard.web.api.description import described

    document = described()
    schemas = document["components"]["schemas"]
    lines = ["# JSON API", "", MADE, *_sentences(document["info"]["description"]), ""]
    lines += [
        "`GET /api/v1/openapi.json` answers with all of this as an OpenAPI 3.1 document, forms of the answers included.",
        "",
    ]
    lines += [
        "What is refused comes as `application/problem+json`: `detail` says what was found, `hint` what to do.",
        "",
    ]
    lines += ["| status | when |", "|---|---|"]
    refusals = {
        status: answer["description"]
        for path in document["paths"].values()
        for operation in path.values()
        for status, answer in operation["responses"].items()
        if status != "200"
    }
    lines += [f"| {status} | {what} |" for status, what in sorted(refusals.items())]
    for title, method in (("Questions", "get"), ("Words", "post")):
        lines += ["", f"## {title}"]
        for path, operations in document["paths"].items():
            if method in operations:
                lines += ["", f"### {method.upper()} {path}", "", _sentence(operations[method]["description"])]
                lines += _arguments(operations[method], schemas)
    return "\n".join(lines) + "\n"


def _arguments(operation: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    found = [
        (one["name"], one["schema"], one.get("description", ""), one["required"])
        for one in operation.get("parameters", ())
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if "$ref" in body:
        schema = schemas[body["$ref"].rsplit("/", 1)[-1]]
        required = schema.get("required", ())
        found += [
            (name, value, value.get("description", ""), name in required)
            for name, value in schema["properties"].items()
        ]
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
    fields = ", ".join(f"`{name}`" for name in schemas[answer]["properties"])
    table = [
        "",
        "| argument | form | default | what |",
        "|---|---|---|---|",
        *(
            f"| `{name}` | {_form(schema)} | {'required' if needed else _default(schema)} | {_sentence(what)} |"
            for name, schema, what, needed in found
        ),
    ]
    return [*(table if found else ()), "", f"Answers with {fields}."]


def _sentences(text: str) -> list[str]:
    """Paragraphs, each in one line, with a blank line between."""
    paragraphs = [_sentence(part) for part in text.split("\n\n")]
    return [line for paragraph in paragraphs for line in (paragraph, "")][:-1]


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli,
    "config.md": config,
    "metrics.md": metrics,
    "events.md": events,
    "permissions.md": permissions,
    "api.md": api,
    "../alerts/tuneguard.dashboard.json": grafana,
}


def stale() -> list[str]:
    """Names of pages that differ from the code."""
    return [
        name for name, make in PAGES.items() if not (HERE / name).exists() or (HERE / name).read_text("utf-8") != make()
    ]


def _sentence(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _form(value: dict[str, Any]) -> str:
    if "$ref" in value:
        return f"[{value['$ref'].rsplit('/', 1)[-1]}](#{value['$ref'].rsplit('/', 1)[-1].lower()})"
    if "enum" in value:
        return " / ".join(f"`{one}`" for one in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    if "anyOf" in value:
        return " or ".join(
            dict.fromkeys(_form(one) for one in value["anyOf"] if one.get("type") != "null")
        ) + _examples(value)
    if value.get("type") == "array":
        return f"list of {_form(value['items'])}"
    if value.get("type") == "object":
        inner = value.get("additionalProperties")
        return f"name: {_form(inner)}" if isinstance(inner, dict) else "mapping"
    return str(value.get("type", "")) + _examples(value)


def _examples(value: dict[str, Any]) -> str:
    return f" such as `{value['examples'][0]}`" if value.get("examples") else ""


def _default(value: dict[str, Any]) -> str:
    default = value.get("default")
    if default in (None, [], {}):
        return "-"
    if isinstance(default, dict):  # a part of the file, whose keys have defaults of their own
        return "-"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, list):
        return f"`[{', '.join(map(str, default))}]`"
    return f"`{default}`"


def main() -> int:
    """Write or check the pages."""
    if "--check" in sys.argv[1:]:
        found = stale()
        for name in found:
            sys.stderr.write(f"docs/reference/{name} differs from the code: run `make docs`.\n")
        return 1 if found else 0
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
