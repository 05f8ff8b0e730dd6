"""Each reason and counter-reason decides where it should, and is said where it does not."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from finetune import call_costs
from finetune.advice import Choice, Facts, Goal, Why, advise
from finetune.call_costs import CallCosts
from finetune.evaluation.bootstrap import Interval
from finetune.prices import ModelPrice, PriceBook
from finetune.trained import examples_of

from tests.scripts.writing import lines, pairs

LOW = Interval(value=0.3, low=0.2, high=0.4)
HIGH = Interval(value=0.95, low=0.9, high=0.99)
GOOD = Facts(
    goals=frozenset({Goal.NARROW}),
    examples=400,
    contradictions=0,
    data_errors=0,
    good_enough=0.9,
    prompted=LOW,
    few_shot=LOW,
    few_shot_call=Decimal("0.002"),
    tuned_call=Decimal("0.001"),
    training=Decimal(5),
    hosting=Decimal(0),
)


def why(facts: Facts) -> tuple[Choice, Why]:
    given = advise(facts)
    return given.choice, given.reasons[0].why


@pytest.mark.parametrize("goal", [Goal.STYLE, Goal.FORMAT, Goal.DOMAIN, Goal.NARROW])
def test_what_tuning_is_good_at_leads_to_tuning_once_prompt_and_few_shot_fell_short(goal: Goal) -> None:
    assert why(replace(GOOD, goals=frozenset({goal}))) == (Choice.TUNE, Why(goal.value))


def test_fresh_knowledge_is_retrieval_whatever_else_is_wanted() -> None:
    facts = replace(GOOD, goals=frozenset({Goal.KNOWLEDGE, Goal.STYLE, Goal.FORMAT}))

    assert why(facts) == (Choice.RETRIEVAL, Why.FRESH_KNOWLEDGE)
    assert {reason.why for reason in advise(facts).reasons if reason.speaks_for_tuning} == {
        Why.STYLE,
        Why.FORMAT,
        Why.FELL_SHORT,
    }


def test_preferences_and_history_belong_into_the_prompt() -> None:
    assert why(replace(GOOD, goals=frozenset({Goal.PERSONAL}))) == (Choice.PROMPT, Why.STATE_IN_THE_PROMPT)


def test_a_prompt_that_is_good_enough_ends_it() -> None:
    assert why(replace(GOOD, prompted=HIGH, few_shot=HIGH)) == (Choice.PROMPT, Why.PROMPT_SUFFICES)


def test_few_shot_that_is_good_enough_ends_it() -> None:
    assert why(replace(GOOD, few_shot=HIGH)) == (Choice.FEW_SHOT, Why.FEW_SHOT_SUFFICES)


@pytest.mark.parametrize("spoilt", [{"contradictions": 40}, {"data_errors": 1}])
def test_poor_data_is_mended_first(spoilt: dict[str, int]) -> None:
    assert why(replace(GOOD, **spoilt)) == (Choice.MEND_DATA, Why.POOR_DATA)


def test_few_examples_go_into_the_prompt() -> None:
    assert why(replace(GOOD, examples=60)) == (Choice.FEW_SHOT, Why.TOO_FEW_EXAMPLES)


def test_without_a_measurement_few_shot_comes_first() -> None:
    assert why(replace(GOOD, prompted=None, few_shot=None)) == (Choice.FEW_SHOT, Why.NOT_MEASURED)


def test_without_a_reason_a_prompt_is_enough() -> None:
    assert why(replace(GOOD, goals=frozenset())) == (Choice.PROMPT, Why.NO_REASON)


def test_shorter_prompts_lead_to_tuning_only_where_the_calls_repay_it() -> None:
    shorter = replace(GOOD, goals=frozenset({Goal.SHORTER}), training=Decimal(5), repaid_from=10_000)

    assert why(replace(shorter, calls_a_month=20_000)) == (Choice.TUNE, Why.SHORTER)
    assert why(replace(shorter, calls_a_month=5_000)) == (Choice.FEW_SHOT, Why.NEVER_REPAID)
    assert why(shorter) == (Choice.FEW_SHOT, Why.NEVER_REPAID)


def test_a_prompt_that_suffices_is_still_replaced_where_shorter_prompts_repay_the_tuning() -> None:
    facts = replace(
        GOOD,
        goals=frozenset({Goal.SHORTER}),
        prompted=HIGH,
        training=Decimal(5),
        repaid_from=10_000,
        calls_a_month=20_000,
    )

    assert why(facts) == (Choice.TUNE, Why.REPAID)
    assert Why.PROMPT_SUFFICES in {reason.why for reason in advise(facts).reasons}


def test_a_tune_that_costs_more_a_call_is_never_repaid() -> None:
    facts = replace(GOOD, goals=frozenset({Goal.SHORTER}), training=Decimal(5), repaid_from=None, calls_a_month=10**9)

    assert why(facts) == (Choice.FEW_SHOT, Why.NEVER_REPAID)


@pytest.mark.parametrize(
    ("unknown", "named"),
    [
        ({"tuned_call": None}, "a tuned call"),
        (
            {"few_shot_call": None, "training": None},
            "a few-shot call (--base names the model that you would prompt), the training",
        ),
        ({"hosting": None}, "the machines"),
    ],
)
def test_where_a_price_is_unknown_it_is_not_said_that_tuning_is_never_repaid(
    unknown: dict[str, None], named: str
) -> None:
    shorter = replace(GOOD, goals=frozenset({Goal.SHORTER}), calls_a_month=10**9, **unknown)

    assert why(shorter) == (Choice.FEW_SHOT, Why.UNPRICED)
    assert f"no price is known of {named}." in advise(shorter).reasons[0].sentence
    narrow = advise(replace(shorter, goals=frozenset({Goal.NARROW})))
    assert narrow.choice is Choice.TUNE
    assert Why.UNPRICED in {reason.why for reason in narrow.reasons}


def test_machines_of_ones_own_are_part_of_what_has_to_be_repaid() -> None:
    facts = replace(GOOD, hosting=Decimal(840), repaid_from=900_000, calls_a_month=5)

    assert "repays the tuning and its machines only from 900,000" in advise(facts).reasons[-1].sentence


def test_what_was_measured_and_fell_short_is_said_with_its_interval() -> None:
    [reason] = [reason for reason in advise(GOOD).reasons if reason.why is Why.FELL_SHORT]

    assert reason.sentence == (
        "Measured on held-out examples: a prompt 0.30 (0.20 to 0.40), few-shot 0.30 (0.20 to 0.40); 0.90 is needed."
    )
    assert Why.FELL_SHORT not in {reason.why for reason in advise(replace(GOOD, few_shot=HIGH)).reasons}


def test_a_call_costs_more_with_passages_than_with_a_prompt_and_less_where_the_documents_are_short(
    tmp_path: Path,
) -> None:
    (tmp_path / "policy.md").write_text("A refund takes five days.\n")
    examples = examples_of(lines(tmp_path / "data.jsonl", pairs(30)))
    book = PriceBook.load()
    mini, haiku = book.model("gpt-4.1-mini-2025-04-14"), book.model("claude-haiku-4-5")

    def costs(documents: Path | None, tuned: ModelPrice = mini) -> CallCosts:
        return call_costs.of(
            examples, system="Answer.", shots=examples[:4], tuned=tuned, untuned=haiku, documents=documents
        )

    full, short = costs(None), costs(tmp_path)
    assert full.retrieval is not None
    assert short.retrieval is not None
    assert short.prompted is not None
    assert short.prompted <= short.retrieval < full.retrieval
    assert costs(None, book.model("google/gemma3@gemma-3-27b-it")).tuned == 0


def test_a_base_that_retires_soon_is_said() -> None:
    reasons = advise(replace(GOOD, base_days_left=51)).reasons

    assert any(reason.why is Why.BASE_RETIRES_SOON and "51 days" in reason.sentence for reason in reasons)
    assert Why.BASE_RETIRES_SOON not in {reason.why for reason in advise(replace(GOOD, base_days_left=400)).reasons}


def test_every_reason_is_reached_by_a_test_above() -> None:
    """A new reason without a case shows here."""
    cases = [
        GOOD,
        replace(
            GOOD,
            goals=frozenset(Goal) - {Goal.KNOWLEDGE},
            training=Decimal(1),
            repaid_from=5,
            calls_a_month=9,
            base_days_left=3,
        ),
        replace(GOOD, goals=frozenset({Goal.KNOWLEDGE})),
        replace(GOOD, prompted=HIGH),
        replace(GOOD, few_shot=HIGH),
        replace(GOOD, data_errors=1),
        replace(GOOD, examples=3),
        replace(GOOD, goals=frozenset({Goal.SHORTER})),
        replace(GOOD, goals=frozenset({Goal.SHORTER}), tuned_call=None),
        replace(GOOD, goals=frozenset()),
        replace(GOOD, prompted=None, few_shot=None),
    ]

    assert {reason.why for facts in cases for reason in advise(facts).reasons} == set(Why)
