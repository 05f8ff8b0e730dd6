"""Each decision in sentences: money, silence, wait, policy, people told, how to undo and to keep."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from guard.core.documents import verdict_document
from guard.core.explain import Restored, explain, headline, notice_id, notice_text
from guard.core.plan import Notice, NoticeKind
from guard.core.reasons import BlockReason, KeepReason
from guard.core.removal import ActState
from guard.core.rules import Never
from guard.core.verdict import Verdict
from tests.builders import (
    NOW,
    a_deployed_model,
    a_keep,
    a_policy,
    a_pool_with,
    a_snapshot,
    a_usage,
    an_act,
    an_endpoint,
    endpoint_name,
    h,
    judged,
    the_verdict,
)

DEPLOYED = f"{endpoint_name()}/deployedModels/7"


def section(verdict: Verdict | dict[str, Any], title: str, **kwargs: Any) -> str:
    return "\n".join(next(s.lines for s in explain(verdict, **kwargs).sections if s.title == title))


def test_an_idle_thing_says_why_what_it_costs_and_how_to_keep_it() -> None:
    text = str(explain(the_verdict(a_snapshot(an_endpoint()), a_usage(calls={100: 1}))))

    for part in (
        "endpoint-1 / model-7 may go: silent for longer than its wait.",
        "It costs $0.22 an hour ($160.60 a month).",
        "Price: https://example.com/prices, 2026-09-08",
        "Silent for 4 d 4 h. Last used in the hour from 2026-11-20 07:00 UTC.",
        "the data is complete until 2026-11-24 12:00 UTC",
        "Waits 3 d 19 h: a wrong removal costs $20.07 (20 min down x $1/min + $0.07 of machine), an idle hour $0.22.",
        "Its owner is told 2 h before the end, inside the wait.",
        "default (guard.yaml:12)",
        f"tuneguard keep {DEPLOYED} --why REASON",
    ):
        assert part in text


def test_a_thing_that_waits_says_when_it_would_go() -> None:
    verdict = the_verdict(a_snapshot(an_endpoint()), a_usage(calls={10: 1}, holes=[3]))

    assert "stays: it is silent, but not yet for as long as its wait" in str(explain(verdict))
    assert "If the silence goes on it may go 2026-11-27 22:14 UTC." in section(verdict, "Decision")
    assert "1 h of it prove nothing" in section(verdict, "Silence")


def test_while_people_are_told_ahead_the_wait_is_said_to_run() -> None:
    verdict = the_verdict(a_snapshot(an_endpoint()), a_usage(calls={90: 1}))

    assert "its wait is over in 1 h 14 min if nothing calls it" in headline(verdict_document(verdict))


def test_what_is_unknown_says_what_to_do_about_it() -> None:
    verdict = the_verdict(a_snapshot(an_endpoint()), a_usage(blind=range(960)))

    assert "stays, because something is not known: no resource witness" in str(explain(verdict))
    assert "Check that CPU" in section(verdict, "What you can do")


def test_an_unknown_price_is_said_and_is_no_0() -> None:
    odd = a_deployed_model(
        billing=replace(
            a_deployed_model().billing, machine=replace(a_deployed_model().billing.machine, machine_type="z9")
        )
    )  # type: ignore[union-attr, type-var]  # dedicated

    text = section(the_verdict(a_snapshot(an_endpoint(deployed=[odd]))), "Money")

    assert text.startswith("What it costs is not known (no price for machine z9")
    assert "$0" not in text


def test_blocks_events_notices_and_keeps_are_told() -> None:
    @dataclass
    class Event:
        at: datetime
        state: ActState
        detail: str

    @dataclass
    class Told:
        notice: Notice
        delivered_at: datetime | None
        last_error: str

    notice = Notice(
        id="n", kind=NoticeKind.REMOVAL_AHEAD, to="mia", subject=DEPLOYED, title="it goes", body="", made_at=NOW - h(3)
    )
    text = str(
        explain(
            the_verdict(a_snapshot(an_endpoint())),
            act=an_act(DEPLOYED),
            blocks=[BlockReason.THROTTLED],
            events=[Event(NOW - h(3), ActState.PROPOSED, "first seen idle")],
            notices=[Told(notice, NOW - h(3), ""), Told(notice, None, "connection refused")],
            keeps=[a_keep(DEPLOYED, ended_at=NOW - h(1))],
            as_of=NOW,
        )
    )

    for part in (
        "not now: throttled: The limit of removals",
        "2026-11-24 09:00 UTC proposed: first seen idle",
        "mia, 2026-11-24 09:00 UTC: it goes [delivered 2026-11-24 09:00 UTC]",
        "[not delivered yet (connection refused)]",
        "mia@example.com, 2026-11-23 12:00 UTC, for good, ended 2026-11-24 11:00 UTC: demo on Friday",
        "As of the look at 2026-11-24 12:00 UTC.",
    ):
        assert part in text


def test_what_was_removed_says_how_to_bring_it_back() -> None:
    act = an_act(DEPLOYED, state=ActState.VERIFIED, settled_at=NOW - h(1))
    verdict = the_verdict(a_snapshot(an_endpoint()))

    assert "was undeployed 2026-11-24 11:00 UTC" in explain(verdict, act=act).headline
    assert f"tuneguard restore {DEPLOYED}" in section(verdict, "What you can do", act=act)


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (the_verdict(a_snapshot(an_endpoint()), None, a_policy(wait=Never())), KeepReason.NEVER),
        (the_verdict(a_snapshot(an_endpoint(labels={"tunegaurd": "x"}))), KeepReason.LABEL_NOT_UNDERSTOOD),
    ],
)
def test_why_not_idle_has_an_answer_for_what_is_kept(verdict: Verdict, reason: KeepReason) -> None:
    assert verdict.reason is reason
    assert "stays: " in explain(verdict).headline


def test_the_ledgers_document_and_the_verdict_tell_the_same() -> None:
    verdict = the_verdict(a_snapshot(an_endpoint()))
    document = json.loads(json.dumps(verdict_document(verdict)))

    assert str(explain(document)) == str(explain(verdict))


def test_a_pool_names_its_sharers() -> None:
    pool, endpoints = a_pool_with(2)
    verdict = judged(a_snapshot(*endpoints, pools=[pool]))[pool.name]

    assert "shared by 2: " in section(verdict, "What it is")


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_notice_has_words(kind: NoticeKind) -> None:
    about = verdict_document(the_verdict(a_snapshot(an_endpoint())))

    title, body = notice_text(kind, about | {"scope": "s", "why": "it is dark", "detail": "more"})

    assert title
    assert "\n" not in title
    assert "None" not in title
    assert body


def test_a_removal_ahead_says_when_why_and_both_ways_out() -> None:
    title, body = notice_text(NoticeKind.REMOVAL_AHEAD, verdict_document(the_verdict(a_snapshot(an_endpoint()))))

    assert "endpoint-1 / model-7: undeploying it" in title
    for part in (
        "n1-standard-4",
        "$0.22 an hour",
        "A single call before then stops it.",
        "tuneguard keep",
        "tuneguard restore",
    ):
        assert part in body


def test_the_id_of_a_notice_is_made_from_the_fact() -> None:
    assert notice_id(NoticeKind.REMOVED, DEPLOYED, "a-1") == notice_id(NoticeKind.REMOVED, DEPLOYED, "a-1")
    assert notice_id(NoticeKind.REMOVED, DEPLOYED, "a-1") != notice_id(NoticeKind.REMOVED, DEPLOYED, "a-2")


def test_a_kept_thing_with_a_warning_opens_with_the_warning() -> None:
    document = verdict_document(the_verdict(a_snapshot(an_endpoint()), a_usage())) | {"decision": "keep"}
    warned = {**document, "evidence": {**document["evidence"], "warning": "runs for 9 h, 2x of 4 h was allowed"}}

    assert headline(warned).endswith("stays, with a warning: runs for 9 h, 2x of 4 h was allowed.")


def test_what_is_gone_is_told_in_the_past() -> None:
    verdict = the_verdict(a_snapshot(an_endpoint()), a_usage(calls={100: 1}))
    gone = {**verdict_document(verdict), "decision": "gone"}
    removed = an_act(DEPLOYED, state=ActState.VERIFIED, settled_at=NOW)

    assert "is gone: the latest look did not find it" in explain(gone).headline
    assert "gone; before that: idle" in section(gone, "Decision")
    for found in (section(gone, "Money"), section(verdict, "Money", act=removed)):
        assert found.startswith("It cost $0.22 an hour ($160.60 a month), while it was there.")
    assert section(verdict, "Money").startswith("It costs $0.22")


def test_a_restored_thing_says_when_on_whose_word_and_that_its_wait_is_longer() -> None:
    verdict = the_verdict(a_snapshot(an_endpoint()), a_usage(calls={100: 1}))

    once = section(verdict, "What it is", restored=Restored(NOW, "ada", 2))
    twice = section(verdict, "What it is", restored=Restored(NOW, "the policy", 4))

    assert "restored 2026-11-24 12:00 UTC on ada's word; its wait is doubled since then" in once
    assert "on the policy's word; its wait is 4 times as long since then" in twice


def test_a_keep_says_what_it_has_cost() -> None:
    verdict = the_verdict(a_snapshot(an_endpoint()))
    cost = {"known": [{"amount": "12.5", "currency": "USD"}], "lower_bound": True}

    told = section(verdict, "Kept by", keeps=[a_keep(DEPLOYED), a_keep(DEPLOYED)], keep_costs=[cost, None])

    first, second = told.splitlines()
    assert first.endswith("; has cost at least $12.50")
    assert "has cost" not in second
