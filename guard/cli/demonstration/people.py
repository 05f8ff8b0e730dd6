"""What people do in the demo's story: they read notices, and answer as they would, by the same means as the commands do."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from guard.cli.demonstration.beats import Beat, What
from guard.cli.demonstration.cloud import Cloud
from guard.cli.demonstration.sink import Notice
from guard.core.plan import Acknowledgement, NoticeKind, Plan
from guard.core.reasons import BlockReason
from guard.core.removal import Act, ActState
from guard.core.restore import restore_act
from guard.core.verdict import Stage
from guard.ports.ledger import Ledger

KEPT = "quarterly-report"
CALLED_AGAIN = "sales-demo"
WANTED_BACK = "ab-test-gpu"
WANTED_BACK_AT = timedelta(days=12)
WORD_HOLDS = timedelta(hours=72)
"""As long as the word of `tuneguard approve`."""


@dataclass(slots=True)
class People:
    """The owners and the one on call. `calls`: the calls of a trace by display name; whoever calls in vain asks for it back."""

    cloud: Cloud
    ledger: Ledger
    start: datetime
    calls: Mapping[str, tuple[datetime, ...]]
    in_vain: int = 0
    _called_again: bool = False
    _wanted_back: bool = False
    _asked: set[str] = field(default_factory=set)
    _looked: datetime | None = None

    def act(self, plan: Plan, notices: Iterable[Notice], now: datetime) -> list[Beat]:
        """What they do after a look at `now`, with the notices that it sent."""
        told: list[Beat] = []
        for notice in notices:
            if notice["kind"] == NoticeKind.REMOVAL_AHEAD.value:
                told += self._reads(notice, now)
        told += self._looks(plan, now)
        told += self._calls_in_vain(now) if self.calls else self._wants_back(now)
        self._looked = now
        return told

    def _reads(self, notice: Notice, now: datetime) -> list[Beat]:
        name = str(notice["title"]).partition(" / ")[0].partition(":")[0]
        if name == KEPT:
            until = now + timedelta(days=60)
            self.ledger.add_keep(str(notice["subject"]), "platform", "the board's report runs on it", now, until)
            return [Beat(now, What.PEOPLE, name, "its owner reads the notice: tuneguard keep --until 60d")]
        if name == CALLED_AGAIN and not self._called_again:
            self._called_again = True
            at = (now + timedelta(minutes=20)).isoformat()
            self.cloud.change({"at": at, "requests": {"endpoint": name, "requests": 3}})
            return [Beat(now, What.PEOPLE, name, "its owner reads the notice, and calls it once more")]
        return []

    def _looks(self, plan: Plan, now: datetime) -> list[Beat]:
        """A tripped breaker, or a change that made many things removable, waits for somebody to look."""
        found: list[tuple[str, str]] = []
        if plan.breaker is not None:
            found.append(("breaker", "tuneguard approve --breaker"))
        if any(BlockReason.LARGE_WIDENING in planned.blocks for planned in plan.blocked):
            found.append((f"widening:{plan.config_digest}", "tuneguard approve --widening"))
        for what, _command in found:
            self.ledger.acknowledge(Acknowledgement(what=what, who="ops", made_at=now, expires_at=now + WORD_HOLDS))
        return [Beat(now, What.PEOPLE, "ops", f"looks at the plan: {command}") for _, command in found]

    def _wants_back(self, now: datetime) -> list[Beat]:
        if self._wanted_back or now < self.start + WANTED_BACK_AT:
            return []
        self._wanted_back = True
        gone = removed(self.ledger.acts()).get(WANTED_BACK)
        if gone is None or not ask_back(self.ledger, gone, now, by="nlp"):
            return []
        return [Beat(now, What.PEOPLE, WANTED_BACK, "is needed again: tuneguard restore ab-test-gpu")]

    def _calls_in_vain(self, now: datetime) -> list[Beat]:
        """A trace's callers do not know what was removed: a call since the last look that finds nothing is a miss."""
        told: list[Beat] = []
        since = self._looked or now
        for name, act in removed(self.ledger.acts()).items():
            times = self.calls.get(name, ())
            gone_at = act.settled_at or act.updated_at
            missed = bisect_right(times, now) - bisect_right(times, max(since, gone_at))
            if missed <= 0:
                continue
            self.in_vain += missed
            if act.id in self._asked or not ask_back(self.ledger, act, now, by="its callers"):
                continue
            self._asked.add(act.id)
            told.append(Beat(now, What.PEOPLE, name, f"{missed} call(s) find nothing: tuneguard restore {name}"))
        return told


def removed(acts: Sequence[Act]) -> dict[str, Act]:
    """Display name -> the undeploy of what is gone now: the latest one that no later restore has undone."""
    gone: dict[str, Act] = {}
    for act in sorted(acts, key=lambda one: one.settled_at or one.updated_at):
        if act.state is not ActState.VERIFIED:
            continue
        if act.key.stage is Stage.UNDEPLOY:
            gone[act.display_name] = act
        elif act.key.stage is Stage.RESTORE:
            gone.pop(act.display_name, None)
    return gone


def ask_back(ledger: Ledger, removal: Act, now: datetime, *, by: str) -> bool:
    """Order a restore as `tuneguard restore` does; False where there is nothing to restore from, or it is ordered already."""
    if removal.recipe_id is None:
        return False
    earlier = [one for one in ledger.acts(subject=removal.key.subject) if one.key.stage is Stage.RESTORE]
    if any(one.state.is_open for one in earlier):
        return False
    return ledger.propose(restore_act(removal, len(earlier) + 1, now, asked_by=by))
