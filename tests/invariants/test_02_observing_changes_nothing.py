"""2. Observe mode makes no call that changes anything; only `guard.acts` can make one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.core.reasons import BlockReason
from guard.core.removal import ActState
from guard.core.restore import restore_act
from tests.e2e.harness import CONFIG, Harness

GUARD = Path(__file__).parents[2] / "guard"
MUTATING = ("google.cloud.aiplatform", "google.cloud.storage", "google.genai", "vertexai")
"""The official clients that can change something. Reading Cloud Monitoring cannot."""

ALLOWED = {("wiring/identity.py", "google.cloud.storage")}
"""Wiring builds the storage client of a world and hands it to guard.acts."""


def imports(file: Path) -> Iterator[str]:
    """Every module that a file names in an import, wherever it stands; `from a import b` may mean the module a.b."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def mutating(file: Path) -> set[str]:
    return {client for name in imports(file) for client in MUTATING if name.startswith(client)}


def test_only_the_acts_import_clients_that_change_something() -> None:
    offenders = {
        (str(file.relative_to(GUARD)), client)
        for file in GUARD.rglob("*.py")
        if file.relative_to(GUARD).parts[0] not in {"acts", "sandbox"}
        for client in mutating(file)
    }

    assert offenders == ALLOWED


def test_the_acts_do_import_them_so_that_the_test_above_looks_at_something() -> None:
    found = {client for file in (GUARD / "acts").rglob("*.py") for client in mutating(file)}

    assert "google.cloud.aiplatform" in found


def everything_that_changed(harness: Harness) -> list[str]:
    """Calls of any service, storage included, that change something; reads sent as POST are none."""
    return [f"{call.service}.{call.method}" for call in list(harness.running.world.calls) if call.changes]


def test_observing_changes_nothing_in_any_service(harness: Harness) -> None:
    before = everything_that_changed(harness)  # the harness makes the guard's bucket
    harness.configure(CONFIG.replace("mode: enforce", "mode: observe"))

    results = harness.steps(30)

    assert {one.block for result in results for one in result.did} == {BlockReason.OBSERVE_MODE}
    assert everything_that_changed(harness) == before


def test_a_switch_to_observe_holds_what_was_ordered_and_what_was_under_way(harness: Harness) -> None:
    harness.steps(3)
    assert harness.states() == {"forgotten": ActState.STARTED}
    before = everything_that_changed(harness)
    harness.configure(CONFIG.replace("mode: enforce", "mode: observe"))

    harness.steps(2)
    [removal] = harness.acts()
    assert removal.state is ActState.VERIFIED, "asking what became of it changes nothing"
    harness.guard.ledger.propose(restore_act(removal, 1, harness.guard.clock.now(), asked_by="ada"))
    harness.steps(4)

    assert everything_that_changed(harness) == before


def test_a_pause_holds_every_change(harness: Harness) -> None:
    harness.steps(3)
    before = everything_that_changed(harness)
    harness.guard.ledger.pause("ada", "incident", harness.guard.clock.now())

    harness.steps(4)

    assert everything_that_changed(harness) == before


def test_a_guard_that_may_only_look_has_no_way_to_act(harness: Harness) -> None:
    guard = harness.open(may_act=False)

    assert guard.cycle._p.acting is None
    for _ in range(5):
        harness.cycle(guard)
        harness.advance()
    assert harness.changes() == []


@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete"])
def test_looking_sends_no_changing_verb_to_the_platform(harness: Harness, verb: str) -> None:
    """What reads is asked for by GET, or is a listing that the platform wants as POST."""
    guard = harness.open(may_act=False)
    sent: list[str] = []
    session = guard.connection.world.session  # type: ignore[union-attr]  # a sandbox's world has one
    request = session.request

    def noting(method: str, url: str, **kwargs: object) -> object:
        sent.append(f"{method.lower()} {url}")
        return request(method, url, **kwargs)

    session.request = noting  # type: ignore[method-assign]
    harness.cycle(guard)

    changing = [one for one in sent if one.startswith(f"{verb} ") and not one.endswith("entries:list")]
    assert sent
    assert changing == []
