"""One ledger acts on a project: the claim in the bucket names it, and is only ever replaced by precondition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from guard.acts import claims
from guard.ledger import SqlLedger, open_ledger
from guard.ports.errors import Busy, Unavailable

NOW = datetime(2026, 11, 2, tzinfo=UTC)
PROJECT = "100000000001"


class Shelf:
    """Objects in memory with generations, as a bucket keeps them."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, int]] = {}
        self.down = False

    def put(self, path: str, content: bytes, *, if_generation: int | None) -> int:
        if self.down:
            raise Unavailable("the bucket is not there.")
        generation = self.objects.get(path, (b"", 0))[1]
        if if_generation is not None and generation != if_generation:
            raise Busy("412 conditionNotMet")
        self.objects[path] = content, generation + 1
        return generation + 1

    def read(self, path: str) -> tuple[bytes, int] | None:
        if self.down:
            raise Unavailable("the bucket is not there.")
        return self.objects.get(path)

    def address(self, path: str) -> str:
        return f"gs://guard/{path}"


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def ledgers(tmp_path: Path) -> Iterator[tuple[SqlLedger, SqlLedger]]:
    pair = [open_ledger(f"sqlite:///{tmp_path}/{name}.db", world="sandbox:x", durable_hint=True) for name in "ab"]
    yield pair[0], pair[1]
    for ledger in pair:
        ledger.close()


def take(shelf: Shelf, ledger: SqlLedger) -> claims.Claimed | claims.ClaimRefused:
    return claims.take(shelf, project=PROJECT, ledger=ledger, now=NOW)


def test_the_first_ledger_takes_it_and_the_second_is_told_who_holds_it(
    shelf: Shelf, ledgers: tuple[SqlLedger, SqlLedger]
) -> None:
    first, second = ledgers

    assert isinstance(take(shelf, first), claims.Claimed)
    refused = take(shelf, second)

    assert isinstance(refused, claims.ClaimRefused)
    assert first.info().id in refused.why
    assert "tuneguard db adopt --take-claims" in refused.why
    assert isinstance(take(shelf, first), claims.Claimed), "and the first goes on"


def test_of_two_that_take_it_at_once_one_wins(shelf: Shelf, ledgers: tuple[SqlLedger, SqlLedger]) -> None:
    first, second = ledgers
    read = shelf.read

    def late(path: str) -> tuple[bytes, int] | None:
        found = read(path)
        shelf.read = read  # type: ignore[method-assign]
        assert isinstance(take(shelf, second), claims.Claimed)
        return found

    shelf.read = late  # type: ignore[method-assign]
    refused = take(shelf, first)

    assert isinstance(refused, claims.ClaimRefused)
    assert "could not be taken" in refused.why


def test_it_is_written_afresh_as_the_ledger_goes_on(shelf: Shelf, ledgers: tuple[SqlLedger, SqlLedger]) -> None:
    first, _ = ledgers
    before = take(shelf, first)
    first.pause("ada", "incident", NOW)  # any write counts

    after = take(shelf, first)

    assert isinstance(before, claims.Claimed)
    assert isinstance(after, claims.Claimed)
    assert after.generation > before.generation


@pytest.mark.parametrize("content", [b"", b"not json", b"[]", b'{"ledger_id": 3}', b'{"at": "now"}'])
def test_an_object_that_is_no_claim_refuses(shelf: Shelf, ledgers: tuple[SqlLedger, SqlLedger], content: bytes) -> None:
    shelf.objects[claims.claim_path(PROJECT)] = content, 7

    refused = take(shelf, ledgers[0])

    assert isinstance(refused, claims.ClaimRefused)
    assert "is not a claim" in refused.why


def test_without_the_bucket_there_is_no_claim(shelf: Shelf, ledgers: tuple[SqlLedger, SqlLedger]) -> None:
    shelf.down = True

    assert isinstance(take(shelf, ledgers[0]), claims.ClaimRefused)


def test_a_person_can_move_it(shelf: Shelf, ledgers: tuple[SqlLedger, SqlLedger]) -> None:
    first, second = ledgers
    take(shelf, first)

    assert isinstance(claims.seize(shelf, project=PROJECT, ledger=second, now=NOW), claims.Claimed)
    assert isinstance(take(shelf, first), claims.ClaimRefused)
    assert isinstance(take(shelf, second), claims.Claimed)
