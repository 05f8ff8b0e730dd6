"""What the file means: environments, digests, the schema, the examples that people copy."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from guard.config import json_schema, parse
from guard.config.schema import GuardFile
from guard.core.rules import BreakEven, Mode, Never
from guard.ports.errors import ConfigInvalid
from tests.config.files import VALID, changed, read
from tests.config.test_errors import CASES

ROOT = Path(__file__).parents[2]
TOLD = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def digest(text: str = VALID, **environment: str) -> str:
    return read(text, **environment).settings.digest


def test_an_environment_overrides_mode_amounts_and_fallback_for_its_projects_only() -> None:
    text = changed("projects: [acme-ml]", "projects: [acme-ml, acme-prod]\nbucket: gs://b")
    text = text.replace('{ops: "${OPS_URL}"}', '{ops: "${OPS_URL}", prod-team: "json://h"}')
    text += (
        "environments:\n"
        "  production: {projects: [acme-prod], mode: approve, if_wrong: {team: {per_minute_down: 50}}, fallback: prod-team}\n"
    )

    settings = read(text).settings

    own, default = settings.groups[settings.group_of["acme-prod"]], settings.default
    assert (default.mode, own.mode) == (Mode.OBSERVE, Mode.APPROVE)
    assert (default.owners.fallback, own.owners.fallback) == ("ops", "prod-team")
    amounts = [rules.policies[1].if_wrong for rules in (default, own)]
    assert [one.per_minute_down.amount for one in amounts if one] == [Decimal(1), Decimal(50)]
    assert "acme-ml" not in settings.group_of


def test_what_does_not_decide_does_not_change_the_digest() -> None:
    assert digest("# a comment\n" + VALID.replace("mode: observe", "mode:   observe   # still")) == digest()
    assert digest(OPS_URL="json://rotated") == digest(), "a rotated secret"
    assert digest(changed('"${OPS_URL}"', '"json://elsewhere"')) == digest(), "where a channel leads"
    assert digest(TUNEGUARD_LEDGER="sqlite:///other.db") == digest()
    assert digest(VALID + "health: {port: 1}\n") == digest()
    assert digest(VALID + "ledger: sqlite:///x.db\n") == digest()
    assert digest(changed("wait: never\n", 'wait: "never"\n')) == digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("acme-ml", "acme-m1"),
        ("per_minute_down: 1", "per_minute_down: 2"),
        ("name: prod", "name: production"),
        ("env: prod", "env: production"),
        ("wait: never", "wait: 30d"),
        ("do: [undeploy]", "do: [undeploy, scale_to_zero]"),
        ("removals_per_day: 3", "removals_per_day: 4"),
        ("wait: never", "wait: never\n    grace: 2h"),
        ("wait: never", "wait: never\n    act_during: daily 09:00-10:00"),
    ],
)
def test_what_decides_changes_the_digest(old: str, new: str) -> None:
    assert digest(changed(old, new)) != digest()


def test_projects_and_folders_may_be_given_by_number() -> None:
    assert read(changed("[acme-ml]", "[100000000001]")).settings.enrolment.projects == ("100000000001",)
    assert read(changed("[acme-ml]", "{folder: 42, exclude: [7]}")).settings.enrolment.folders == ("42",)
    assert read(changed("[acme-ml]", "{folder: folders/42}")).settings.enrolment.folders == ("42",)


def test_a_policy_knows_its_line_and_its_kind_of_wait() -> None:
    prod, default = read().settings.default.policies

    assert (str(prod.line), str(default.line)) == ("guard.yaml:8", "guard.yaml:11")
    assert isinstance(prod.wait, Never)
    assert isinstance(default.wait, BreakEven)


@pytest.mark.parametrize(("wait", "notice"), [("never", 2), ("break_even", 2), ("24h", 2), ("4h", 1), ("2h", 0.5)])
def test_a_notice_that_is_not_given_fits_the_wait(wait: str, notice: float) -> None:
    text = changed("wait: break_even", f"wait: {wait}")

    assert read(text).settings.default.policies[1].notify_before == timedelta(hours=notice)


def test_the_schema_names_every_key_and_says_what_each_is_for() -> None:
    schema = json_schema()

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == "guard.yaml"
    for part in (schema, *schema["$defs"].values()):
        assert part["additionalProperties"] is False
        for name, field in part["properties"].items():
            assert field.get("description") or "$ref" in field, name


def test_defaults_in_the_schema_are_written_as_in_the_file_and_mean_the_same() -> None:
    schema = json_schema()
    given = {name: field["default"] for name, field in schema["properties"].items() if field.get("default") is not None}
    required = {"projects": ["a"], "owners": {"fallback": "ops"}}

    assert GuardFile.model_validate(required | given) == GuardFile.model_validate(required)


@pytest.mark.parametrize(("old", "new", "where", "what"), CASES, ids=[f"{case[2]} {case[1]}"[:70] for case in CASES])
def test_what_the_schema_refuses_is_refused_by_the_guard_too(old: str, new: str, where: str, what: str) -> None:
    """The schema is for editors and knows less; it must never refuse what the guard takes."""
    assert where
    assert what
    document = YAML(typ="safe").load(changed(old, new))

    if not jsonschema.Draft202012Validator(json_schema()).is_valid(document):
        with pytest.raises(ConfigInvalid):
            read(changed(old, new))


def _examples() -> list[tuple[str, str]]:
    """Whole guard.yaml files that people copy: by name, their text."""
    from guard.cli.init import TEMPLATE

    found = [("init", TEMPLATE.format(projects="acme-ml", notify="${OPS_URL}")), ("valid", VALID)]
    found.append(("demo", (ROOT / "guard/cli/demonstration/guard.yaml").read_text("utf-8")))
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        blocks = TOLD.findall(page.read_text("utf-8"))
        found += [
            (f"{page.relative_to(ROOT)}-{i}", block)
            for i, block in enumerate(blocks)
            if "owners:" in block and "projects:" in block and "endpoints:" not in block
        ]
    return found


@pytest.mark.parametrize(("name", "text"), _examples(), ids=[name for name, _ in _examples()])
def test_an_example_is_valid_by_the_schema_and_by_the_guard(name: str, text: str) -> None:
    text = re.sub(r"\{\{(\w+)\}\}|\$(\w+)\$", "x", text)
    document: dict[str, Any] = YAML(typ="safe").load(text)
    variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "json://127.0.0.1:9")

    jsonschema.validate(document, json_schema())
    parse(text, source=name, environment=variables)
