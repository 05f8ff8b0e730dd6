"""`openai:` as rules like those of a project: a policy for its jobs, and one for each tune or file that may be deleted."""

from __future__ import annotations

from dataclasses import replace

from guard.config.money_schema import OpenAIRules
from guard.core.rules import Fixed, JobRule, Line, Match, Never, Policy, Rules, StageRule
from guard.core.verdict import Stage

PROVIDER = "provider:"
"""How the group of a provider's rules is called; no environment has such a name, since it stands for no project."""


def provider_rules(default: Rules, rules: OpenAIRules, line: Line) -> Rules:
    """Make the rules of a provider: the file's mode and limits, nothing but what `openai:` opts in to."""
    deletions = [
        Policy(
            name=f"{rules.name}: delete {one.model or one.file}",
            match=Match(names=(str(one.model or one.file),), kinds=("model" if one.model else "file",)),
            wait=Fixed(one.unused_for),
            if_wrong=None,
            line=line,
            notify_before=min(rules.notify_before, one.unused_for),
            stages=(
                StageRule(stage=Stage.DELETE_MODEL if one.model else Stage.DELETE_FILE, accepted_by=one.accepted_by),
            ),
        )
        for one in rules.delete
    ]
    jobs = Policy(
        name=rules.name,
        match=Match(),
        wait=Never(),
        if_wrong=None,
        line=line,
        notify_before=rules.notify_before,
        stages=tuple(StageRule(stage=Stage(name)) for name in rules.do),
        jobs=JobRule(stalled_after=rules.stalled_after),
    )
    owners = replace(default.owners, fallback=rules.to or default.owners.fallback)
    return replace(default, policies=(*deletions, jobs), owners=owners)
