"""Hypothesis strategies for the core: records of use, fleets, rules. Examples are the same in every run."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from guard.core.model import Endpoint, HourlyDedicated, HourlyPool, PerToken, ResourcePool, Snapshot, UnknownBilling
from guard.core.rules import BreakEven, Fixed, Never, Policy
from guard.core.usage import Usage, pack
from guard.core.verdict import Stage
from tests import builders as b

checked = settings(
    deadline=None, derandomize=True, database=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
"""For a property: no deadline (a shared machine is slow at times), the same examples each time."""

AGES = st.integers(min_value=-1, max_value=240)
HOURS = st.sets(AGES, max_size=12)


@st.composite
def usages(draw: st.DrawFn, *, flawed: bool = True) -> Usage:
    """A record of up to ten days: calls, and where `flawed` holes, dead, blind and busy hours."""
    calls = draw(st.dictionaries(AGES, st.integers(1, 50), max_size=6))
    failed = {hour: draw(st.integers(0, count)) for hour, count in calls.items()}
    flaws: dict[str, Any] = {}
    if flawed:
        flaws = {name: draw(HOURS) for name in ("holes", "dead", "blind", "busy")}
    rows = b.hourly_rows(since=b.NOW - timedelta(hours=240), calls=calls, failed=failed, **flaws)
    return pack(rows)


SILENT = b.a_usage()
"""Silent since long ago, all instruments working."""


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Never, fixed or break-even; with or without the opt-in; notices up to two days."""
    rule = draw(
        st.one_of(
            st.just(Never()),
            st.just(BreakEven()),
            st.integers(0, 200).map(lambda hours: Fixed(timedelta(hours=hours))),
        )
    )
    return b.a_policy(
        wait=rule,
        notify_before=timedelta(hours=draw(st.integers(0, 48))),
        stages=draw(st.sampled_from([(), b.stages(Stage.UNDEPLOY), b.stages(Stage.UNDEPLOY, Stage.DELETE_ENDPOINT)])),
        failing_counts_as_use=draw(st.booleans()),
    )


@st.composite
def fleets(draw: st.DrawFn) -> tuple[Snapshot, dict[str, Usage]]:
    """A few endpoints of all kinds of billing, one pool, and their records; some things have none."""
    pool_name = f"{b.PARENT}/deploymentResourcePools/p1"
    endpoints: list[Endpoint] = []
    records: dict[str, Usage] = {}
    sharers: list[str] = []
    for number in range(1, draw(st.integers(2, 6)) + 1):
        name = b.endpoint_name(number)
        deployed = []
        for place in range(draw(st.integers(0, 2))):
            billing = draw(
                st.sampled_from(
                    [
                        HourlyDedicated(machine=b.N1, min_replicas=1, max_replicas=1),
                        HourlyDedicated(machine=b.N1, min_replicas=1, max_replicas=1),
                        HourlyDedicated(machine=b.L4, min_replicas=1, max_replicas=2),
                        HourlyPool(pool=pool_name),
                        PerToken(),
                        UnknownBilling(why="no resources"),
                    ]
                )
            )
            created = b.NOW - timedelta(hours=draw(st.sampled_from([0, 1, 5, 50, 100, 200, 300, 300, 300])))
            model = b.a_deployed_model(
                endpoint=name,
                id=str(place + 1),
                billing=billing,
                share=draw(st.sampled_from([0, 50, 100])),
                created_at=draw(st.sampled_from([created, created, created, None])),
            )
            deployed.append(model)
            if place == 0 or draw(st.booleans()):
                records[model.name] = draw(st.one_of(st.just(SILENT), usages(flawed=False), usages()))
            if isinstance(billing, HourlyPool):
                sharers.append(model.name)
        labels = draw(
            st.sampled_from(
                [{}, {}, {}, {"team": "x"}, {"managed-by": "pulumi"}, {"tuneguard-keep": "true"}, {"tunegard": "y"}]
            )
        )
        endpoints.append(b.an_endpoint(number, deployed=deployed, labels=labels))
    pools: tuple[ResourcePool, ...] = (b.a_pool(sharers=sharers),) if sharers else ()
    if pools:
        records[pool_name] = draw(st.one_of(st.just(SILENT), usages()))
    snapshot = b.a_snapshot(*endpoints, pools=pools, models=[b.a_registry_model()], jobs=[b.a_job()])
    return snapshot, records


WAITS = st.integers(min_value=0, max_value=400).map(lambda hours: timedelta(hours=hours))
RATES = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(100), places=2)
