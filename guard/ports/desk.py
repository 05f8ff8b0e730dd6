"""What people ask of the guard and what they tell it: one method a question or word, JSON documents in answer.

The command line, the page and the API all get their answers here, so that none of them can tell another story: whoever draws a
table, a page or a picture computes nothing, it only writes down what the document says. Implemented by `guard.desk` on a ledger,
and by `guard.adapters.remote` over the API of another machine.

A document holds JSON's own kinds, money as `{amount, currency}` with the amount as text, instants as ISO 8601 with their offset
(UTC), durations in hours. Every answer says `now` (domain time of the asking) and, where it rests on a look, `taken_at`.
Names are resolved as everywhere: a resource name, a display name or an id. `who` is the person who speaks;
may they? is asked before.
`project` and `policy` narrow a list and its totals; a name that nothing bears is refused.

Raises NotFoundByName for a name that means nothing or several things, Refused for a word that can't be taken, LedgerUnusable, and
over the network NotSignedIn, Forbidden and Unavailable: all of them GuardError with what was found and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

Document = Mapping[str, Any]


class Desk(Protocol):
    """See the module's docstring."""

    # questions ------------------------------------------------------------------------------------
    def now(self) -> datetime:
        """Domain time, aware UTC: what `3d from now` counts from."""
        ...

    def speaker(self, given: str | None) -> str:
        """Who speaks: as given, else the user of this machine, or the person whom the token names (and no other)."""
        ...

    def find(self, name: str, *, removed: bool = False) -> Document:
        """The one thing that a name means: `subject`, `name`, `owner`, `project`, `kind`, `gone`; an act's id means its thing.

        `removed`: what a restore of this name would bring back, which may be another thing than the one that bears it now;
        `owner` is None where it means things of several owners.
        """
        ...

    def status(self, *, fresh: bool = False, project: str | None = None, policy: str | None = None) -> Document: ...
    def plan(self, *, fresh: bool = False, project: str | None = None, policy: str | None = None) -> Document: ...
    def explain(self, name: str) -> Document: ...
    def history(self, name: str | None = None, *, limit: int = 50) -> Document: ...
    def jobs(self, *, project: str | None = None, policy: str | None = None) -> Document: ...
    def costs(self, *, by: str = "thing", project: str | None = None, policy: str | None = None) -> Document: ...
    def budgets(self) -> Document:
        """How each budget stands; `crossings` holds also those that are over."""
        ...

    def prices(self) -> Document: ...
    def savings(self) -> Document:
        """What removals saved by removal and billing month: claimed, measured, billed; and the running month's bill, split."""
        ...

    def report(self, *, month: str | None = None) -> Document:
        """The report of a billing month (`2026-11`; None: the running one), as `guard.desk.rendering` writes it down."""
        ...

    # what the page asks beyond that --------------------------------------------------------------
    def fleet(self, words: Mapping[str, str]) -> Document:
        """A line for each thing that bills; `words` filter, order and page it (guard.desk.asking), as an address does."""
        ...

    def thing(self, name: str) -> Document:
        """One thing in full: its line, picture, story, changes of mind, and which words can be said of it now."""
        ...

    def glimpse(self) -> Document:
        """`stamp` changes with everything that a page shows; `late` says in words that nobody looks any more."""
        ...

    def moment(self, text: str, *, zone: str = "UTC") -> Document:
        """The instant (`at`) that people's words mean, read in a zone; raises ConfigInvalid for what cannot be read or is over."""
        ...

    def week(self) -> Document:
        """What would happen at the next look and in the seven days from then on; what blocks, and how much of the caps is used."""
        ...

    def tuning(self) -> Document:
        """Tuning jobs with loss curve, cost against estimate and expected end; the days on which base models are shut down."""
        ...

    def money(self) -> Document:
        """Budgets with their burn and who was told, spend by team, owner, project and kind, prices that are unknown or old."""
        ...

    def trial(self, waits: Sequence[str] = (), *, use: tuple[str, str] | None = None) -> Document:
        """Waits tried on the ledger's own past; `use` (policy, wait) asks for the change to guard.yaml that it means."""
        ...

    # words ----------------------------------------------------------------------------------------
    def keep(self, name: str, *, until: datetime | None, why: str, who: str) -> Document: ...
    def unkeep(self, name: str, *, who: str) -> Document: ...
    def approve(
        self,
        name: str | None,
        *,
        who: str,
        accept_loss: bool = False,
        scope: str | None = None,
        breaker: bool = False,
        widening: bool = False,
    ) -> Document: ...
    def remove(self, name: str, *, who: str) -> Document: ...
    def restore(self, name: str | None, *, who: str, cycle: str | None = None, dry_run: bool = False) -> Document: ...
    def give_up_restore(self, name: str | None, *, who: str, cycle: str | None = None) -> Document: ...
    def pause(self, *, who: str, why: str) -> Document: ...
    def resume(self, *, who: str, why: str) -> Document: ...
    def accept_price(self, number: int, *, who: str) -> Document: ...

    def close(self) -> None: ...
