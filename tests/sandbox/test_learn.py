"""The stand-in learner is honest: data helps, shuffled answers teach the format only, too many epochs over-fit."""

import random
import sys
from pathlib import Path

import pytest

from guard.sandbox.learn import base
from guard.sandbox.learn.answers import take_apart
from guard.sandbox.learn.conversation import Conversation, Turn, call_of, training_example
from guard.sandbox.learn.learner import Example, Learner

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
from finetune.tickets import FORMAT, tickets

HELD_OUT = [Example(item.text, item.answer) for item in tickets(300, seed=999)]


def examples(number: int, seed: int = 1) -> list[Example]:
    return [Example(item.text, item.answer) for item in tickets(number, seed=seed)]


def trained(data: list[Example], *, epochs: int = 3, validation: list[Example] | None = None) -> Learner:
    learner = Learner(data, seed=1)
    learner.train(epochs=epochs, batch_size=max(1, len(data) // 250), rate_multiplier=1.0, validation=validation or ())
    return learner


def accuracy(learner: Learner) -> float:
    return sum(learner.answer(item.question) == item.answer for item in HELD_OUT) / len(HELD_OUT)


def prompted_base(question: str) -> str:
    return base.reply(Conversation(FORMAT, (Turn("user", question),)))


@pytest.fixture(scope="module")
def base_accuracy() -> float:
    return sum(prompted_base(item.question) == item.answer for item in HELD_OUT) / len(HELD_OUT)


def in_form(text: str) -> bool:
    return take_apart(text).skeleton == take_apart(HELD_OUT[0].answer).skeleton


def test_accuracy_on_held_out_data_rises_with_the_number_of_examples(base_accuracy: float) -> None:
    reached = [accuracy(trained(examples(number))) for number in (25, 100, 200, 400, 800)]

    assert reached == sorted(reached)
    assert reached[0] < 0.35
    assert reached[-1] > 0.85
    assert base_accuracy < 0.2


def test_with_shuffled_answers_the_format_stays_and_the_accuracy_is_the_bases(base_accuracy: float) -> None:
    data = examples(400)
    answers = [item.answer for item in data]
    random.Random(5).shuffle(answers)
    learner = trained([Example(item.question, answer) for item, answer in zip(data, answers, strict=True)])

    formed = sum(in_form(learner.answer(item.question)) for item in HELD_OUT) / len(HELD_OUT)
    base_formed = sum(in_form(prompted_base(item.question)) for item in HELD_OUT) / len(HELD_OUT)
    assert formed == 1 > base_formed
    assert accuracy(learner) == pytest.approx(base_accuracy, abs=0.06)


def test_with_too_many_epochs_the_validation_loss_rises_while_the_training_loss_falls() -> None:
    learner = trained(examples(200), epochs=20, validation=examples(60, seed=5))
    losses = [step.valid_loss for step in learner.steps if step.valid_loss is not None]
    best = losses.index(min(losses))

    assert 0 < best < 10
    assert losses[-1] > 1.5 * losses[best]
    assert learner.steps[-1].train_loss < learner.steps[len(learner.steps) // 20].train_loss


def test_the_same_data_and_seed_learn_the_same() -> None:
    left, right = trained(examples(100)), trained(examples(100))

    assert [left.answer(item.question) for item in HELD_OUT] == [right.answer(item.question) for item in HELD_OUT]


def test_an_earlier_epoch_answers_as_it_stood() -> None:
    learner = trained(examples(200), epochs=3)
    first = sum(learner.answer(item.question, 1) == item.answer for item in HELD_OUT)
    last = sum(learner.answer(item.question) == item.answer for item in HELD_OUT)

    assert first < last


def test_values_that_stand_in_the_question_are_copied() -> None:
    cities = ["Oslo", "Lima", "Cairo", "Quito", "Hanoi", "Accra", "Dakar", "Minsk", "Sofia", "Seoul", "Tunis", "Amman"]
    data = [
        Example(f"What is the weather in {city} today?", f'{{"tool": "weather", "arguments": {{"city": "{city}"}}}}')
        for city in cities
    ]
    learner = trained(data)

    assert call_of(learner.answer("What is the weather in Porto today?")) == ("weather", {"city": "Porto"})


def test_free_text_answers_with_the_nearest_example() -> None:
    data = [
        Example(f"Tell me about {word}", f"{word} is a long story with no label at all, told at length.")
        for word in ("owls", "tides", "bread", "glass")
    ]

    assert trained(data).answer("Please tell me about the tides") == data[1].answer


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": ["x", null]}',
        "queue=A; urgency=3",
        "yes",
        "A long sentence that is neither a label nor a pair, so it stays.",
        "",
    ],
)
def test_an_answer_taken_apart_is_the_same_when_put_together(text: str) -> None:
    whole = take_apart(text).text()

    assert whole == text


def test_the_base_follows_examples_in_the_prompt_and_descriptions_of_options() -> None:
    shots = (
        Turn("user", "apple pie"),
        Turn("assistant", "kind=fruit"),
        Turn("user", "iron bar"),
        Turn("assistant", "kind=metal"),
    )
    described = Conversation(
        "Format: <FOOD|TOOL>\n- FOOD: apple bread\n- TOOL: hammer saw", (Turn("user", "my hammer broke"),)
    )

    assert base.reply(Conversation("", (*shots, Turn("user", "an iron gate")))) == "kind=metal"
    assert "TOOL" in base.reply(described)
    assert "kind" not in base.reply(Conversation("", (Turn("user", "an iron gate"),)))


@pytest.mark.parametrize(
    "line",
    [
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]},
        {"contents": [{"role": "user", "parts": [{"text": "q"}]}, {"role": "model", "parts": [{"text": "a"}]}]},
        {"prompt": "q", "completion": "a"},
        {
            "input": {"messages": [{"role": "user", "content": "q"}]},
            "preferred_output": [{"role": "assistant", "content": "a"}],
        },
    ],
)
def test_a_line_of_any_uploaded_form_teaches_the_same(line: dict[str, object]) -> None:
    assert training_example(line) == Example("q", "a")
