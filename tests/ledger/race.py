"""What the concurrency tests run as processes of their own: python -m tests.ledger.race COMMAND URL ..."""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta
from typing import Any

from guard.core.removal import Act
from guard.ledger import SqlLedger, chain, open_ledger
from guard.ports.ledger import Lease
from tests.ledger.build import NOW, TTL, WORLD, an_act, intend


def wait_for_go() -> None:
    """Say that this process is ready, and wait until all are."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def lease_rounds(ledger: SqlLedger, holder: str, rounds: int) -> list[str]:
    """Try for the lease, act as leader, release; says which terms it had."""
    terms = []
    while len(terms) < rounds:
        lease = ledger.acquire_lease(holder, TTL)
        if lease is None:
            continue
        terms.append(str(lease.term))
        ledger.release_lease(lease)
    return terms


def intend_all(ledger: SqlLedger, term: int, count: int) -> list[str]:
    """Try the intent of every act; says which ones it won."""
    lease = Lease("daemon-1", term, TTL)
    acts = [an_act(f"projects/1/locations/x/endpoints/{number}") for number in range(count)]
    return [act.key.subject for act in acts if isinstance(intend(ledger, act, lease), Act)]


def intend_and_die(ledger: SqlLedger, term: int, when: str) -> None:
    """Begin an intent and be killed in the middle of its transaction, or just before or after."""

    def die(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    act = an_act()
    if when == "before":
        die()
    if when == "within":
        written = chain.append

        def append_and_die(*arguments: Any, **more: Any) -> None:
            written(*arguments, **more)
            die()

        chain.append = append_and_die
    intend(ledger, act, Lease("daemon-1", term, TTL))
    die()


def main() -> None:
    """Run one command."""
    command, url, *rest = sys.argv[1:]
    ledger = open_ledger(url, world=WORLD, durable_hint=True, busy_timeout=timedelta(seconds=30))
    assert ledger.info().created_at < NOW + timedelta(days=100_000)
    wait_for_go()
    match command:
        case "open":
            sys.stdout.write(ledger.info().id)
        case "lease":
            sys.stdout.write(" ".join(lease_rounds(ledger, rest[0], int(rest[1]))))
        case "intend":
            sys.stdout.write(" ".join(intend_all(ledger, int(rest[0]), int(rest[1]))))
        case "die":
            intend_and_die(ledger, int(rest[0]), rest[1])


if __name__ == "__main__":
    main()
