"""Hands the daemon's acting half to guard.acts: the two rooms do not see each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from guard.acts import claims
from guard.acts.gateway import FENCE_MARGIN, ActContext, Gateway, Outcome
from guard.acts.restoring import Restorer
from guard.acts.settle import Settler, mark_shell
from guard.core.names import endpoint_of, is_provider
from guard.core.policy import iac_mark
from guard.core.removal import Act, ActState
from guard.core.restore import REMOVED_LABEL
from guard.core.verdict import Stage
from guard.daemon.acting import Did, Orders
from guard.daemon.leader import Leadership
from guard.ports.errors import GuardError
from guard.ports.inventory import Inventory
from guard.ports.ledger import Ledger
from guard.ports.mutations import CALL_TIMEOUT, Mutations, Store
from guard.telemetry import events, logging

log = logging.get()


@dataclass(frozen=True, slots=True)
class Provider:
    """Another provider's side of an act; `name` is the one that guard.yaml gives now."""

    name: Callable[[], str | None]
    inventory: Inventory
    mutations: Mutations


class GatewayActing:
    """See guard.daemon.acting.Acting."""

    def __init__(
        self,
        *,
        inventory: Inventory,
        ledger: Ledger,
        mutations: Mutations,
        store: Callable[[], Store | None],
        leadership: Leadership,
        provider: Provider | None = None,
    ) -> None:
        self._provider = provider
        self._inventory = inventory
        self._ledger = ledger
        self._mutations = mutations
        self._store = store
        self._leadership = leadership

    def settle(self, act: Act, now: datetime, *, nothing_in_flight: bool) -> Did:
        settler = Settler(inventory=self._side(act)[0], ledger=self._ledger)
        settled = settler.settle(act, now=now, nothing_in_flight=nothing_in_flight)
        return Did(settled.act, settled.state, settled.block, settled.detail, ours=settled.ours)

    def execute(self, act: Act, orders: Orders) -> Did:
        outcome = self._gateway(act).execute(act, self._context(act, orders))
        return _did(outcome)

    def restore(self, act: Act, orders: Orders, *, nothing_in_flight: bool) -> Did:
        recipe = self._ledger.recipe(act.recipe_id) if act.recipe_id else None
        if recipe is None:
            return Did(act, act.state, detail="its recipe is not in the ledger")
        restorer = Restorer(
            inventory=self._inventory, ledger=self._ledger, mutations=self._mutations, gateway=self._gateway(act)
        )
        restored = restorer.advance(act, recipe, self._context(act, orders), nothing_in_flight=nothing_in_flight)
        if restored.outcome.state is ActState.VERIFIED and restored.endpoint:
            self._unmark(restored.endpoint)
        return _did(restored.outcome, restored.deployed_model or restored.endpoint)

    def claim(self, project: str, now: datetime) -> str | None:
        """Hold the claim; asked of the cloud each time something is due, since another ledger may have taken it over."""
        store = self._store()
        if store is None:
            return "no bucket is configured for claims and recipes (bucket: in guard.yaml)"
        taken = claims.take(store, project=project, ledger=self._ledger, now=now)
        if isinstance(taken, claims.ClaimRefused):
            log.warning(events.CLAIM_REFUSED, project=project, detail=taken.why)
            return taken.why
        if self._ledger.claims().get(project) != taken.generation:
            log.info(events.CLAIM_TAKEN, project=project, generation=taken.generation)
            self._ledger.record_claim(project, taken.generation, now)
        return None

    def mark_removed(self, act: Act, now: datetime) -> None:
        """A courtesy for callers: the shell says when its model went. Shells under an IaC tool are left untouched, and
        without claim or a lease that outlasts the call it is left out.
        """
        if self._leadership.left() < CALL_TIMEOUT + FENCE_MARGIN or self.claim(act.project, now) is not None:
            return
        endpoint = endpoint_of(act.key.subject)
        try:
            body = self._inventory.get(endpoint).body
        except GuardError as error:
            log.info(events.ACT_VERIFIED, act_id=act.id, detail=f"no label: {error}")
            return
        if body is None or iac_mark(body.get("labels", {})) is not None:
            return
        day = date.fromordinal(now.toordinal()).isoformat()
        problem = mark_shell(self._inventory, self._mutations.label_endpoint, endpoint, REMOVED_LABEL, day)
        if problem:
            log.info(events.ACT_VERIFIED, act_id=act.id, detail=f"the shell could not be labelled: {problem}")

    def _unmark(self, endpoint: str) -> None:
        try:
            body = self._inventory.get(endpoint).body
            if body is None or REMOVED_LABEL not in body.get("labels", {}):
                return
            labels = {key: value for key, value in body["labels"].items() if key != REMOVED_LABEL}
            self._mutations.label_endpoint(endpoint, labels, str(body.get("etag", "")))
        except GuardError as error:
            log.info(events.ACT_VERIFIED, endpoint_id=endpoint, detail=f"the label stays: {error}")

    def _side(self, act: Act) -> tuple[Inventory, Mutations]:
        """What an act is looked at and carried out with: Google's side, or another provider's."""
        if self._provider is not None and self._is_provider(act):
            return self._provider.inventory, self._provider.mutations
        return self._inventory, self._mutations

    def _is_provider(self, act: Act) -> bool:
        """True for exactly the provider's name: whatever else is written without a number stays on Google's side."""
        return self._provider is not None and is_provider(act.project) and act.project == self._provider.name()

    def _gateway(self, act: Act) -> Gateway:
        inventory, mutations = self._side(act)
        return Gateway(inventory=inventory, ledger=self._ledger, mutations=mutations, store=self._store())

    def _context(self, act: Act, orders: Orders) -> ActContext:
        lease = self._leadership.held()
        if lease is None:
            raise RuntimeError("acting without a lease")  # the cycle asks first; the intent's transaction asks again
        rules = orders.rules_of(act.project_id)
        without = act.key.stage is Stage.RESTORE or self._is_provider(act)
        usage = {} if without else orders.fresh_usage(act.project)
        return ActContext(
            lease=lease,
            lease_left=self._leadership.left,
            config_digest=orders.config_digest,
            needs_approval=rules.asks(act.policy) and act.key.stage is not Stage.RESTORE,
            attempts=rules.limits.attempts,
            per_day=rules.limits.removals_per_day,
            per_project_per_day=rules.limits.removals_per_project_per_day,
            now=orders.now,
            usage=usage,
            rejudge=orders.rejudge,
            brought_back=orders.brought_back,
            checkpoints=orders.checkpoints,
        )


def _did(outcome: Outcome, new_name: str | None = None) -> Did:
    return Did(outcome.act, outcome.state, outcome.block, outcome.detail, new_name=new_name)
