"""`tuneguard backtest`: replay waiting rules over the past, of the ledger, of Cloud Monitoring or of a CSV trace."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from guard.cli.common import COMMON, Common, emit_json, ledger_of, machine_now, say, who
from guard.ports.errors import ConfigInvalid, NotFoundByName

if TYPE_CHECKING:
    from guard.backtest.practice import Practice
    from guard.backtest.report import Report
    from guard.backtest.rules import Rule
    from guard.backtest.silences import Silences

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
    from_monitoring: Annotated[
        bool, Parameter(help="Read Cloud Monitoring itself instead of the ledger; writes nothing.", negative=())
    ] = False,
    days: Annotated[int, Parameter(help="How far back Cloud Monitoring is read; it keeps six weeks.")] = 42,
    bucket_seconds: Annotated[float, Parameter(help="Seconds one row of the trace covers; 0: single requests.")] = 0.0,
    min_value: Annotated[float, Parameter(help="Value up to which a bucket counts as silent.")] = 0.0,
    lifetimes: Annotated[Path | None, Parameter(help="CSV: endpoint,last_seen_seconds.")] = None,
    ratio_hours: Annotated[
        list[float] | None,
        Parameter(
            help="Redeploy cost over hourly price, one for all: the break-even wait, hours. Default: each endpoint's own.",
            consume_multiple=True,
        ),
    ] = None,
    wait: Annotated[
        list[str] | None,
        Parameter(
            help="Rules to compare: policy (as guard.yaml says), auto, break_even, never, or 24h.",
            consume_multiple=True,
        ),
    ] = None,
    worst_case: Annotated[float, Parameter(help="What one silence may cost, as a multiple of hindsight.")] = 4.0,
    notice: Annotated[str | None, Parameter(help="Notice inside the wait, e.g. 24h: shows what it costs.")] = None,
    act_during: Annotated[
        str | None,
        Parameter(
            help="Act window, e.g. 'Mon-Fri 09:00-17:00 UTC': shows what it costs. A trace begins on Thursday, 1970-01-01."
        ),
    ] = None,
    removals_per_day: Annotated[
        int | None, Parameter(help="Limit of removals in 24 hours: shows what it costs.")
    ] = None,
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
    from guard.backtest.errors import TraceInvalid

    if accept is not None and trace is not None:
        raise ConfigInvalid("--accept goes with the ledger's own history.", hint="Leave --trace out.")
    if from_monitoring and (trace is not None or ratio_hours):
        raise ConfigInvalid(
            "--from-monitoring: found with --trace or --ratio-hours; expected alone.",
            hint="It takes each endpoint's own break-even wait from guard.yaml and the price list.",
        )
    try:
        if trace is None and not ratio_hours:
            extra = {"--notice": notice, "--act-during": act_during, "--removals-per-day": removals_per_day,
                     "--hourly-price": hourly_price, "--dump-waits": dump_waits}  # fmt: skip
            document = _by_policies(common, wait, most_cold_starts, days if from_monitoring else None, extra)
            if document is not None:
                _show(document, html, common)
                if accept is not None:
                    _accept(_about(document, accept), accept, who(by), common)
                return
        _one_for_all(
            trace,
            bucket_seconds=bucket_seconds,
            min_value=min_value,
            lifetimes=lifetimes,
            ratio_hours=ratio_hours,
            rules=_rules(wait or WAITS, worst_case, _practice(notice, act_during, removals_per_day)),
            hourly_price=hourly_price,
            most_cold_starts=most_cold_starts,
            redeploy_minutes=redeploy_minutes,
            dump_waits=dump_waits,
            html=html,
            accept=accept,
            by=by,
            common=common,
        )
    except TraceInvalid as error:
        raise ConfigInvalid(str(error)) from error


def _by_policies(
    common: Common,
    wait: Sequence[str] | None,
    most_cold_starts: float | None,
    days: int | None,
    extra: Mapping[str, object],
) -> dict[str, Any] | None:
    """The trial of guard.yaml's policies; None where the ledger knows usage but no price or policy for any of it."""
    from guard.config import load
    from guard.wiring import trying

    given = [option for option, value in extra.items() if value is not None]
    if given:
        raise ConfigInvalid(
            f"{', '.join(given)}: found without --ratio-hours or --trace; guard.yaml says it, policy by policy.",
            hint="Give --ratio-hours to try one break-even wait on all endpoints.",
        )
    if days is not None:
        return trying.try_on_monitoring(common.path, wait, days=days, most_cold_starts=most_cold_starts)
    settings = load(common.path).settings
    with ledger_of(common) as ledger:
        document = trying.try_on_ledger(ledger, settings, wait, most_cold_starts=most_cold_starts)
    return document if document["fleets"] else None


def _show(document: Mapping[str, Any], html: Path | None, common: Common) -> None:
    from guard.backtest.trial_page import as_html
    from guard.backtest.trial_text import as_text

    if html is not None:
        html.write_text(as_html(document), encoding="utf-8")
    if common.as_json:
        emit_json(document)
    else:
        sys.stdout.write(as_text(document))


def _about(document: Mapping[str, Any], policy: str) -> dict[str, Any]:
    """What a person saw of one policy: its own line in each fleet, and what practice costs."""
    fleets = [
        {
            "currency": fleet["currency"],
            "policies": [line for line in fleet["policies"] if line["policy"] == policy],
            "practice": fleet["practice"],
        }
        for fleet in document["fleets"]
    ]
    return {"source": document["source"], "fleets": fleets}


def _one_for_all(
    trace: Path | None,
    *,
    bucket_seconds: float,
    min_value: float,
    lifetimes: Path | None,
    ratio_hours: Sequence[float] | None,
    rules: Sequence[Rule],
    hourly_price: float | None,
    most_cold_starts: float | None,
    redeploy_minutes: float,
    dump_waits: Path | None,
    html: Path | None,
    accept: str | None,
    by: str | None,
    common: Common,
) -> None:
    """One break-even wait, or several, for a whole trace or the ledger's history."""
    from guard.backtest.acceptance import shown
    from guard.backtest.advice import recommend
    from guard.backtest.dump import dump_waits as write_waits
    from guard.backtest.page import as_html
    from guard.backtest.report import as_json, as_text
    from guard.backtest.report import backtest as replay
    from guard.backtest.trace import read_trace

    given = [_positive(hours) for hours in ratio_hours or ()]
    if trace is not None:
        silences = read_trace(trace, bucket_seconds=bucket_seconds, min_value=min_value, lifetimes=lifetimes)
        source = trace.name
    else:
        source, silences = "The ledger's history", _history(common)
    report = replay(silences, rules, [h * 3600 for h in given or RATIOS], source=source, hourly_price=hourly_price)
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
    if html is not None:
        html.write_text(as_html(report), encoding="utf-8")
    if common.as_json:
        emit_json({**as_json(report), "advice": advice})
    else:
        sys.stdout.write(as_text(report) + (f"{advice}\n" if advice else ""))
    if accept is not None:
        _accept(shown(as_json(report)), accept, who(by), common)


def _rules(words: Sequence[str], worst_case: float, practice: Practice) -> list[Rule]:
    """The rules asked for, each one alone and then with each part of the practice, so that its price shows."""
    from guard.backtest.rules import in_steps, rule_of

    return [step for word in words for step in in_steps(rule_of(word, worst_case=worst_case), practice)]


def _practice(notice: str | None, act_during: str | None, removals_per_day: int | None) -> Practice:
    from guard.backtest.errors import TraceInvalid
    from guard.backtest.practice import Practice
    from guard.backtest.rules import seconds_of
    from guard.config.values import act_window

    if removals_per_day is not None and removals_per_day < 0:
        raise TraceInvalid(f"--removals-per-day: found {removals_per_day}; expected 0 or more")
    try:
        window = None if act_during is None else act_window(act_during)
    except ValueError as error:
        raise TraceInvalid(f"--act-during: {error}") from error
    return Practice(
        notice=0.0 if notice is None else seconds_of(notice, "--notice"), window=window, per_day=removals_per_day
    )


def _positive(hours: float) -> float:
    from guard.backtest.errors import TraceInvalid

    if not 0 < hours < float("inf"):
        raise TraceInvalid(f"--ratio-hours: found {hours:g}; expected hours above 0")
    return hours


def _one(report: Report) -> None:
    from guard.backtest.errors import TraceInvalid

    if len(report.lines) != 1:
        raise TraceInvalid(f"--dump-waits: goes with one --ratio-hours and one --wait, found {len(report.lines)} pairs")


def _history(common: Common) -> Silences:
    """The ledger's usage as silences."""
    from guard.backtest.history import silences_of_usage

    with ledger_of(common) as ledger:
        silences = silences_of_usage(ledger.load_usage(from_hour=0))
    if not silences.names:
        raise NotFoundByName(
            "The ledger holds no usage to replay yet.", hint="Let the guard look for a day, or give --trace FILE."
        )
    return silences


def _accept(figures: Mapping[str, Any], policy_name: str, person: str, common: Common) -> None:
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

        accept(figures, policy_digest=backtest_digest(policy), who=person, at=now, record=record)
    say(f"Recorded: {person} saw these figures for policy {policy_name}; the word holds for {HOLDS.days} days.")
