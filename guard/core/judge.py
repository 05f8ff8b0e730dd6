"""From a snapshot to verdicts: keep, idle or unknown for each thing, with a reason and evidence. Pure.

Subjects are every deployed model (but a pool's sharers, which are part of the pool's verdict), every pool as one group, every
endpoint without models, every registry model, every tuning job. The answer does not depend on the order of the inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from guard.core.judge_artefact import judge_artefact
from guard.core.judge_job import judge_job
from guard.core.judge_pool import Sharer, judge_pool
from guard.core.judge_running import judge_deployed
from guard.core.judge_shell import judge_empty_endpoint, judge_model
from guard.core.model import HourlyPool, Snapshot
from guard.core.plan import LedgerView
from guard.core.prices import PriceBook
from guard.core.siblings import hold_together
from guard.core.sight import Learning, RulesOf, Sight
from guard.core.usage import Usage
from guard.core.verdict import Idle, Verdict

NO_MEASUREMENTS: Mapping[str, timedelta] = {}


def judge(
    snapshot: Snapshot,
    usages: Mapping[str, Usage],
    rules_of: RulesOf,
    prices: PriceBook,
    view: LedgerView,
    now: datetime,
    *,
    learned: Learning | None = None,
    measured_redeploy: Mapping[str, timedelta] = NO_MEASUREMENTS,
) -> tuple[Verdict, ...]:
    """Judge everything in a snapshot.

    Args:
        snapshot: What exists.
        usages: Canonical deployed model or pool name -> its record.
        rules_of: Project id -> the rules of its group; None where the project is not enrolled.
        prices: The shipped price book; overrides of a group's rules are applied here.
        view: What the ledger remembers: keeps, recipes, first sight.
        now: The instant of the look.
        learned: Offers the learning rule; without it a learning wait is the break-even one.
        measured_redeploy: Canonical deployed model name -> how long its own deploys took.

    Returns:
        One verdict a subject, by canonical name.
    """
    sight = Sight(snapshot, usages, rules_of, prices, view, now, learned, measured_redeploy)
    verdicts: dict[str, Verdict] = {}
    pools = {pool.name: pool for pool in snapshot.pools}
    sharers: dict[str, list[Sharer]] = {name: [] for name in pools}
    deployed_on: dict[str, str] = {}
    for endpoint in snapshot.endpoints:
        if not endpoint.deployed:
            verdicts[endpoint.name] = judge_empty_endpoint(sight, endpoint)
        for deployed in endpoint.deployed:
            deployed_on[deployed.model] = min(endpoint.name, deployed_on.get(deployed.model, endpoint.name))
            if isinstance(deployed.billing, HourlyPool) and deployed.billing.pool in pools:
                sharers[deployed.billing.pool].append((endpoint, deployed))
            else:
                verdicts[deployed.name] = judge_deployed(sight, endpoint, deployed)
    for pool in snapshot.pools:
        verdicts[pool.name] = judge_pool(sight, pool, sharers[pool.name])
    hold_together(snapshot.endpoints, verdicts)
    for model in snapshot.models:
        verdicts[model.name] = judge_model(sight, model, deployed_on.get(model.name))
    for job in snapshot.jobs:
        verdicts[job.name] = judge_job(sight, job)
    for artefact in snapshot.artefacts:
        verdicts[artefact.name] = judge_artefact(sight, artefact)
    return tuple(verdicts[name] for name in sorted(verdicts))


def verdict_of(verdicts: Iterable[Verdict], name: str) -> Verdict | None:
    """Return the verdict on a thing; for a pool's sharer the pool's, about the sharer, since it goes or stays with it."""
    for verdict in verdicts:
        if verdict.subject.name == name:
            return verdict
        if name in verdict.subject.members:
            part = next((p for p in verdict.parts if p.name == name), None) if isinstance(verdict, Idle) else None
            return replace(verdict, subject=part) if part is not None else verdict
    return None
