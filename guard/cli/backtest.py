"""`tuneguard backtest`: replay waiting rules over the past, of the ledger or of a CSV trace."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from guard.cli.common import COMMON, Common, emit_json, ledger_of, machine_now, say, who
from guard.ports.errors import ConfigInvalid, NotFoundByName

if TYPE_CHECKING:
    from guard.backtest.report import Report
    from guard.backtest.rules import Rule
    from guard.backtest.silences import Silences
    from guard.ports.ledger import Ledger

app = App(name="backtest", help="Replay waiting rules over the past: money, cold starts, the worst endpoints.")

RATIOS: Sequence[float] = (1.0, 8.0, 24.0, 72.0)
"""Break-even waits shown where none is given, hours: from a toy to a model that customers call."""

WAITS = ("auto", "break_even", "24h", "never")

HOLDS = timedelta(days=180)
"""A person's word on a backtest is asked for again after half a year: usage changes."""


@app.default
def backtest(  # one local an option
    *,
    trace: Annotated[
        Path | None, Parameter(help="CSV(.gz): t_seconds, endpoint and optionally requests; default: the ledger.")
    ] = None,
    bucket_seconds: Annotated[float, Parameter(help="Seconds one row of the trace covers; 0: single requests.")] = 0.0,
    min_value: Annotated[float, Parameter(help="Value up to which a bucket counts as silent.")] = 0.0,
    lifetimes: Annotated[Path | None, Parameter(help="CSV: endpoint,last_seen_seconds.")] = None,
    ratio_hours: Annotated[
        list[float] | None,
        Parameter(help="Redeploy cost over hourly price: the break-even wait, hours.", consume_multiple=True),
    ] = None,
    wait: Annotated[
        list[str] | None,
        Parameter(help="Rules to compare: auto, break_even, never, or 24h.", consume_multiple=True),
    ] = None,
    worst_case: Annotated[float, Parameter(help="What one silence may cost, as a multiple of hindsight.")] = 4.0,
    notice: Annotated[str | None, Parameter(help="Notice inside the wait, e.g. 24h: shows what it costs.")] = None,
    hourly_price: Annotated[float | None, Parameter(help="USD an hour of one machine: amounts in money.")] = None,
    most_cold_starts: Annotated[
        float | None, Parameter(help="Cold starts per endpoint and week that people accept: advises on if_wrong.")
    ] = None,
    redeploy_minutes: Annotated[float, Parameter(help="Minutes a redeploy takes, for that advice.")] = 20.0,
    dump_waits: Annotated[
        Path | None, Parameter(help="Write each silence's wait to this CSV (one ratio, one rule).")
    ] = None,
    html: Annotated[Path | None, Parameter(help="Write a page with pictures to this file.")] = None,
    accept: Annotated[
        str | None, Parameter(help="Record that you saw these figures for the policy of this name.")
    ] = None,
    by: Annotated[str | None, Parameter(help="Who accepts; default: you.")] = None,
    common: Common = COMMON,
) -> None:
    """Replay one or several waiting rules and say what each would have saved and whom it would have hurt."""
    from guard.backtest.advice import recommend
    from guard.backtest.dump import dump_waits as write_waits
    from guard.backtest.errors import TraceInvalid
    from guard.backtest.page import as_html
    from guard.backtest.report import as_json, as_text
    from guard.backtest.report import backtest as replay
    from guard.backtest.trace import read_trace

    if accept is not None and trace is not None:
        raise ConfigInvalid("--accept goes with the ledger's own history.", hint="Leave --trace out.")
    try:
        rules = _rules(wait or WAITS, worst_case, notice)
        given = [_positive(hours) for hours in ratio_hours or ()]
        if trace is not None:
            silences = read_trace(trace, bucket_seconds=bucket_seconds, min_value=min_value, lifetimes=lifetimes)
            source, known = trace.name, RATIOS
        else:
            source = "The ledger's history"
            silences, known = _history(common)
        report = replay(silences, rules, [h * 3600 for h in given or known], source=source, hourly_price=hourly_price)
        if dump_waits is not None:
            _one(report)
            write_waits(dump_waits, silences, report.lines[0].waits)
        advice = (
            recommend(
                silences,
                rules[0],
                most_cold_starts=most_cold_starts,
                hourly_price=hourly_price,
                redeploy_minutes=redeploy_minutes,
            ).sentence
            if most_cold_starts is not None
            else None
        )
    except TraceInvalid as error:
        raise ConfigInvalid(str(error)) from error
    if html is not None:
        html.write_text(as_html(report), encoding="utf-8")
    if common.as_json:
        emit_json({**as_json(report), "advice": advice})
    else:
        sys.stdout.write(as_text(report) + (f"{advice}\n" if advice else ""))
    if accept is not None:
        _accept(report, accept, who(by), common)


def _rules(words: Sequence[str], worst_case: float, notice: str | None) -> list[Rule]:
    """The rules asked for; with a notice each one twice, without it and with it, so that its price shows."""
    from guard.backtest.rules import rule_of, seconds_of

    rules = [rule_of(word, worst_case=worst_case) for word in words]
    if notice is None:
        return rules
    told = seconds_of(notice, "--notice")
    pairs = [(rule, rule_of(word, worst_case=worst_case, notice=told)) for rule, word in zip(rules, words, strict=True)]
    return [rule for plain, noticed in pairs for rule in ((plain,) if plain.kind == "never" else (plain, noticed))]


def _positive(hours: float) -> float:
    from guard.backtest.errors import TraceInvalid

    if not 0 < hours < float("inf"):
        raise TraceInvalid(f"--ratio-hours: found {hours:g}; expected hours above 0")
    return hours


def _one(report: Report) -> None:
    from guard.backtest.errors import TraceInvalid

    if len(report.lines) != 1:
        raise TraceInvalid(f"--dump-waits: goes with one --ratio-hours and one --wait, found {len(report.lines)} pairs")


def _history(common: Common) -> tuple[Silences, Sequence[float]]:
    """The ledger's usage as silences, and the break-even wait (hours) that its policies mean."""
    from guard.backtest.history import silences_of_usage

    with ledger_of(common) as ledger:
        silences = silences_of_usage(ledger.load_usage(from_hour=0))
        if not silences.names:
            raise NotFoundByName(
                "The ledger holds no usage to replay yet.", hint="Let the guard look for a day, or give --trace FILE."
            )
        return silences, _ratios(ledger)


def _ratios(ledger: Ledger) -> Sequence[float]:
    """The median break-even wait of what the guard judged last, hours; the usual ladder where none is known."""
    from statistics import median

    found = []
    for document in ledger.verdicts().values():
        figures = (document.get("wait") or {}).get("sum") or {}
        hour = float(figures.get("idle_hour") or 0)
        if hour > 0 and "wrong_removal" in figures:
            found.append(float(figures["wrong_removal"]) / hour)
    return [median(found)] if found and median(found) > 0 else RATIOS


def _accept(report: Report, policy_name: str, person: str, common: Common) -> None:
    from guard.backtest.acceptance import Acceptance, accept
    from guard.config import load
    from guard.core.plan import Acknowledgement
    from guard.core.settings import backtest_digest

    rules = load(common.path).settings.default
    policy = next((policy for policy in rules.policies if policy.name == policy_name), None)
    if policy is None:
        known = ", ".join(policy.name for policy in rules.policies)
        raise NotFoundByName(f"No policy is called {policy_name!r}.", hint=f"There are: {known}.")
    now: datetime = machine_now().astimezone(UTC)
    with ledger_of(common) as ledger:

        def record(acceptance: Acceptance) -> None:
            ledger.acknowledge(
                Acknowledgement(
                    what=acceptance.what, who=acceptance.who, made_at=acceptance.at, expires_at=acceptance.at + HOLDS
                )
            )

        accept(report, policy_digest=backtest_digest(policy), who=person, at=now, record=record)
    say(f"Recorded: {person} saw these figures for policy {policy_name}; the word holds for {HOLDS.days} days.")
