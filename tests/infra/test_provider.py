"""The sandbox's provider: what it rejects, and where its rules come from."""

import os
import subprocess
from pathlib import Path

import pytest

from guard.sandbox.provider import schema, write_executable
from guard.sandbox.provider.kinds import KINDS

BUCKET = "gcp:storage/bucket:Bucket"
POOL = "gcp:cloudrunv2/workerPool:WorkerPool"


def test_an_input_that_the_installed_class_does_not_have_is_rejected() -> None:
    assert schema.failures(BUCKET, {"location": "EU", "publicly": True}) == [
        ("publicly", "BucketArgs has no such input")
    ]


def test_a_nested_input_that_the_class_does_not_have_is_rejected() -> None:
    inputs = {"location": "x", "template": {"containers": [{"image": "i", "cpus": 2}]}}

    assert schema.failures(POOL, inputs) == [
        ("template.containers[0].cpus", "WorkerPoolTemplateContainerArgs has no such input")
    ]


def test_a_missing_required_input_is_rejected() -> None:
    assert ("location", "BucketArgs requires it") in schema.failures(BUCKET, {})


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"forceDestroy": "yes"}, "forceDestroy"),
        ({"labels": ["a"]}, "labels"),
        ({"lifecycleRules": {}}, "lifecycleRules"),
        ({"versioning": True}, "versioning"),
    ],
)
def test_an_input_of_another_type_is_rejected(inputs: dict[str, object], path: str) -> None:
    assert [where for where, _ in schema.failures(BUCKET, {"location": "EU", **inputs})] == [path]


def test_an_unknown_value_in_a_preview_is_accepted() -> None:
    assert schema.failures(BUCKET, {"location": schema.UNKNOWN, "versioning": schema.UNKNOWN}) == []


@pytest.mark.parametrize("token", KINDS)
def test_every_rule_names_its_source_and_inputs_that_exist(token: str) -> None:
    kind = KINDS[token]

    assert kind.source.endswith(".go")
    assert kind.replace - {"condition"} <= schema.input_names(token)
    assert not kind.guard_flag or kind.guard_flag in schema.input_names(token)


def test_it_refuses_to_start_without_a_sandbox(tmp_path: Path) -> None:
    script = write_executable(tmp_path)

    done = subprocess.run(
        [str(script)],
        env={key: value for key, value in os.environ.items() if key != "TUNEGUARD_SANDBOX"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "set TUNEGUARD_SANDBOX" in done.stderr
