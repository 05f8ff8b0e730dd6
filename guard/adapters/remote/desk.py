"""Every question and word of guard.ports.desk, sent to the API of another machine; the same documents come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from guard.adapters.remote.wire import Wire
from guard.ports.errors import Malformed, NotUnderstood

Document = dict[str, Any]


class RemoteDesk:
    """Implements guard.ports.desk.Desk. Who speaks is whom the token names; the `who` of a word is not sent."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    # questions ------------------------------------------------------------------------------------

    def now(self) -> datetime:
        said = self._wire.ask("/now").get("now")
        try:
            return datetime.fromisoformat(str(said))
        except ValueError:
            raise Malformed(f"/now: found {said!r}. Expected an ISO 8601 time.") from None

    def speaker(self, given: str | None) -> str:
        name = str(self._wire.ask("/me").get("name"))
        if given is not None and given != name:
            raise NotUnderstood(
                f"--who: found {given!r}, and the token speaks for {name!r}. Nothing was said.",
                hint="Leave --who out, or use a token of theirs.",
            )
        return name

    def find(self, name: str, *, removed: bool = False) -> Document:
        return self._wire.ask("/find", {"name": _some(name), "removed": removed})

    def status(self, *, fresh: bool = False, project: str | None = None, policy: str | None = None) -> Document:
        _not_fresh(fresh)
        return self._wire.ask("/status", {"project": project, "policy": policy})

    def plan(self, *, fresh: bool = False, project: str | None = None, policy: str | None = None) -> Document:
        _not_fresh(fresh)
        return self._wire.ask("/plan", {"project": project, "policy": policy})

    def explain(self, name: str) -> Document:
        return self._wire.ask("/explain", {"name": _some(name)})

    def history(self, name: str | None = None, *, limit: int = 50) -> Document:
        return self._wire.ask("/history", {"name": None if name is None else _some(name), "limit": limit})

    def jobs(self, *, project: str | None = None, policy: str | None = None) -> Document:
        return self._wire.ask("/jobs", {"project": project, "policy": policy})

    def costs(self, *, by: str = "thing", project: str | None = None, policy: str | None = None) -> Document:
        return self._wire.ask("/costs", {"by": by, "project": project, "policy": policy})

    def budgets(self) -> Document:
        return self._wire.ask("/budgets")

    def prices(self) -> Document:
        return self._wire.ask("/prices")

    def savings(self) -> Document:
        return self._wire.ask("/savings")

    def report(self, *, month: str | None = None) -> Document:
        return self._wire.ask("/report", {"month": month})

    def fleet(self, words: Mapping[str, str]) -> Document:
        return self._wire.ask("/fleet", words)

    def thing(self, name: str) -> Document:
        return self._wire.ask("/thing", {"name": _some(name)})

    def glimpse(self) -> Document:
        return self._wire.ask("/glimpse")

    def moment(self, text: str, *, zone: str = "UTC") -> Document:
        return self._wire.ask("/moment", {"text": text, "zone": zone})

    def week(self) -> Document:
        return self._wire.ask("/week")

    def tuning(self) -> Document:
        return self._wire.ask("/tuning")

    def money(self) -> Document:
        return self._wire.ask("/money")

    def trial(self, waits: Sequence[str] = (), *, use: tuple[str, str] | None = None) -> Document:
        policy, wait = use or (None, None)
        return self._wire.ask("/trial", {"wait": list(waits) or None, "policy": policy, "use": wait})

    # words ----------------------------------------------------------------------------------------

    def keep(self, name: str, *, until: datetime | None, why: str, who: str) -> Document:  # noqa: ARG002  # the token's
        end = until.isoformat() if until else None
        return self._wire.say("/keep", {"name": _some(name), "until": end, "why": why})

    def unkeep(self, name: str, *, who: str) -> Document:  # noqa: ARG002  # the token's
        return self._wire.say("/unkeep", {"name": _some(name)})

    def approve(
        self,
        name: str | None,
        *,
        who: str,  # noqa: ARG002  # the token's
        accept_loss: bool = False,
        scope: str | None = None,
        breaker: bool = False,
        widening: bool = False,
    ) -> Document:
        body = {
            "name": None if name is None else _some(name),
            "accept_loss": accept_loss,
            "scope": scope,
            "breaker": breaker,
            "widening": widening,
        }
        return self._wire.say("/approve", body)

    def remove(self, name: str, *, who: str) -> Document:  # noqa: ARG002  # the token's
        return self._wire.say("/remove", {"name": _some(name)})

    def restore(self, name: str | None, *, who: str, cycle: str | None = None, dry_run: bool = False) -> Document:  # noqa: ARG002  # the token's
        return self._wire.say("/restore", {"name": name, "cycle": cycle, "dry_run": dry_run})

    def give_up_restore(self, name: str | None, *, who: str, cycle: str | None = None) -> Document:  # noqa: ARG002  # the token's
        return self._wire.say("/give-up-restore", {"name": name, "cycle": cycle})

    def pause(self, *, who: str, why: str) -> Document:  # noqa: ARG002  # the token's
        return self._wire.say("/pause", {"why": why})

    def resume(self, *, who: str, why: str) -> Document:  # noqa: ARG002  # the token's
        return self._wire.say("/resume", {"why": why})

    def accept_price(self, number: int, *, who: str) -> Document:  # noqa: ARG002  # the token's
        return self._wire.say("/accept-price", {"number": number})

    def close(self) -> None:
        self._wire.close()


def _some(name: str) -> str:
    """Refuse an empty name here, with the words that the ledger's own desk has for it."""
    if not name.strip():
        raise NotUnderstood("The name is empty.", hint="Give a resource name, a display name or an id.")
    return name


def _not_fresh(fresh: bool) -> None:
    if fresh:
        raise NotUnderstood(
            "--fresh: a look is taken with the credentials of the machine that asks, and TUNEGUARD_URL names another one.",
            hint="Ask without it: the daemon there looks every few minutes.",
        )
