"""Scores, intervals and sentences of the comparison; replies that are kept are not asked for again."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from finetune.chat import Reply
from finetune.evaluation import bootstrap, measure, metrics, outcome, variants
from finetune.forms.parse import parse
from finetune.model import Example, Message, Place, ToolCall
from finetune.read import Row

from tests.scripts.writing import chat


def an_example(question: str, answer: str, **more: Any) -> Example:
    found = parse(Row(Place(file=Path("x"), line=1), chat(question, answer, **more)))
    assert isinstance(found, Example)
    return found


def a_reply(text: str, *calls: ToolCall) -> Reply:
    return Reply(text=text, calls=calls, input_tokens=10, output_tokens=2, seconds=0.1)


class Parrot:
    """A chat that answers from a table, and counts."""

    def __init__(self, answers: dict[str, str], *, fail_at: int | None = None) -> None:
        self.model = "gpt-parrot"
        self.asked = 0
        self._answers = answers
        self._fail_at = fail_at

    def ask(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> Reply:
        self.asked += 1
        if self.asked == self._fail_at:
            raise KeyboardInterrupt
        return a_reply(self._answers[messages[-1].text])


def test_scores_say_what_they_say() -> None:
    example = an_example("q", "queue=A; urgency=1")

    assert metrics.exact(example, a_reply("queue=A;  urgency=1\n")) == 1
    assert metrics.exact(example, a_reply("Sure: queue=A; urgency=1")) == 0
    assert metrics.contains(example, a_reply("Sure: queue=A; urgency=1")) == 1
    assert metrics.f1(example, a_reply("queue A")) == pytest.approx(2 * 2 / (4 + 2))
    shape = metrics.form(re.compile(r"queue=\w+; urgency=\d"), None)
    assert (shape(example, a_reply("queue=B; urgency=3")), shape(example, a_reply("B, 3"))) == (1, 0)


def test_json_answers_are_scored_by_schema_and_by_field() -> None:
    example = an_example("q", '{"city": "Oslo", "days": 3}')
    shape = metrics.form(None, {"type": "object", "required": ["city"], "properties": {"days": {"type": "integer"}}})

    assert metrics.fields(example, a_reply('{"city": "Oslo", "days": 4}')) == 0.5
    assert metrics.fields(example, a_reply("Oslo")) == 0
    assert shape(example, a_reply('{"city": "x", "days": 1}')) == 1
    assert shape(example, a_reply('{"city": "x", "days": "1"}')) == 0
    assert shape(example, a_reply("no json")) == 0


def test_tool_calls_are_right_by_meaning_and_not_by_spelling() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": 1, "b": 2}'}}
    row = {
        "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "tool_calls": [call]}],
        "tools": [{"name": "f"}],
    }
    example = parse(Row(Place(file=Path("x"), line=1), row))
    assert isinstance(example, Example)

    assert metrics.tools(example, a_reply("", ToolCall(id="z", name="f", arguments='{"b":2,"a":1}'))) == 1
    assert metrics.tools(example, a_reply("", ToolCall(id="z", name="f", arguments='{"b":3,"a":1}'))) == 0
    assert metrics.tools(example, a_reply("f(a=1, b=2)")) == 0
    assert metrics.tools(an_example("q", "plain"), a_reply("anything")) == 1


def test_the_scores_that_apply_are_chosen_by_the_data() -> None:
    short, long = [an_example("q", "yes")], [an_example("q", "a rather long answer in several words of prose")]

    assert set(metrics.choose(short, pattern=None, schema=None)) == {"exact", "contains"}
    assert set(metrics.choose(long, pattern=None, schema=None)) == {"exact", "f1", "chrf", "rouge"}


def test_overlap_scores_are_the_libraries_own() -> None:
    example = an_example("q", "the cat sat on the mat today")

    assert metrics.chrf(example, a_reply("the cat sat on the mat today")) == pytest.approx(1)
    assert metrics.rouge()(example, a_reply("the cat sat")) == pytest.approx(2 * 3 / 10)
    assert metrics.corpus_bleu([example], [a_reply("the cat sat on the mat today")]) == pytest.approx(100)


def test_an_interval_holds_the_mean_and_narrows_with_more_data() -> None:
    few, many = bootstrap.mean([0, 1] * 10), bootstrap.mean([0, 1] * 1000)

    assert few.low < few.value == 0.5 < few.high
    assert many.high - many.low < few.high - few.low
    assert bootstrap.mean([0, 1] * 10) == few


def test_a_paired_difference_is_sharper_than_two_means() -> None:
    base = [0.0, 1.0] * 50
    better = [0.2, 1.2] * 50
    gap = bootstrap.difference(better, base)

    assert gap.value == pytest.approx(0.2)
    assert gap.high - gap.low < 1e-9
    assert gap.proven
    assert not bootstrap.difference([0, 1, 0, 1], [1, 0, 1, 0]).proven


def test_kept_replies_are_not_asked_for_again_and_a_torn_line_is(tmp_path: Path) -> None:
    examples = [an_example(f"q{at}", "yes") for at in range(6)]
    answers = {f"q{at}": "yes" for at in range(6)}
    first = Parrot(answers, fail_at=4)
    with pytest.raises(KeyboardInterrupt):
        measure.ask_all(variants.base(first, None), examples, tmp_path, parallel=1, progress=lambda _done: None)
    [path] = tmp_path.iterdir()
    path.write_text(path.read_text() + '{"key": "torn')
    second = Parrot(answers)

    replies = measure.ask_all(variants.base(second, None), examples, tmp_path, parallel=1, progress=lambda _done: None)

    assert [reply.text for reply in replies] == ["yes"] * 6
    assert second.asked == 3


def test_the_sentences_say_what_is_proven_and_what_is_not() -> None:
    examples = [an_example(f"q{at}", "yes") for at in range(40)]
    right, wrong = [a_reply("yes")] * 40, [a_reply("no")] * 40
    asked = [(variants.base(Parrot({}), None), wrong), (variants.tuned(Parrot({}), None), right)]

    found = outcome.judge(examples, asked, {"exact": metrics.exact}, seed=1)

    assert found.sentences() == ["tuned is better than base: exact +1.00 (95 % interval +1.00 to +1.00)."]
    same = outcome.judge(
        examples[:8],
        [(variants.base(Parrot({}), None), wrong[:8]), (variants.tuned(Parrot({}), None), wrong[:8])],
        {"exact": metrics.exact},
        seed=1,
    )
    assert same.sentences()[0].startswith("No difference between tuned and base is proven")
    assert "Only 8 examples" in same.sentences()[1]


def test_few_shot_examples_show_every_answer_before_any_comes_twice() -> None:
    pool = [an_example(f"question {at}", f"label {at % 4}") for at in range(80)]

    drawn = variants.draw(pool, 8, seed=1)

    assert sorted(example.output for example in drawn) == sorted(f"label {at % 4}" for at in range(8))
    assert variants.draw(pool, 8, seed=1) == drawn


def test_variants_put_system_and_examples_before_the_question() -> None:
    shot, asked = an_example("q1", "a1"), an_example("q2", "a2")

    assert [message.text for message in variants.few_shot(Parrot({}), None, "S", [shot]).messages(asked)] == [
        "S",
        "q1",
        "a1",
        "q2",
    ]
    assert [message.text for message in variants.prompted(Parrot({}), None, "S").messages(asked)] == ["S", "q2"]
    assert [message.text for message in variants.base(Parrot({}), None).messages(asked)] == ["q2"]
