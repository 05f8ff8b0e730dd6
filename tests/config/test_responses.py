"""`on_crossing` of a budget: what it becomes, and what it may not ask for."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from guard.config import parse
from guard.core.responses import CancelJobs, Shorten
from guard.core.settings import Settings
from guard.core.under_pressure import under_pressure
from guard.ports.errors import ConfigInvalid
from tests.builders import NOW
from tests.core.test_under_pressure import CROSSING

TEXT = """
projects: [demo-research]
owners: {{fallback: ops}}
notify: {{ops: "json://127.0.0.1"}}
policies:
  - {{name: dev, match: {{labels: {{env: dev}}}}, wait: 48h, do: [undeploy, cancel_job]}}
  - {{name: rest, wait: never}}
openai: {{do: [{openai}]}}
budgets:
  - name: all
    monthly: 100 USD
    alert_at: [90%]
    on_crossing: [{{at: 90%, do: [{do}]}}]
"""


def read(do: str, openai: str = "cancel_job") -> Settings:
    return parse(TEXT.format(do=do, openai=openai), source="guard.yaml", environment={}).settings


def test_a_share_a_length_names_and_a_lone_ask_are_understood() -> None:
    [response] = (
        read("tell, {shorten: {policies: [dev], to: 50%}}, {shorten: {policies: [dev], to: 6h}}, ask")
        .budgets[0]
        .responses
    )
    assert response.at == "90%"
    assert response.shorten == (
        Shorten(policies=("dev",), to=Decimal("0.5")),
        Shorten(policies=("dev",), to=timedelta(hours=6)),
    )
    assert response.ask == ("dev",), "those that are named beside it"
    assert read("ask").budgets[0].responses[0].ask == ("dev", "rest")


def test_the_jobs_of_another_provider_can_be_named_where_it_opts_in() -> None:
    settings = read("{cancel_jobs: {policies: [openai], names: [sweep-*]}}")
    assert settings.budgets[0].responses[0].cancel_jobs == (CancelJobs(policies=("openai",), names=("sweep-*",)),)
    pressed = under_pressure(settings, [CROSSING], NOW)
    [policy] = [one for one in pressed.rules_of("openai").policies if one.name == "openai"]
    assert policy.pressures[0].cancels_job("sweep-3")
    assert not any(one.pressures for one in pressed.default.policies)
    with pytest.raises(ConfigInvalid, match="found 'openai', whose `do` holds no cancel_job"):
        read("{cancel_jobs: {policies: [openai]}}", openai="")
    with pytest.raises(ConfigInvalid, match="found 'openai', whose wait is never"):
        read("{shorten: {policies: [openai], to: 50%}}")


@pytest.mark.parametrize(
    ("do", "said"),
    [
        ("{shorten: {policies: [rest], to: 50%}}", "found 'rest', whose wait is never"),
        ("{ask: {policies: [none]}}", "found 'none'. Expected a policy's name: dev, openai, rest"),
        ("{shorten: {policies: [dev], to: 0h}}", "Expected a wait above 0"),
        ("{shorten: {policies: [dev], to: 50%}, ask: {policies: [dev]}}", "Expected exactly one of"),
        ("{}", "found nothing. Expected exactly one of"),
        ("remove", "found 'remove'. Expected 'tell' or 'ask'"),
    ],
)
def test_what_a_crossing_may_not_do_is_refused_with_its_line(do: str, said: str) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        read(do)
    assert said in str(refused.value)
    assert str(refused.value).startswith("guard.yaml:13:")
