"""The second look's judgement: the fresh document in place of the old one, usage up to now, the same pure rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from guard.core.judge import judge, verdict_of
from guard.core.model import Artefact, Endpoint, HourlyPool, RegistryModel, Snapshot, TuningJob
from guard.core.names import scope_of
from guard.core.plan import LedgerView
from guard.core.prices import PriceBook
from guard.core.removal import Act
from guard.core.settings import Settings
from guard.core.sight import Learning
from guard.core.usage import Usage
from guard.core.verdict import Verdict
from guard.ports.inventory import Document

Rejudge = Callable[[Act, Sequence[Document], Mapping[str, Usage], datetime], Verdict | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudging:
    """Judges one act's subject again within what else was seen in this cycle."""

    snapshot: Snapshot
    settings: Settings
    prices: PriceBook
    view: LedgerView
    measured: Mapping[str, timedelta]
    learned: Learning

    def __call__(
        self, act: Act, documents: Sequence[Document], usage: Mapping[str, Usage], now: datetime
    ) -> Verdict | None:
        small = self._around(documents[0], {other.name: other.parsed for other in documents[1:]})
        if small is None:
            return None
        verdicts = judge(
            small,
            usage,
            self.settings.rules_of,
            self.prices,
            self.view,
            now,
            learned=self.learned,
            measured_redeploy=self.measured,
        )
        return verdict_of(verdicts, act.key.subject)

    def _around(self, document: Document, fresher: Mapping[str, object]) -> Snapshot | None:
        """The fresh thing with only what its verdict rests on: its own scope, a pool's other sharers, jobs, models."""
        fresh = document.parsed
        whole = self.snapshot
        if fresh is None:
            return None
        scope = scope_of(fresh.name)
        near = replace(
            whole,
            scopes=tuple(report for report in whole.scopes if report.scope == scope),
            endpoints=(),
            pools=(),
            models=(),
            artefacts=(),
            jobs=tuple(job for job in whole.jobs if scope_of(job.name).project == scope.project),
        )
        match fresh:
            case Endpoint():
                pools = {one.billing.pool for one in fresh.deployed if isinstance(one.billing, HourlyPool)}
                known: dict[str, object] = {endpoint.name: endpoint for endpoint in whole.endpoints if pools}
                known |= fresher
                sharing = tuple(
                    endpoint
                    for name, endpoint in sorted(known.items())
                    if isinstance(endpoint, Endpoint) and name != fresh.name and _shares(endpoint, pools)
                )
                models = {one.model for one in fresh.deployed}
                return replace(
                    near,
                    endpoints=(fresh, *sharing),
                    pools=tuple(pool for pool in whole.pools if pool.name in pools),
                    models=tuple(model for model in whole.models if model.name in models),
                )
            case RegistryModel():
                users = tuple(e for e in whole.endpoints if any(one.model == fresh.name for one in e.deployed))
                return replace(near, models=(fresh,), endpoints=users)
            case TuningJob():
                others = tuple(job for job in near.jobs if job.name != fresh.name)
                return replace(near, jobs=(fresh, *others))
            case Artefact():
                return replace(near, artefacts=(fresh,))
            case _:
                return replace(near, pools=(fresh,))


def _shares(endpoint: Endpoint, pools: set[str]) -> bool:
    return any(isinstance(one.billing, HourlyPool) and one.billing.pool in pools for one in endpoint.deployed)
