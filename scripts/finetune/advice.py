"""Prompt, few-shot, retrieval or tuning? Pure: facts in, a choice with its reasons out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from finetune.evaluation.bootstrap import Interval

LEAST_EXAMPLES = 100
POOR_SHARE = 0.05  # of examples that contradict each other; beyond, a model learns a coin toss
SHORT_LIFE_DAYS = 90


class Goal(StrEnum):
    """What is wanted."""

    STYLE = "style"
    FORMAT = "format"
    DOMAIN = "domain"
    NARROW = "narrow"
    SHORTER = "shorter"
    KNOWLEDGE = "knowledge"
    PERSONAL = "personal"


MEANING = {
    Goal.STYLE: "a style or tone of its own",
    Goal.FORMAT: "answers in a fixed format",
    Goal.DOMAIN: "language of a field or a house",
    Goal.NARROW: "one narrow task, done reliably",
    Goal.SHORTER: "shorter prompts: fewer tokens, less waiting",
    Goal.KNOWLEDGE: "knowledge that is new or changes",
    Goal.PERSONAL: "preferences and history of each user",
}
_FOR_TUNING = (Goal.STYLE, Goal.FORMAT, Goal.DOMAIN, Goal.NARROW, Goal.SHORTER)


class Choice(StrEnum):
    """What to do."""

    PROMPT = "prompt"
    FEW_SHOT = "few-shot"
    RETRIEVAL = "retrieval"
    TUNE = "tune"
    MEND_DATA = "mend the data first"


class Why(StrEnum):
    """Every reason and counter-reason; `Reason.sentence` says it with figures."""

    STYLE = "style"
    FORMAT = "format"
    DOMAIN = "domain"
    NARROW = "narrow"
    SHORTER = "shorter"
    REPAID = "repaid"
    FRESH_KNOWLEDGE = "fresh-knowledge"
    STATE_IN_THE_PROMPT = "state-in-the-prompt"
    PROMPT_SUFFICES = "prompt-suffices"
    FEW_SHOT_SUFFICES = "few-shot-suffices"
    POOR_DATA = "poor-data"
    TOO_FEW_EXAMPLES = "too-few-examples"
    NEVER_REPAID = "never-repaid"
    UNPRICED = "unpriced"
    FELL_SHORT = "fell-short"
    BASE_RETIRES_SOON = "base-retires-soon"
    NOT_MEASURED = "not-measured"
    NO_REASON = "no-reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason, for or against tuning."""

    why: Why
    speaks_for_tuning: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known. Amounts in USD; None means unknown, never 0. `good_enough` is the score that the task needs, 0 to 1.

    `retrieval_call` is a call with passages in the prompt; `hosting` a month of the machines that a tuned model needs, 0 where its
    calls are all that is billed. `repaid_from`: None if a price is missing, or if no number of calls ever repays the tuning.
    """

    goals: frozenset[Goal]
    examples: int
    contradictions: int
    data_errors: int
    good_enough: float
    prompted: Interval | None = None
    few_shot: Interval | None = None
    calls_a_month: int | None = None
    prompted_call: Decimal | None = None
    few_shot_call: Decimal | None = None
    retrieval_call: Decimal | None = None
    tuned_call: Decimal | None = None
    training: Decimal | None = None
    hosting: Decimal | None = None
    repaid_from: int | None = None
    base_days_left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to do and why, deciding reason first."""

    choice: Choice
    reasons: tuple[Reason, ...]


def advise(facts: Facts) -> Advice:
    """The first rule that applies decides; what else speaks for or against tuning follows it."""
    choice, decisive = _decide(facts)
    others = [
        reason for reason in (*_pros(facts), *_fell_short(facts), *_cons(facts)) if reason.why is not decisive.why
    ]
    return Advice(choice=choice, reasons=(decisive, *others))


def _decide(facts: Facts) -> tuple[Choice, Reason]:
    if Goal.KNOWLEDGE in facts.goals:
        return Choice.RETRIEVAL, _against(
            Why.FRESH_KNOWLEDGE,
            "Tuning does not teach facts reliably and cannot keep up with changes: look them up and put them into the prompt.",
        )
    if facts.goals == {Goal.PERSONAL}:
        return Choice.PROMPT, _against(
            Why.STATE_IN_THE_PROMPT,
            "Preferences, history and profile belong to the application, which puts them into the prompt (personalise.py).",
        )
    enough = _suffices(facts)
    if enough is not None:
        return (Choice.TUNE, _repaid(facts)) if _pays(facts) else enough
    if facts.data_errors or facts.contradictions > POOR_SHARE * max(1, facts.examples):
        return Choice.MEND_DATA, _poor(facts)
    if facts.examples < LEAST_EXAMPLES:
        return Choice.FEW_SHOT, _too_few(facts)
    pros = _pros(facts)
    if not pros:
        return Choice.PROMPT, _against(
            Why.NO_REASON,
            "None of the reasons for tuning was named: style, format, domain, narrow task, shorter prompts.",
        )
    if facts.prompted is None and facts.few_shot is None:
        return Choice.FEW_SHOT, _against(
            Why.NOT_MEASURED,
            "Nothing was measured yet: run advise.py with --base, so that prompt and few-shot are tried on held-out "
            "examples first.",
        )
    if facts.goals <= {Goal.SHORTER, Goal.PERSONAL} and not _repays(facts):
        return Choice.FEW_SHOT, _not_repaid(facts)
    return Choice.TUNE, pros[0]


def _suffices(facts: Facts) -> tuple[Choice, Reason] | None:
    """A prompt, else few-shot, that is good enough as measured."""
    tried = (
        (Choice.PROMPT, Why.PROMPT_SUFFICES, "A prompt", facts.prompted),
        (Choice.FEW_SHOT, Why.FEW_SHOT_SUFFICES, "Few-shot", facts.few_shot),
    )
    for choice, why, name, score in tried:
        if score is not None and score.value >= facts.good_enough:
            text = (
                f"{name} alone reaches {score.value:.2f} on held-out examples ({score.low:.2f} to "
                f"{score.high:.2f}); {facts.good_enough:.2f} is enough."
            )
            return choice, _against(why, text)
    return None


def _repays(facts: Facts) -> bool:
    """Whether a tune is repaid within a month of the calls expected."""
    return (
        facts.repaid_from is not None and facts.calls_a_month is not None and facts.calls_a_month >= facts.repaid_from
    )


def _pays(facts: Facts) -> bool:
    """Whether that alone is reason to tune: shorter prompts were asked for, and the data is good for it."""
    return Goal.SHORTER in facts.goals and facts.examples >= LEAST_EXAMPLES and not facts.data_errors and _repays(facts)


def _pros(facts: Facts) -> list[Reason]:
    return [
        Reason(why=Why(goal.value), speaks_for_tuning=True, sentence=f"Tuning is good at this: {MEANING[goal]}.")
        for goal in _FOR_TUNING
        if goal in facts.goals
    ] + ([_repaid(facts)] if _repays(facts) else [])


def _fell_short(facts: Facts) -> list[Reason]:
    """What was measured, where none of it is good enough."""
    tried = (("a prompt", facts.prompted), ("few-shot", facts.few_shot))
    scores = [
        f"{name} {score.value:.2f} ({score.low:.2f} to {score.high:.2f})" for name, score in tried if score is not None
    ]
    if not scores or _suffices(facts) is not None:
        return []
    text = f"Measured on held-out examples: {', '.join(scores)}; {facts.good_enough:.2f} is needed."
    return [Reason(why=Why.FELL_SHORT, speaks_for_tuning=True, sentence=text)]


def _cons(facts: Facts) -> list[Reason]:
    out = []
    enough = _suffices(facts)
    if enough is not None:
        out.append(enough[1])
    if facts.data_errors or facts.contradictions > POOR_SHARE * max(1, facts.examples):
        out.append(_poor(facts))
    if facts.examples < LEAST_EXAMPLES:
        out.append(_too_few(facts))
    if Goal.PERSONAL in facts.goals:
        out.append(
            _against(Why.STATE_IN_THE_PROMPT, "The personal part stays in the prompt whatever you do (personalise.py).")
        )
    if facts.calls_a_month is not None and not _repays(facts):
        out.append(_not_repaid(facts))
    if facts.base_days_left is not None and facts.base_days_left < SHORT_LIFE_DAYS:
        out.append(
            _against(
                Why.BASE_RETIRES_SOON,
                f"The base model is shut down in {facts.base_days_left} days, and every tune on it with it.",
            )
        )
    if facts.prompted is None and facts.few_shot is None:
        out.append(
            _against(
                Why.NOT_MEASURED, "Nothing was measured yet; --base measures prompt and few-shot on held-out examples."
            )
        )
    return out


def _against(why: Why, sentence: str) -> Reason:
    return Reason(why=why, speaks_for_tuning=False, sentence=sentence)


def _poor(facts: Facts) -> Reason:
    text = (
        f"{facts.data_errors} errors and {facts.contradictions} contradictions in {facts.examples} examples: a "
        "model learns them, too."
    )
    return _against(Why.POOR_DATA, text)


def _too_few(facts: Facts) -> Reason:
    text = (
        f"{facts.examples} examples; 100 to 200 good ones are the least that pays, thousands for serious work. "
        "Until then show them in the prompt."
    )
    return _against(Why.TOO_FEW_EXAMPLES, text)


def _repaid(facts: Facts) -> Reason:
    text = (
        f"From {facts.repaid_from:,} calls a month on the shorter prompt repays {_what_is_paid(facts)}; "
        f"{facts.calls_a_month:,} are expected."
    )
    return Reason(why=Why.REPAID, speaks_for_tuning=True, sentence=text)


def _what_is_paid(facts: Facts) -> str:
    return "the tuning and its machines" if facts.hosting else "the tuning"


def _not_repaid(facts: Facts) -> Reason:
    """Why shorter prompts do not repay the tuning, or why that cannot be said: an unknown price proves nothing."""
    needed = {
        "a few-shot call (--base names the model that you would prompt)": facts.few_shot_call,
        "a tuned call": facts.tuned_call,
        "the training": facts.training,
        "the machines": facts.hosting,
    }
    unknown = [name for name, amount in needed.items() if amount is None]
    if unknown:
        return _against(
            Why.UNPRICED,
            f"Whether shorter prompts repay the tuning cannot be said: no price is known of {', '.join(unknown)}.",
        )
    if facts.repaid_from is None:
        return _against(
            Why.NEVER_REPAID,
            "A call to the tuned model costs no less than a prompted one: shorter prompts never repay the tuning.",
        )
    expected = (
        "no number of calls was given" if facts.calls_a_month is None else f"{facts.calls_a_month:,} are expected"
    )
    return _against(
        Why.NEVER_REPAID,
        f"The shorter prompt repays {_what_is_paid(facts)} only from {facts.repaid_from:,} calls a month on; {expected}.",
    )
