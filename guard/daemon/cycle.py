"""One cycle, the whole path in one sitting: observe, judge, plan, announce, act, account.

`Cycle.run(now)` is called by the scheduler in production and by the stepper in demo and tests. Nothing below it sleeps,
waits or asks for the time. A failure of one project or endpoint stops nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic

from guard.core.documents import plan_document, verdict_document
from guard.core.groups import sharers_of
from guard.core.judge import judge
from guard.core.kinds import kinds_of
from guard.core.links import linked
from guard.core.memory import remember, restored
from guard.core.model import Kind, Snapshot
from guard.core.plan import LedgerView, Notice, Plan
from guard.core.planning import make_plan
from guard.core.removal import Act, ActState
from guard.core.restore import restore_act
from guard.core.rules import Mode
from guard.core.sanity import doubts
from guard.core.settings import Settings, accepted_backtests, outdated
from guard.core.under_pressure import under_pressure
from guard.core.verdict import Stage, Verdict
from guard.daemon import telling
from guard.daemon.absent import Absent
from guard.daemon.acting import Did, Gates, Orders, gates, settle_all
from guard.daemon.carrying_out import carry_out
from guard.daemon.clock_watch import ClockWatch
from guard.daemon.fleet_sums import Found
from guard.daemon.parts import Parts, Result
from guard.daemon.rejudge import Rejudging
from guard.daemon.restores import retry
from guard.daemon.retiring import retirement_notices
from guard.ports.ledger import CycleRecord, LedgerInfo
from guard.ports.mutations import CALL_TIMEOUT
from guard.telemetry import events, logging

log = logging.get()

RESTORED_WHY = "it was restored"
RESTORED_GRACE = timedelta(hours=24)
"""How long a restored thing is kept where its policy is not there any more."""

Void = Mapping[str, tuple[Act, str]]
"""Act id -> an open act that has lost its reason, and why."""


class Cycle:
    """See the module's docstring. One at a time; `run` must not be called from two threads."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts
        self._info: LedgerInfo | None = None
        self._term: int | None = None
        self._clock = ClockWatch(parts.clock, stepped=parts.stepped)
        self._absent = Absent(parts.ledger)
        self.last_view: LedgerView = LedgerView()

    def run(self, now: datetime) -> Result:
        """Look, judge, plan, tell, act, account; writes to the ledger only while this daemon leads.

        Raises GuardError only where nothing can go on at all (the ledger fails).
        """
        began = monotonic()
        p = self._p
        settings = under_pressure(p.settings(), p.ledger.crossings(open_only=True), now)
        cycle_id = f"c-{now:%Y%m%dT%H%M%SZ}"
        lease = p.leadership.ensure()
        if lease is None:
            p.metrics.cycles.labels("skipped").inc()
            return Result(cycle_id=cycle_id, now=now, skipped=True)
        if lease.term != self._term:
            p.accountant.forget()
            p.books.forget()
            self._term = lease.term
        info = self._ledger_info()
        gate = gates(p.ledger, info)
        p.ledger.config_seen(settings.digest, now)
        settled = self._settle(settings, gate, now, lease.term)
        given_up = retry(p.ledger, now)
        p.books.refresh(now)
        metered = p.metered.ask(p.enrolled.projects(settings, now), now)
        snapshot, view, verdicts, plan = self._decide(settings, now, cycle_id, write=True)
        p.books.remember(snapshot, verdicts, now)
        p.metered.take(metered, now)
        p.bills.refresh(settings, (report.project_id for report in snapshot.scopes), now)
        doubted = {doubt.scope for doubt in plan.doubts if not doubt.acknowledged}
        p.ledger.save_seen(remember(view.seen, verdicts, snapshot, p.usage.usage, now, doubted=doubted))
        void = {act.id: (act, why) for act, why in (*plan.void, *outdated(view.acts, settings.rules_of))}
        proposed = self._propose(plan, void, settings, now, cycle_id)
        self._tell(plan, void, verdicts, settled, settings, view, now)
        orders = Orders(
            now=now,
            rules_of=settings.rules_of,
            config_digest=settings.digest,
            rejudge=Rejudging(
                snapshot=snapshot,
                settings=settings,
                prices=p.books.book(),
                view=view,
                measured=p.redeploys.measured,
                learned=p.lessons.ask,
            ),
            accepted=accepted_backtests(view.acknowledgements, now),
            fresh_usage=lambda number: p.usage.fresh(p.enrolled.by_number(number), now),
            brought_back=lambda act, name: self._remember_restored(act, name, settings, view, now),
            checkpoints=p.checkpoints,
        )
        did = carry_out(p, plan, gates(p.ledger, info), orders, lease.term, now)
        self._tell_done(did, given_up, settings, now)
        savings = p.accountant.account(settled, snapshot, p.usage.usage, settings.rules_of, now)
        self._look_back(settings, now)
        took = timedelta(seconds=monotonic() - began)
        documents = {verdict.subject.name: verdict_document(verdict) for verdict in verdicts}
        unlisted = self._absent.unlisted(snapshot, verdicts, view)
        p.ledger.save_verdicts(cycle_id, now, documents | unlisted | self._absent.gone(snapshot, verdicts, view))
        self._record(plan, unlisted.values(), len(verdicts), settings, cycle_id, lease.term, now, took)
        told = Found(verdicts=verdicts, unlisted=tuple(unlisted.values()), plan=plan, snapshot=snapshot, view=view,
                     savings=savings, standings=p.budgets.found, prices_waiting=p.books.waits, settings=settings,
                     now=now)  # fmt: skip
        p.gauges.show(told, p.books.book_of(settings, now))
        if due := p.reports.notices(settings, now):
            self._announce(due, settings, now)
        p.metrics.cycles.labels("completed").inc()
        p.metrics.cycle_seconds.observe(took.total_seconds())
        log.info(
            events.CYCLE_COMPLETED,
            cycle_id=cycle_id,
            seen=len(verdicts),
            kept=len(plan.kept),
            unknown=len(plan.unknown) + len(unlisted),
            due=len(plan.actions),
            blocked=len(plan.blocked),
            acted=sum(1 for one in did if one.state is ActState.STARTED),
            took_s=round(took.total_seconds(), 3),
        )
        return Result(
            cycle_id=cycle_id,
            now=now,
            snapshot=snapshot,
            verdicts=verdicts,
            plan=plan,
            did=tuple(did),
            settled=tuple(settled),
            proposed=tuple(proposed),
            unlisted=tuple(unlisted.values()),
            took=took,
        )

    def look(self, now: datetime, settings: Settings | None = None) -> Result:
        """Look, judge and plan without writing anything: what `plan --fresh` and `plan --against` show."""
        cycle_id = f"look-{now:%Y%m%dT%H%M%SZ}"
        given = under_pressure(settings or self._p.settings(), self._p.ledger.crossings(open_only=True), now)
        snapshot, view, verdicts, plan = self._decide(given, now, cycle_id, write=False)
        unlisted = tuple(self._absent.unlisted(snapshot, verdicts, view).values())
        return Result(cycle_id=cycle_id, now=now, snapshot=snapshot, verdicts=verdicts, plan=plan, unlisted=unlisted)

    # ------------------------------------------------------------------------------------------------------------------

    def _decide(
        self, settings: Settings, now: datetime, cycle_id: str, *, write: bool
    ) -> tuple[Snapshot, LedgerView, tuple[Verdict, ...], Plan]:
        """Everything up to the plan; the deciding half is pure (guard.core)."""
        p = self._p
        projects = p.enrolled.projects(settings, now)
        # Listing and usage are asked for side by side; neither needs the other until both are there.
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="usage") as beside:
            fetching = beside.submit(p.usage.fetch, projects, now)
            snapshot = p.inventory.snapshot(projects, now)
            readings = fetching.result()
        for report in snapshot.scopes:
            if not report.complete:
                log.warning(
                    events.SCOPE_FAILED, project=report.project_id, region=report.scope.location, detail=report.problem
                )
        usage = p.usage.take(readings, snapshot, write=write, also=p.accountant.watched())
        p.lessons.learn(
            p.usage.usage,
            p.usage.complete_until(projects),
            write=write,
            kinds=lambda: kinds_of(snapshot, settings.rules_of),
            groups=lambda: sharers_of(snapshot),
        )
        for number, problems in usage.problems.items():
            log.warning(events.USAGE_INCOMPLETE, project=number, detail="; ".join(problems))
        snapshot = replace(snapshot, creators=p.enrolled.creators(projects, snapshot, now, write=write))
        snapshot = p.tunes.look(snapshot, settings, now, write=write)
        view = p.ledger.view(now)
        self.last_view = view
        verdicts = self._judge(snapshot, settings, view, now)
        if p.redeploys.measure(verdicts):
            verdicts = self._judge(snapshot, settings, view, now)
        jump = self._clock.jump(now)
        p.metrics.clock_odd.set(0 if jump is None else 1)
        found = doubts(snapshot, p.usage.usage, view, usage.complete, jump, now)
        for doubt in found:
            log.warning(events.INSTRUMENTS_DOUBTED, scope=str(doubt.scope), detail=doubt.why)
        plan = make_plan(
            verdicts,
            settings.rules_of,
            view,
            found,
            now,
            cycle_id=cycle_id,
            mode=settings.default.mode,
            config_digest=settings.digest,
            incomplete=snapshot.incomplete(),
        )
        if plan.breaker is not None:
            log.warning(
                events.BREAKER_TRIPPED,
                selected=plan.breaker.selected,
                fleet=plan.breaker.fleet,
                detail=plan.breaker.why,
            )
        return snapshot, view, verdicts, plan

    def _judge(self, snapshot: Snapshot, settings: Settings, view: LedgerView, now: datetime) -> tuple[Verdict, ...]:
        p = self._p
        return judge(
            snapshot,
            p.usage.usage,
            settings.rules_of,
            p.books.book(),
            view,
            now,
            learned=p.lessons.ask,
            measured_redeploy=p.redeploys.measured,
        )

    def _settle(self, settings: Settings, gate: Gates, now: datetime, term: int) -> list[Did]:
        p = self._p
        if p.acting is None:
            return []
        open_acts = p.ledger.acts(open_only=True)
        settled = settle_all(
            open_acts, p.acting, now, term=term, held_for=p.leadership.held_for(), quiet_after=CALL_TIMEOUT
        )
        for one in settled:
            observes = settings.rules_of(one.act.project_id).mode is Mode.OBSERVE
            if (
                one.state is ActState.VERIFIED
                and one.act.key.stage is Stage.UNDEPLOY
                and not (gate.block() or observes)
            ):
                p.acting.mark_removed(one.act, now)
        return settled

    def _propose(self, plan: Plan, void: Void, settings: Settings, now: datetime, cycle_id: str) -> list[Act]:
        """Void what has lost its reason, then store an act for every idle thing that has none yet."""
        p = self._p
        for act, why in void.values():
            if p.ledger.move(act.id, act.state, ActState.CANCELLED, now, detail=why):
                log.info(events.ACT_CANCELLED, act_id=act.id, endpoint_id=act.key.subject, detail=why)
        proposed: list[Act] = []
        for planned in (*plan.actions, *plan.upcoming, *plan.blocked):
            if planned.act is not None and planned.act.id in void:
                continue
            if planned.act is not None:
                if planned.due_at > planned.act.due_at and not planned.act.state.is_in_flight:
                    p.ledger.postpone(planned.act.id, planned.due_at, now, "its wait has become longer")
                continue
            act = telling.new_act(planned, settings, now, cycle_id)
            if p.ledger.propose(act):
                proposed.append(act)
                log.info(
                    events.ACT_PROPOSED,
                    act_id=act.id,
                    endpoint_id=act.key.subject,
                    reason=act.reason.value,
                    due_at=act.due_at.isoformat(),
                )
        return proposed

    def _tell(
        self,
        plan: Plan,
        void: Void,
        verdicts: Sequence[Verdict],
        settled: Sequence[Did],
        settings: Settings,
        view: LedgerView,
        now: datetime,
    ) -> None:
        notices = [
            *telling.enrolled_notices(self._p.enrolled.taken_up(), settings, now),
            *telling.void_notices(void.values(), now),
            *telling.removal_notices(plan, settings, now),
            *telling.first_seen_notices(verdicts, view, now),
            *telling.settled_notices(settled, now),
            *telling.doubt_notices(plan, settings, now),
            *telling.job_notices(verdicts, now),
            *telling.suggestion_notices(plan, verdicts, now),
            *self._p.budgets.notices(settings, now),
            *self._p.google.notices(settings, self._p.budgets.spent, now),
            *self._p.tunes.notices(settings, now),
            *retirement_notices(verdicts, settings, now),
            *telling.price_notices(self._p.books.waiting(), self._p.books.book(), settings, now),
        ]
        self._announce(notices, settings, now)

    def _announce(self, notices: Sequence[Notice], settings: Settings, now: datetime) -> None:
        announcer = self._p.announcer
        announcer.enqueue(linked(notices, settings.public_url), settings.rules_of, telling.project_of, now)
        announcer.deliver(lambda notice: settings.rules_of(telling.project_of(notice)).owners.fallback, now)

    def _look_back(self, settings: Settings, now: datetime) -> None:
        """Late data may show that a removal was wrong: alarm, and restore where the policy says so."""
        p = self._p
        for wrong in p.accountant.wrong_removals(p.usage.usage, now):
            notice = telling.wrong_removal_notice(wrong.act, wrong.hour, wrong.requests, now)
            if (
                p.announcer.enqueue(linked([notice], settings.public_url), settings.rules_of, telling.project_of, now)
                == 0
            ):
                continue  # told already
            p.metrics.wrong_removals.inc()
            log.warning(
                events.REMOVAL_WRONG, act_id=wrong.act.id, endpoint_id=wrong.act.key.subject, detail=notice.title
            )
            rules = settings.rules_of(wrong.act.project_id)
            policy = next((one for one in rules.policies if one.name == wrong.act.policy), None)
            if policy is not None and policy.restore_when_wrong and wrong.act.recipe_id is not None:
                p.ledger.propose(restore_act(wrong.act, 1, now, asked_by=f"policy {policy.name}"))

    def _remember_restored(self, act: Act, name: str, settings: Settings, view: LedgerView, now: datetime) -> None:
        """A restored thing is kept for its grace, and its wait is doubled from now on. Written before the restore is called
        verified, so that a crash between the two forgets neither.
        """
        ledger = self._p.ledger
        kind = Kind.DEPLOYED_MODEL if "/deployedModels/" in name else Kind.ENDPOINT
        ledger.save_seen([restored(name, kind, view.seen.get(act.key.subject), now)])
        rules = settings.rules_of(act.project_id)
        policy = next((p for p in rules.policies if p.name == act.policy), None)
        until = now + (policy.grace if policy is not None else RESTORED_GRACE)
        if until > now and not any(keep.why == RESTORED_WHY for keep in ledger.keeps(name)):
            ledger.add_keep(name, act.asked_by or "tuneguard", RESTORED_WHY, now, until)

    def _tell_done(self, did: Sequence[Did], given_up: Sequence[Act], settings: Settings, now: datetime) -> None:
        """Tell what ended within this very cycle (refusals, restores)."""
        notices = [
            *telling.settled_notices([one for one in did if not one.state.is_open], now),
            *telling.given_up_notices(given_up, now),
        ]
        if notices:
            self._announce(notices, settings, now)

    def _record(
        self,
        plan: Plan,
        unlisted: Collection[Mapping[str, object]],
        seen: int,
        settings: Settings,
        cycle_id: str,
        term: int,
        now: datetime,
        took: timedelta,
    ) -> None:
        self._p.ledger.save_cycle(
            CycleRecord(
                id=cycle_id,
                taken_at=now,
                mode=settings.default.mode.value,
                config_digest=settings.digest,
                term=term,
                took=took,
                summary={
                    "seen": seen,
                    "kept": len(plan.kept),
                    "unknown": len(plan.unknown) + len(unlisted),
                    "due": len(plan.actions),
                    "upcoming": len(plan.upcoming),
                    "blocked": len(plan.blocked),
                },
                plan=plan_document(plan, unlisted),
            )
        )

    def _ledger_info(self) -> LedgerInfo:
        if self._info is None or self._info.adopted_at is None:
            self._info = self._p.ledger.info()
        return self._info


__all__ = ["Cycle", "Parts", "Result"]
