"""What the API's description promises is kept: every route, with arguments that fit and that do not, checked by schemathesis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from guard.core.access import Role
from guard.web.api.description import described
from guard.web.limits import Limits
from tests.web.api.rig import Api, an_api
from tests.web.place import Place


class Current:
    """The application of the fixture: schemathesis wants one before there is one, and calls it by a host name of its own."""

    api: Api

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            host = self.api.url.removeprefix("http://").encode()
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope = {**scope, "headers": [(b"host", host), *others]}
        await self.api.app(scope, receive, send)


current = Current()
schema = schemathesis.openapi.from_dict(described())
schema.app = current
schema.location = "/api/v1/openapi.json"


@pytest.fixture(scope="module")
def headers(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Those of an operator; what is said there is heard by a copy of the ledger."""
    with an_api(place, tmp_path_factory.mktemp("api")) as current.api:
        yield {"Authorization": f"Bearer {current.api.token('fuzz', Role.OPERATOR)}"}


@schema.parametrize()
@settings(
    max_examples=5,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_described(case: Any, headers: dict[str, str]) -> None:
    current.api.app.state.limits = Limits()  # a fuzzer is not to be told to slow down
    # Words such as `Friday` are more than their length: what fits the schema may still mean nothing (422).
    case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])
