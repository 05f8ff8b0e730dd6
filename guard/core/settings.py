"""The whole configuration in force, as one value. Pure; config.py builds it from guard.yaml and the environment."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from guard.core.rules import Mode, Policy, Rules


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
