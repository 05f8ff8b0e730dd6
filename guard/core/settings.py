"""The whole configuration in force, as one value. Pure; config.py builds it from guard.yaml and the environment."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from guard.core.budget import Budget
from guard.core.google_budget import GoogleRules
from guard.core.plan import Acknowledgement
from guard.core.removal import Act
from guard.core.reporting import BillExport, ReportRule
from guard.core.rules import Learned, Mode, Policy, Rules
from guard.core.tunes import TuneRules
from guard.core.units import Money
from guard.core.verdict import Stage

BACKTEST = "backtest:"
"""How the acknowledgement of a backtest begins; the policy's digest and the figures that were seen follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What may be touched at all: projects by id or number, or folders with exclusions. Locations None: all of them."""

    projects: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    locations: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One validated configuration. `digest` names its content (secrets left out, names of channels left in)."""

    digest: str
    enrolment: Enrolment
    default: Rules
    groups: Mapping[str, Rules] = field(default_factory=dict)  # environment name -> rules
    group_of: Mapping[str, str] = field(default_factory=dict)  # project id -> environment name
    every: timedelta = timedelta(minutes=15)
    keep_detail: timedelta = timedelta(days=400)
    bucket: str | None = None
    budgets: tuple[Budget, ...] = ()
    tunes: TuneRules | None = None  # a provider whose tunes bill by tokens
    billing_account: str | None = None  # whose own prices count before list prices
    google: GoogleRules | None = None  # Google's own budget notices
    bill: BillExport | None = None
    guard_monthly: Money | None = None  # what the guard itself costs a month; None: nobody said
    reports: tuple[ReportRule, ...] = ()
    public_url: str | None = None  # the page's address, for links in notices; None: no link
    source: str = "guard.yaml"

    def rules_of(self, project_id: str) -> Rules:
        """The rules of a project: its environment's, else the default ones."""
        return self.groups.get(self.group_of.get(project_id, ""), self.default)

    @property
    def modes(self) -> frozenset[Mode]:
        """Every mode that some project is in."""
        return frozenset({self.default.mode, *(rules.mode for rules in self.groups.values())})


def policy_digest(policy: Policy, mode: Mode) -> str:
    """Return a short digest of what one policy may do in one mode; an act whose policy's digest changed starts afresh.

    The line in the file is left out: moving a policy changes nothing about it.
    """
    text = repr((mode, policy.match, policy.wait, policy.if_wrong, policy.worst_case, policy.notify_before, policy.grace,
                 policy.act_during and policy.act_during.text, policy.stages, policy.probes, policy.jobs))  # fmt: skip
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def backtest_digest(policy: Policy) -> str:
    """Return what an accepted backtest binds to: the policy's content, whatever the mode it runs in."""
    return policy_digest(policy, Mode.ENFORCE)


def learns(policy: Policy) -> bool:
    """True where some wait of the policy is learned; such a policy acts only after a person accepted its backtest."""
    rules = (policy.wait, *(stage.wait for stage in policy.stages))
    return any(isinstance(rule, Learned) for rule in rules)


def accepted_backtests(acknowledgements: Iterable[Acknowledgement], now: datetime) -> frozenset[str]:
    """The digests of the policies whose backtest somebody has accepted, and whose word still holds."""
    holding = (a.what for a in acknowledgements if a.made_at <= now < a.expires_at)
    return frozenset(what.removeprefix(BACKTEST).partition(" ")[0] for what in holding if what.startswith(BACKTEST))


def outdated(acts: Iterable[Act], rules_of: Callable[[str], Rules | None]) -> list[tuple[Act, str]]:
    """Return the open acts whose policy or mode is another one than when they were proposed: they start afresh.

    A call that is in flight is left alone, and so is a restore: a person asked for it.
    """
    found: list[tuple[Act, str]] = []
    for act in acts:
        if act.state.is_in_flight or not act.state.is_open or act.key.stage is Stage.RESTORE:
            continue
        rules = rules_of(act.project_id)
        policy = next((p for p in rules.policies if p.name == act.policy), None) if rules else None
        if rules is None or policy is None:
            found.append((act, "its policy is not there any more"))
        elif policy_digest(policy, rules.mode) != act.config_digest:
            found.append((act, "the policy or the mode changed; it is announced afresh"))
    return found
