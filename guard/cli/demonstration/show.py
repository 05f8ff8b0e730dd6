"""The demo's screen: beats as they fall with a line of state below, and the closing table. Plain lines off a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from guard.cli.common import console, say
from guard.cli.demonstration.beats import SHORT, UNKNOWNS, Beat, What, name_of, reasons_counted
from guard.cli.demonstration.closing import Closing, Removal
from guard.cli.demonstration.fleet import Fleet
from guard.cli.demonstration.page import another
from guard.cli.demonstration.story import Moment
from guard.core.reasons import MEANING, WAY_OUT
from guard.core.tunes import days_left
from guard.core.units import Money, short
from guard.core.verdict import Stage

STYLE = {
    What.LOOKED: "bold",
    What.NEW: "cyan",
    What.ANNOUNCED: "yellow",
    What.UNDEPLOYED: "bold green",
    What.DELETED: "bold green",
    What.CANCELLED: "bold green",
    What.RESTORED: "bold cyan",
    What.STAYS: "green",
    What.WAITS: "dim",
    What.REFUSED: "red",
    What.KEPT: "green",
    What.UNKNOWN: "magenta",
    What.PEOPLE: "bold blue",
    What.DOUBT: "magenta",
}
_INDENT = 43
"""Columns before a beat's words: when (14), what (12), about whom (17)."""
_REPORT_EVERY = timedelta(days=5)
"""Off a terminal the running saving is a line so often."""


class Screen(Protocol):
    """Where the story is shown."""

    def moment(self, moment: Moment) -> None: ...


class Silent:
    """Shows nothing: for `--output json`."""

    def moment(self, moment: Moment) -> None:
        """Say nothing."""


class Shown:
    """Shows the story on a console; `live` has the line of state where there is a terminal."""

    def __init__(self, fleet: Fleet, to: Console, live: Live | None) -> None:
        self._fleet = fleet
        self._console = to
        self._live = live
        self._last: datetime | None = None

    def moment(self, moment: Moment) -> None:
        """The beats of one look, and the state after it."""
        for beat in moment.beats:
            self._console.print(self._line(beat))
        since = moment.now - self._fleet.start
        if self._live is not None:
            self._live.update(_state(moment, self._fleet, bar=True))
        elif since and not since % _REPORT_EVERY:
            self._console.print(_state(moment, self._fleet, bar=False).plain, highlight=False)

    def _line(self, beat: Beat) -> Text:
        same = self._last == beat.at
        self._last = beat.at
        day = (beat.at - self._fleet.start).days + 1
        when = "" if same else f"{f'd{day:02}' if day <= self._fleet.days else 'end'} {beat.at:%a %H:%M}"
        line = Text()
        line.append(f"{when:<14}", style="dim")
        line.append(f"{beat.what.value:<12}", style=STYLE[beat.what])
        indent = 26
        if beat.name:
            indent = _INDENT
            line.append(f"{beat.name:<16} ", style="bold")
        words = Text(beat.text).wrap(self._console, max(30, self._console.width - indent))
        for number, part in enumerate(words):
            if number:
                line.append("\n" + " " * indent)
            part.rstrip()
            line.append_text(part)
        return line


def show_opening(fleet: Fleet) -> None:
    """The first lines: that all of it is virtual."""
    what = "a usage trace" if fleet.is_trace else "a forgetful fleet"
    say(f"[bold]Tuneguard demo[/]: {fleet.days} days of {what}, in a sandbox on this machine. Everything is virtual:")
    say("machines, money, requests, people and the clock. No account; nothing leaves this machine.")
    say()


@contextmanager
def on_screen(fleet: Fleet, *, as_json: bool) -> Iterator[Screen]:
    """A screen for as long as the story runs."""
    if as_json:
        yield Silent()
        return
    to: Console = console()
    if not to.is_terminal:
        yield Shown(fleet, to, None)
        return
    with Live(Text(""), console=to, refresh_per_second=8, transient=True, redirect_stdout=False) as live:
        yield Shown(fleet, to, live)


def show_closing(closing: Closing, *, looks: int, took: timedelta, in_vain: int | None) -> None:
    """What went, why, and what it saved by both counts; what stayed; what is not known."""
    to: Console = console()
    days = (closing.end - closing.start) / timedelta(days=1)
    say()
    say(f"[bold]What went[/] in {days:g} simulated days ({looks} looks in {took.total_seconds():.0f} s)")
    grid = Table(box=SIMPLE_HEAD, pad_edge=False, show_footer=True)
    grid.add_column("thing", footer="saved", overflow="fold")
    grid.add_column("why it went", overflow="fold")
    grid.add_column("gone")
    grid.add_column("by the meter", footer=_usd(closing.metered), justify="right")
    grid.add_column("by the guard", footer=_usd(closing.claimed), justify="right")
    grid.add_column("measured", footer=_usd(closing.measured), justify="right")
    for one in closing.removals:
        grid.add_row(one.act.display_name, _why(one), _since(one, closing.start), *_figures(one))
    to.print(grid)
    without = closing.cost + closing.metered
    share = f", {closing.metered / without:.0%} of it" if without else ""
    to.print(
        f"By the sandbox's meter the fleet cost {_usd(closing.cost)}; without the guard it would have cost "
        f"{_usd(without)}: [bold green]{_usd(closing.metered)} saved[/]{share}.",
        highlight=False,
    )
    to.print(
        "[dim]By the meter: what it cost in its last hour, by the sandbox's own prices, for each hour that it was gone. "
        "By the guard: its price for the same hours. Measured: the hours that monitoring has shown without machines.[/]",
        highlight=False,
    )
    if in_vain is not None:
        back = f"{closing.restored} removal(s) were undone for them"
        say(f"{in_vain} call(s) came for something that was gone; {back}.")
    _show_kept(to, closing)
    _show_unknown(to, closing)
    _show_money(to, closing)


def _show_money(to: Console, closing: Closing) -> None:
    """Budgets that were crossed, with when people heard of it; tunes whose base model has a last day."""
    grid = Table.grid(padding=(0, 2))
    for one, told in closing.budgets:
        day, words = (one.at - closing.start).days + 1, f"{one.threshold} of its budget crossed at {one.value}"
        heard = (
            "nobody was told yet"
            if told is None
            else f"told {short(told - one.at)} later"
            if told > one.at
            else "told at once"
        )
        grid.add_row("", Text(one.budget, style="bold"), f"day {day}", words, Text(heard, style="dim"))
    for tune, base, day_off in closing.retiring:
        left = days_left(day_off, closing.end)
        grid.add_row("", Text(tune, style="bold"), f"{left} days left", f"its base {base} ends on {day_off}", "")
    if closing.budgets or closing.retiring:
        say()
        say("[bold]What people heard[/] of budgets and of models that end")
        to.print(grid)


def _show_kept(to: Console, closing: Closing) -> None:
    billed = [verdict for verdict in closing.kept if verdict.subject.billed]
    free = [verdict for verdict in closing.kept if not verdict.subject.billed]
    say()
    say("[bold]What stayed[/] of what bills by the hour, each for a reason")
    grid = Table.grid(padding=(0, 2))
    for reason, count in reasons_counted(billed):
        names = ", ".join(sorted({name_of(one) for one in billed if one.reason.value == reason}))
        grid.add_row("", reason.replace("_", " "), str(count), Text(names, style="bold"))
    if closing.announced:
        names = ", ".join(sorted({name_of(one) for one in closing.announced}))
        grid.add_row("", "announced", str(len(closing.announced)), Text(names, style="bold"))
    to.print(grid)
    counted = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in reasons_counted(free))
    to.print(f"and {len(free)} things that cost nothing by the hour ({counted}).", highlight=False)


def _show_unknown(to: Console, closing: Closing) -> None:
    if not closing.unknown:
        return
    say()
    say("[bold]What is not known, and so stayed[/]; unknown is never idle, and never 0")
    grid = Table.grid(padding=(0, 2))
    for one in closing.unknown:
        words = Text(UNKNOWNS.get(one.reason, MEANING[one.reason]))
        if one.reason in WAY_OUT:
            words.append(f"\n{WAY_OUT[one.reason]}", style="dim")
        cost = _usd(closing.unknown_cost[one.subject.name])
        grid.add_row("", Text(name_of(one), style="bold"), words, Text(f"cost {cost}", style="dim"))
    to.print(grid)


def show_next(folder: str, url: str, example: str | None, link: str | None) -> None:
    """The page to open and the commands to try while sandbox and guard are up; `link` None: there is no page."""
    to: Console = console()
    commands = [
        (f"source {folder}/env", "point this shell at the demo"),
        ("tuneguard status", "the fleet"),
        ("tuneguard plan", "what would happen next"),
        ("tuneguard history", "all that was decided and done"),
    ]
    if example is not None:
        commands += [
            (f"tuneguard explain {example}", "why it went, in full"),
            (f"tuneguard restore {example}", "bring it back; half a minute later it is there"),
        ]
    to.print()
    to.print("[bold]Try it[/], in another terminal:", highlight=False)
    grid = Table.grid(padding=(0, 2))
    for command, what in commands:
        grid.add_row("", Text(command, style="cyan", no_wrap=True), Text(what, style="dim"))
    to.print(grid)
    to.print()
    if link is not None:
        to.print("[bold]Look at it[/], in a browser (the link works once, for a quarter of an hour):", highlight=False)
        to.print(f"  [cyan]{link}[/]", highlight=False, soft_wrap=True)
        to.print(f"  [dim]{another(link)} prints a fresh one.[/]", highlight=False)
        to.print()
    to.print(f"Sandbox ({url}) and guard stay up: a minute a second, a look every five minutes.", highlight=False)
    to.print("Ctrl-C ends it.")


def _state(moment: Moment, fleet: Fleet, *, bar: bool) -> Text:
    done = (moment.now - fleet.start) / timedelta(days=fleet.days)
    day = min((moment.now - fleet.start).days + 1, fleet.days) if bar else (moment.now - fleet.start).days
    line = Text(f"day {day:>2}/{fleet.days}", style="bold")
    if bar:
        full = round(done * 20)
        line.append(" " + "━" * full, style="green")
        line.append("━" * (20 - full), style="dim")
    line.append(f"  saved so far {_usd(moment.saved)}", style="bold green")
    line.append(f"  bills now {moment.spending.partition(',')[0]}", style="dim")
    return line


def _why(one: Removal) -> str:
    stage = {Stage.DELETE_ENDPOINT: "deleted: ", Stage.CANCEL_JOB: "cancelled: "}.get(one.act.key.stage, "")
    return f"{stage}{SHORT[one.act.reason]}"


def _since(one: Removal, start: datetime) -> str:
    day = f"day {(one.went_at - start).days + 1}"
    return f"{day} to {(one.back_at - start).days + 1}" if one.back_at is not None else f"{day} on"


def _figures(one: Removal) -> Sequence[str]:
    if one.act.key.stage is not Stage.UNDEPLOY:
        return ("no hourly cost", "", "")
    if one.act.evidence.get("pool") and one.claimed is None:
        return ("with its pool", "", "")
    return (_usd(one.metered), _usd(one.claimed), _usd(one.measured))


def _usd(amount: Decimal | None) -> str:
    return "?" if amount is None else str(Money(amount))
