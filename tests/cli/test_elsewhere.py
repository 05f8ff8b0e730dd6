"""With an address and a token the command line works from any folder; what it cannot do from there it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.cli.app import COMMANDS, ON_THIS_MACHINE
from guard.core.access import Role
from tests.cli.anywhere import Api, elsewhere
from tests.cli.world import Place, here

pytestmark = pytest.mark.xdist_group("cli")


def test_every_command_either_works_from_anywhere_or_says_that_it_does_not(place: Place, api: Api) -> None:
    assert {name for name, _, _ in COMMANDS} >= ON_THIS_MACHINE
    with elsewhere(place, api) as there:
        for name in sorted(ON_THIS_MACHINE):
            answer = there.here(name)
            assert (answer.code, answer.out) == (2, ""), name
            assert f"`{name}` works on the guard's own machine only" in answer.err
            assert there.here(name, "--help").code == 0
        for command in (("status", "--fresh"), ("plan", "--fresh"), ("plan", "--against", "other.yaml")):
            answer = there.here(*command)
            assert (answer.code, answer.out) == (2, ""), command
            assert f"{command[1]}: a look is taken with" in answer.err


def test_a_folder_without_anything_but_the_token_is_enough(place: Place, api: Api, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with elsewhere(place, api) as there:
        assert "forgotten-gpu" in here("history", folder=empty, environment=there.environment).out
    assert list(empty.iterdir()) == []


def test_who_speaks_is_whom_the_token_names(copied: Place, api: Api) -> None:
    with elsewhere(copied, api) as there:
        refused = there.here("keep", "busy", "--who", "somebody-else")
        assert (refused.code, refused.out) == (2, "")
        assert f"found 'somebody-else', and the token speaks for 'token {there.name}'" in refused.err
        assert there.here("unkeep", "busy").code == 1, "nothing was kept"

        _, viewers = api.token(Role.VIEWER)
        refused = there.here("pause", TUNEGUARD_TOKEN=viewers)
        assert (refused.code, "a viewer reads" in refused.err) == (3, True)
        assert there.here("status", TUNEGUARD_TOKEN=viewers).code == 0


@pytest.mark.parametrize(
    ("environment", "code", "words"),
    [
        ({"TUNEGUARD_TOKEN": None}, 3, "TUNEGUARD_TOKEN is not set"),
        ({"TUNEGUARD_TOKEN": "wrong"}, 3, "The token is unknown, revoked or expired."),
        ({"TUNEGUARD_URL": "http://127.0.0.1:9"}, 3, "cannot be reached"),
        ({"TUNEGUARD_URL": "http://guard.example.com"}, 2, "a token would be readable on the way"),
    ],
)
def test_an_address_or_token_that_does_not_work_is_told(
    place: Place, api: Api, environment: dict[str, str | None], code: int, words: str
) -> None:
    with elsewhere(place, api) as there:
        answer = there.here("status", **environment)

    assert (answer.code, answer.out) == (code, "")
    assert words in answer.err
    assert there.token not in answer.err
