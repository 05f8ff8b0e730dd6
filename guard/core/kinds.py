"""Which endpoints are alike for learning: those about which one policy decides. Pure.

A policy is how people say that things are used alike (scratch, team, production), so that what its endpoints do stands between an
endpoint's own past and the whole fleet's (core.learn.fleet). Machines would be the other choice; they follow the model's size.
"""

from __future__ import annotations

from collections.abc import Callable

from guard.core.groups import sharers_of
from guard.core.model import HourlyDedicated, Kind, Snapshot
from guard.core.policy import Matcher
from guard.core.rules import Rules
from guard.core.verdict import Subject


def kinds_of(snapshot: Snapshot, rules_of: Callable[[str], Rules | None]) -> dict[str, str]:
    """Return the name of the policy that decides about each deployed model and pool; what has none is left out.

    A pool is of the kind of its first sharer by name: where their policies differ, all of them decide.
    """
    matchers: dict[int, Matcher] = {}
    found: dict[str, str] = {}
    for endpoint in snapshot.endpoints:
        rules = rules_of(endpoint.project_id) if endpoint.deployed else None
        if rules is None:
            continue
        matcher = matchers.get(id(rules)) or matchers.setdefault(id(rules), Matcher(rules.policies))
        location = endpoint.name.split("/", 4)[3]
        for deployed in endpoint.deployed:
            billing = deployed.billing
            policy = matcher.find(
                Subject(
                    name=deployed.name,
                    kind=Kind.DEPLOYED_MODEL,
                    project_id=endpoint.project_id,
                    location=location,
                    display_name=deployed.display_name or endpoint.display_name,
                    labels=endpoint.labels,
                    generation="",
                    digest="",
                    created_at=deployed.created_at,
                    billed=isinstance(billing, HourlyDedicated),
                    rate=None,
                    machine=str(billing.machine) if isinstance(billing, HourlyDedicated) else "",
                    aliases=(endpoint.display_name,),
                )
            )
            if policy is not None:
                found[deployed.name] = policy.name
    for pool, members in sharers_of(snapshot).items():
        named = [found[name] for name in members if name in found]
        if named:
            found[pool] = named[0]
    return found
