"""The demo from curtain to curtain: fleet, story, account, and sandbox and guard left running for the user's own commands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from guard.cli.common import emit_json, say
from guard.cli.demonstration import closing as accounts
from guard.cli.demonstration import fleet as fleets
from guard.cli.demonstration.page import page
from guard.cli.demonstration.show import on_screen, show_closing, show_next, show_opening
from guard.cli.demonstration.stopping import Stopping
from guard.cli.demonstration.story import Stage, set_up
from guard.core.verdict import Stage as ActStage

INTERRUPTED = 130
"""What a shell reports of a command that Ctrl-C ended."""
EXAMPLE = "forgotten-gpu"


def direct(
    *, stay: bool, days: int | None, trace: Path | None, seed: int | None, folder: Path, port: int, as_json: bool
) -> int:
    """Play the story and account for it; returns the exit code.

    Raises GuardError where it cannot start: a trace that cannot be read, a port or folder in use.
    """
    fleet = fleets.traced(trace, seed=seed, days=days) if trace else fleets.patterns(seed=seed, days=days)
    with Stopping() as stopping:
        began = monotonic()
        if not as_json:
            show_opening(fleet)
        with set_up(fleet, folder, port) as stage:
            with on_screen(fleet, as_json=as_json) as screen:
                for moment in stage.play(stopping.asked):
                    screen.moment(moment)
            took = timedelta(seconds=monotonic() - began)
            return _end(stage, stopping, took=took, stay=stay, as_json=as_json)


def _end(stage: Stage, stopping: Stopping, *, took: timedelta, stay: bool, as_json: bool) -> int:
    if stopping.asked():
        if not as_json:
            say(f"Stopped on day {max(1, -(-stage.looks // 24))}. A new demo starts afresh.")
        return INTERRUPTED
    account = stage.close()
    if as_json:
        emit_json(_document(stage, account, took))
    else:
        in_vain = stage.people.in_vain if stage.fleet.is_trace else None
        show_closing(account, looks=stage.looks, took=took, in_vain=in_vain)
    if not stay:
        return 0
    if as_json:
        stage.stay_open(stopping.asked_within)
        return 0
    with page(stage.folder, stage.cloud.url) as link:
        show_next(_shown(stage.folder), stage.cloud.url, _example(account), link)
        stage.stay_open(stopping.asked_within)
    return 0


def _example(account: accounts.Closing) -> str | None:
    """Something that went and is gone still: forgotten-gpu, or the dearest."""
    gone = [
        one.act.display_name
        for one in account.removals
        if one.act.key.stage is ActStage.UNDEPLOY and one.back_at is None and not one.act.evidence.get("pool")
    ]
    return EXAMPLE if EXAMPLE in gone else next(iter(gone), None)


def _shown(folder: Path) -> str:
    """The folder as short as it can be written from here."""
    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)


def _document(stage: Stage, account: accounts.Closing, took: timedelta) -> dict[str, Any]:
    return {
        "virtual": True,
        "days": stage.fleet.days,
        "looks": stage.looks,
        "took_s": round(took.total_seconds(), 1),
        **accounts.document(account),
        "calls_in_vain": stage.people.in_vain if stage.fleet.is_trace else None,
        "decisions": [
            {"at": beat.at.isoformat(), "what": beat.what.value, "name": beat.name, "text": beat.text}
            for beat in stage.beats
        ],
    }
