"""`tuneguard run`: the guard itself, once or as a daemon."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from guard.cli.app import FOUND, UNKNOWN
from guard.cli.common import COMMON, Common, emit_json, say

if TYPE_CHECKING:
    from guard.wiring import Guard

LogLevel = Literal["debug", "info", "warning", "error"]

app = App(name="run", help="Run the guard: once, or as a daemon.")


@app.default
def run(
    *,
    once: Annotated[
        bool, Parameter(negative="", show_default=False, help="One cycle, then exit; exit code 1 if something is due.")
    ] = False,
    standby: Annotated[
        bool,
        Parameter(negative="", show_default=False, help="Where another daemon leads, wait and take over when it ends."),
    ] = False,
    log_level: Annotated[LogLevel, Parameter(help="What is logged at least.")] = "info",
    common: Common = COMMON,
) -> int:
    """Watch, judge, tell and (in approve and enforce mode) act. Logs go to stderr, one JSON object a line off a terminal."""
    from guard import wiring
    from guard.daemon import allocator
    from guard.telemetry import logging

    allocator.keep_small()
    logging.set_up(level="warning" if once and log_level == "info" else log_level)
    guard = wiring.build(common.path, may_act=True)
    try:
        return _once(guard, common) if once else _daemon(guard, standby=standby)
    finally:
        guard.close()


def _once(guard: Guard, common: Common) -> int:
    from guard.cli.showing import show_plan
    from guard.core.documents import plan_document

    result = guard.cycle.run(guard.clock.now())
    if result.skipped or result.plan is None:
        if guard.leadership.failed is not None:
            raise guard.leadership.failed
        sys.stderr.write("tuneguard: another daemon leads on this ledger; nothing was done.\n")
        return UNKNOWN
    document = plan_document(result.plan, result.unlisted)
    did = [
        {
            "act_id": one.act.id,
            "subject": one.act.key.subject,
            "state": one.state.value,
            "block": one.block,
            "detail": one.detail,
        }
        for one in result.did
    ]
    if common.as_json:
        emit_json({**document, "did": did})
    else:
        show_plan(document, did)
        say()
    for problem in guard.enrolled.problems:
        sys.stderr.write(f"tuneguard: {problem}\n")
    failed = [report for report in (result.snapshot.scopes if result.snapshot else ()) if not report.complete]
    if failed:
        sys.stderr.write(f"tuneguard: {len(failed)} project locations could not be listed; everything there is kept.\n")
        return UNKNOWN
    if guard.enrolled.problems:
        return UNKNOWN
    return FOUND if result.plan.actions else 0


def _daemon(guard: Guard, *, standby: bool) -> int:
    from time import sleep

    from guard.daemon import allocator
    from guard.daemon.health import health_app, serve
    from guard.daemon.jobs import Daemon

    leader = None if standby else guard.leadership.take(sleep)
    if leader is not None:
        sys.stderr.write(
            f"tuneguard: another daemon leads on this ledger ({leader.holder}); this one did nothing. Stop that one first, or "
            "start this one with --standby: it takes over when that one ends.\n"
        )
        return UNKNOWN
    allocator.collect_rarely()
    config = guard.in_force.config
    daemon = Daemon(
        run_cycle=lambda: _cycle(guard),
        reload_config=guard.in_force.refresh,
        watch_budgets=lambda: guard.budgets.look(guard.in_force.settings, guard.clock.now()),
        leadership=guard.leadership,
        clock=guard.clock,
        metrics=guard.metrics,
        every=config.settings.every,
    )
    try:
        health = serve(
            health_app(guard.metrics, daemon.pulse, config.settings.every, lambda: _not_ready(guard)),
            config.health_host,
            config.health_port,
        )
    except OSError as error:
        sys.stderr.write(
            f"tuneguard: health: port {config.health_port} on {config.health_host} cannot be used ({error.strerror}). "
            "Is another daemon running? Set health.port in guard.yaml (0 takes a free one).\n"
        )
        return UNKNOWN

    def ready() -> None:
        line = {
            "health": f"http://{config.health_host}:{health.server_port}",
            "pid": os.getpid(),
            "holder": guard.leadership.holder,
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    try:
        daemon.run(on_ready=ready)
    finally:
        health.shutdown()
    return 0


def _cycle(guard: Guard) -> None:
    from guard.daemon import allocator

    guard.cycle.run(guard.clock.now())
    allocator.give_back()


def _not_ready(guard: Guard) -> str | None:
    """What keeps the daemon from being ready: a ledger that does not answer."""
    from guard.ports.errors import GuardError

    try:
        guard.ledger.info()
    except GuardError as error:
        return str(error)
    return None
