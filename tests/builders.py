"""Builders with valid defaults: a test shows only what matters to it. Times hang on NOW, a Tuesday noon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from guard.core.judge import judge
from guard.core.model import (
    Billing,
    DeployedModel,
    Endpoint,
    HourlyDedicated,
    HourlyPool,
    JobState,
    Machine,
    RegistryModel,
    ResourcePool,
    ScopeReport,
    Snapshot,
    TuningJob,
)
from guard.core.names import Scope, scope_of
from guard.core.plan import KeepOrder, LedgerView
from guard.core.prices import Part, PriceBook, PriceRow
from guard.core.reasons import RemoveReason
from guard.core.removal import Act, ActKey, ActState, act_id
from guard.core.rules import (
    BreakEven,
    Fixed,
    IfWrong,
    Limits,
    Line,
    Match,
    Mode,
    OwnerRules,
    OwnerSource,
    Policy,
    Rules,
    StageRule,
    WaitRule,
)
from guard.core.units import Money, Rate, hour_number
from guard.core.usage import HourRow, Usage, pack
from guard.core.verdict import Stage, Verdict

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=40)
PROJECT_ID = "acme-ml"
PARENT = "projects/1234/locations/us-central1"
N1 = Machine(machine_type="n1-standard-4")
L4 = Machine(machine_type="g2-standard-8", accelerator_type="NVIDIA_L4", accelerator_count=1)
DAY = timedelta(days=1)


def h(hours: float) -> timedelta:
    return timedelta(hours=hours)


def endpoint_name(number: int | str = 1, parent: str = PARENT) -> str:
    return f"{parent}/endpoints/{number}"


def a_deployed_model(
    *,
    endpoint: str | None = None,
    id: str = "7",  # noqa: A002  # the field's name
    share: int = 100,
    created_at: datetime | None = LONG_AGO,
    billing: Billing | None = None,
    machine: Machine = N1,
    **changes: Any,
) -> DeployedModel:
    """A CPU deployment of one replica that takes all the traffic, deployed long ago."""
    endpoint = endpoint or endpoint_name()
    deployed = DeployedModel(
        name=f"{endpoint}/deployedModels/{id}",
        endpoint=endpoint,
        id=id,
        display_name=f"model-{id}",
        model=f"{PARENT}/models/m1",
        model_version="1",
        created_at=created_at,
        billing=billing or HourlyDedicated(machine=machine, min_replicas=1, max_replicas=1),
        traffic_share=share,
        available_replicas=1,
        digest=f"digest-{id}",
    )
    return replace(deployed, **changes)


def an_endpoint(
    number: int | str = 1,
    *,
    deployed: Sequence[DeployedModel] | None = None,
    labels: Mapping[str, str] | None = None,
    created_at: datetime | None = LONG_AGO,
    parent: str = PARENT,
    **changes: Any,
) -> Endpoint:
    """An endpoint with one deployed model; `deployed=()` for an empty one."""
    name = endpoint_name(number, parent)
    endpoint = Endpoint(
        name=name,
        project_id=PROJECT_ID,
        display_name=f"endpoint-{number}",
        labels=labels or {},
        created_at=created_at,
        updated_at=created_at,
        etag="e1",
        deployed=(a_deployed_model(endpoint=name),) if deployed is None else tuple(deployed),
        digest=f"digest-endpoint-{number}",
    )
    return replace(endpoint, **changes)


def a_pool(name: str = "p1", *, sharers: Sequence[str] | None = (), **changes: Any) -> ResourcePool:
    pool = ResourcePool(
        name=f"{PARENT}/deploymentResourcePools/{name}",
        project_id=PROJECT_ID,
        machine=N1,
        min_replicas=1,
        max_replicas=1,
        created_at=LONG_AGO,
        sharers=None if sharers is None else tuple(sharers),
        digest=f"digest-{name}",
    )
    return replace(pool, **changes)


def a_pool_with(count: int, *, shares: Sequence[int] | None = None) -> tuple[ResourcePool, list[Endpoint]]:
    """A pool that `count` endpoints share, one deployed model each."""
    name = f"{PARENT}/deploymentResourcePools/p1"
    endpoints = []
    for number in range(1, count + 1):
        share = shares[number - 1] if shares else 100
        deployed = a_deployed_model(
            endpoint=endpoint_name(number), share=share, billing=HourlyPool(pool=name), available_replicas=None
        )
        endpoints.append(an_endpoint(number, deployed=[deployed]))
    return a_pool(sharers=[e.deployed[0].name for e in endpoints]), endpoints


def a_registry_model(name: str = "m1", **changes: Any) -> RegistryModel:
    model = RegistryModel(
        name=f"{PARENT}/models/{name}",
        project_id=PROJECT_ID,
        display_name=name,
        labels={},
        version="1",
        created_at=LONG_AGO,
        updated_at=LONG_AGO,
        source="CUSTOM",
        deployed_at=(),
        digest=f"digest-{name}",
        has_artifacts=True,
    )
    return replace(model, **changes)


def a_job(name: str = "j1", **changes: Any) -> TuningJob:
    job = TuningJob(
        name=f"{PARENT}/tuningJobs/{name}",
        project_id=PROJECT_ID,
        display_name=name,
        base_model="gemini-3.5-flash",
        state=JobState.RUNNING,
        state_text="JOB_STATE_RUNNING",
        labels={},
        created_at=NOW - h(3),
        started_at=NOW - h(2),
        ended_at=None,
        progress_at=NOW - h(1),
    )
    return replace(job, **changes)


def a_snapshot(
    *endpoints: Endpoint,
    pools: Iterable[ResourcePool] = (),
    models: Iterable[RegistryModel] = (),
    jobs: Iterable[TuningJob] = (),
    failed: Iterable[Scope] = (),
    **changes: Any,
) -> Snapshot:
    """All that is given, in scopes that were listed completely but for `failed`."""
    things: list[Any] = [*endpoints, *pools, *models, *jobs]
    scopes = {scope_of(thing.name) for thing in things} | set(failed) | {scope_of(endpoint_name())}
    reports = tuple(
        ScopeReport(scope=scope, project_id=PROJECT_ID, complete=scope not in set(failed)) for scope in sorted(scopes)
    )
    snapshot = Snapshot(
        taken_at=NOW,
        scopes=reports,
        endpoints=endpoints,
        pools=tuple(pools),
        models=tuple(models),
        jobs=tuple(jobs),
    )
    return replace(snapshot, **changes)


def hourly_rows(
    *,
    since: datetime = LONG_AGO,
    until: datetime = NOW,
    calls: Mapping[int, int] | None = None,
    failed: Mapping[int, int] | None = None,
    holes: Iterable[int] = (),
    dead: Iterable[int] = (),
    blind: Iterable[int] = (),
    busy: Iterable[int] = (),
    replicas: float = 1.0,
) -> list[HourRow]:
    """Complete rows of a live, quiet machine; exceptions are given in whole hours before NOW (0 is the hour ending at NOW
    if NOW is a full hour; -1 the running one). `holes` are not covered, `dead` show no replicas, `blind` no witness.
    """
    calls, failed = calls or {}, failed or {}
    holes, dead, blind, busy = set(holes), set(dead), set(blind), set(busy)
    end = hour_number(NOW) - 1
    rows = []
    for hour in range(hour_number(since), hour_number(until)):
        ago = end - hour
        rows.append(
            HourRow(
                hour=hour,
                requests=calls.get(ago, 0),
                failed=failed.get(ago, 0),
                covered=ago not in holes,
                replicas=None if ago in dead else replicas,
                cpu=None if ago in blind else (0.9 if ago in busy else 0.02),
            )
        )
    return rows


def a_usage(**kwargs: Any) -> Usage:
    """The packed record of `hourly_rows`: silent since long ago unless told otherwise."""
    return pack(hourly_rows(**kwargs))


def a_price(item: str = "n1-standard-4", amount: str = "0.22", region: str = "us-central1", **changes: Any) -> PriceRow:
    row = PriceRow(
        part=Part.MACHINE,
        item=item,
        region=region,
        amount=Decimal(amount),
        source="https://example.com/prices",
        as_of=date(2026, 9, 8),
    )
    return replace(row, **changes)


def a_price_book(*rows: PriceRow) -> PriceBook:
    """n1-standard-4 at $0.22 and g2-standard-8 at $0.98 unless told otherwise."""
    return PriceBook(rows or (a_price(), a_price("g2-standard-8", "0.98")))


TEAM = IfWrong(name="team", per_minute_down=Money(Decimal(1)), fixed=Money(Decimal(0)), redeploy=timedelta(minutes=20))


def stages(*names: Stage, wait: WaitRule | None = None) -> tuple[StageRule, ...]:
    return tuple(StageRule(stage=name, wait=wait) for name in names)


def a_policy(name: str = "default", **changes: Any) -> Policy:
    """Matches all, break-even for a team (3 d 19 h on n1-standard-4), two hours' notice, undeploys."""
    policy = Policy(
        name=name,
        match=Match(),
        wait=BreakEven(),
        if_wrong=TEAM,
        line=Line("guard.yaml", 12),
        notify_before=h(2),
        stages=stages(Stage.UNDEPLOY),
    )
    return replace(policy, **changes)


def a_fixed_policy(length: timedelta, **changes: Any) -> Policy:
    return a_policy(wait=Fixed(length), if_wrong=None, **changes)


def some_rules(*policies: Policy, **changes: Any) -> Rules:
    rules = Rules(
        mode=Mode.ENFORCE,
        policies=policies or (a_policy(),),
        limits=Limits(removals_per_day=1000, breaker_least=1000),
        owners=OwnerRules(
            sources=((OwnerSource.LABEL, "owner"), (OwnerSource.RUN, ""), (OwnerSource.CREATOR, "")), fallback="ops"
        ),
        digest="config-1",
    )
    return replace(rules, **changes)


def a_view(**changes: Any) -> LedgerView:
    return replace(LedgerView(), **changes)


def a_keep(subject: str, **changes: Any) -> KeepOrder:
    order = KeepOrder(id=1, subject=subject, who="mia@example.com", why="demo on Friday", made_at=NOW - DAY, until=None)
    return replace(order, **changes)


def an_act(
    subject: str,
    *,
    state: ActState = ActState.NOTICED,
    generation: str = "g",
    stage: Stage = Stage.UNDEPLOY,
    attempt: int = 1,
    **changes: Any,
) -> Act:
    key = ActKey(subject, generation, stage, attempt)
    act = Act(
        id=act_id(key),
        key=key,
        state=state,
        reason=RemoveReason.IDLE,
        policy="default",
        project=scope_of(subject).project,
        project_id=PROJECT_ID,
        location=scope_of(subject).location,
        display_name="endpoint-1",
        digest="digest-7",
        proposed_at=NOW - h(3),
        due_at=NOW - h(1),
        updated_at=NOW - h(3),
        evidence={},
        rate=Rate.of("0.22"),
        owner="ops",
        owner_source="fallback",
        config_digest="config-1",
    )
    return replace(act, **changes)


def judged(
    snapshot: Snapshot,
    usages: Mapping[str, Usage] | None = None,
    *policies: Policy,
    rules: Rules | None = None,
    view: LedgerView | None = None,
    now: datetime = NOW,
    prices: PriceBook | None = None,
    **kwargs: Any,
) -> dict[str, Verdict]:
    """Judge a snapshot in which everything without a record of its own has been silent since long ago."""
    silent = a_usage()
    known = {d.name: silent for e in snapshot.endpoints for d in e.deployed} | {p.name: silent for p in snapshot.pools}
    decided = rules or some_rules(*policies)
    verdicts = judge(
        snapshot,
        {**known, **(usages or {})},
        lambda _: decided,
        prices or a_price_book(),
        view or a_view(),
        now,
        **kwargs,
    )
    return {verdict.subject.name: verdict for verdict in verdicts}


def the_verdict(snapshot: Snapshot, usage: Usage | None = None, *policies: Policy, **kwargs: Any) -> Verdict:
    """The verdict on the only thing in a snapshot, with this record."""
    name = snapshot.endpoints[0].deployed[0].name
    return judged(snapshot, {name: usage} if usage is not None else {}, *policies, **kwargs)[name]
