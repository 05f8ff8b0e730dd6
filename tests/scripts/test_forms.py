"""Every form of data is understood, what is written is read back the same, and what a target cannot say is said by name."""

import json
from pathlib import Path
from typing import Any

import pytest
from finetune.forms import claude, gemini, openai
from finetune.forms.parse import parse
from finetune.model import Example, Place, Problem
from finetune.read import Row, read_rows
from hypothesis import given, settings
from hypothesis import strategies as st

PLACE = Place(file=Path("x.jsonl"), line=1)
TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "Weather", "parameters": {"type": "object", "properties": {}}},
}


def example(data: dict[str, Any]) -> Example:
    found = parse(Row(PLACE, data))
    assert isinstance(found, Example), found
    return found


def problem(data: dict[str, Any]) -> Problem:
    found = parse(Row(PLACE, data))
    assert isinstance(found, Problem), found
    return found


def said(data: dict[str, Any]) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in example(data).messages]


@pytest.mark.parametrize(
    "data",
    [
        {"input_text": "q", "output_text": "a"},
        {"messages": [{"author": "user", "content": "q"}, {"author": "bot", "content": "a"}]},
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "q"}]},
                {"role": "assistant", "content": "a"},
            ]
        },
        {"instruction": "q", "output": "a"},
        {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]},
        {"contents": [{"role": "user", "parts": [{"text": "q"}]}, {"role": "model", "parts": [{"text": "a"}]}]},
        {"prompt": "q", "completion": "a"},
        {
            "prompt": [{"role": "user", "content": "q"}],
            "completion": [{"role": "assistant", "content": "a"}],
            "label": True,
        },
    ],
)
def test_the_same_talk_in_any_form_is_the_same_example(data: dict[str, Any]) -> None:
    assert said(data) == [("user", "q"), ("assistant", "a")]


def test_alpaca_joins_instruction_and_input_and_keeps_system_and_history() -> None:
    data = {
        "instruction": "Translate",
        "input": "hola",
        "output": "hello",
        "system": "Be brief",
        "history": [["hi", "hey"]],
    }

    assert said(data) == [
        ("system", "Be brief"),
        ("user", "hi"),
        ("assistant", "hey"),
        ("user", "Translate\nhola"),
        ("assistant", "hello"),
    ]


def test_sharegpt_tool_calls_become_calls_whose_answers_name_them() -> None:
    found = example(
        {
            "conversations": [
                {"from": "human", "value": "Weather?"},
                {"from": "function_call", "value": '{"name": "weather", "arguments": {"city": "Oslo"}}'},
                {"from": "observation", "value": '{"sky": "grey"}'},
                {"from": "gpt", "value": "Grey."},
            ],
            "tools": json.dumps([TOOL["function"]]),
        }
    )

    assert found.tools == (TOOL,)
    assert (found.messages[1].calls[0].name, json.loads(found.messages[1].calls[0].arguments)) == (
        "weather",
        {"city": "Oslo"},
    )
    assert found.messages[2].call_id == found.messages[1].calls[0].id


@pytest.mark.parametrize(
    "data",
    [
        {"prompt": "q", "chosen": "good", "rejected": "bad"},
        {
            "chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "good"}],
            "rejected": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "bad"}],
        },
        {
            "input": {"messages": [{"role": "user", "content": "q"}]},
            "preferred_output": [{"role": "assistant", "content": "good"}],
            "non_preferred_output": [{"role": "assistant", "content": "bad"}],
        },
    ],
)
def test_a_preference_in_any_form_is_the_same_example(data: dict[str, Any]) -> None:
    found = example(data)

    assert [message.text for message in found.messages] == ["q", "good"]
    assert [message.text for message in found.rejected] == ["bad"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"foo": 1}, "form-unknown"),
        ({"text": "once upon a time"}, "bare-text"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "role-unknown"),
        ({"messages": "hello"}, "content-type"),
        ({"messages": [{"role": "user", "content": {"a": 1}}]}, "content-type"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "part-unknown"),
        ({"messages": [{"role": "assistant", "content": "x", "weight": 0.5}]}, "weight"),
        ({"prompt": "q", "completion": "bad", "label": False}, "unpaired-negative"),
        ({"conversations": [{"from": "function_call", "value": "{"}]}, "tool-arguments"),
    ],
)
def test_a_row_that_is_none_says_what_it_is_not(data: dict[str, Any], code: str) -> None:
    assert problem(data).code == code


def full_talk() -> Example:
    return example(
        {
            "messages": [
                {"role": "system", "content": "Help."},
                {"role": "user", "content": "Weather in Oslo?"},
                {
                    "role": "assistant",
                    "tool_calls": [{"id": "call_1", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}],
                },
                {"role": "tool", "tool_call_id": "call_1", "content": '{"sky": "grey"}'},
                {"role": "assistant", "content": "Grey."},
            ],
            "tools": [TOOL],
        }
    )


@pytest.mark.parametrize("write", [openai.write, gemini.write, claude.write])
def test_a_talk_with_tools_survives_the_way_to_a_target_and_back(write: Any) -> None:
    before = full_talk()

    row, losses = write(before)
    after = example(row)

    assert losses == []
    assert after.tools == before.tools
    for left, right in zip(before.messages, after.messages, strict=True):
        assert (left.role, left.text, left.call_id) == (right.role, right.text, right.call_id)
        assert [(call.name, json.loads(call.arguments)) for call in left.calls] == [
            (call.name, json.loads(call.arguments)) for call in right.calls
        ]


TEXT = st.text(min_size=1, max_size=40).filter(lambda text: text.strip())
TALK = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3)


@given(talk=TALK, system=st.none() | TEXT)
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("write", [openai.write, openai.write_open, gemini.write, claude.write])
def test_any_text_survives_every_way(write: Any, talk: list[tuple[str, str]], system: str | None) -> None:
    messages = [{"role": "system", "content": system}] if system else []
    for question, answer in talk:
        messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    before = example({"messages": messages})

    row, losses = write(before)

    assert losses == []
    assert example(json.loads(json.dumps(row))).messages == before.messages


@pytest.mark.parametrize(
    ("write", "data", "lost"),
    [
        (
            openai.write_open,
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "tools": [TOOL]},
            "tools",
        ),
        (
            openai.write_open,
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "weight": 0}]},
            "weight",
        ),
        (
            gemini.write,
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "weight": 0}]},
            "weight",
        ),
        (gemini.write, {"prompt": "q", "chosen": "a", "rejected": "b"}, "rejected"),
        (claude.write, {"prompt": "q", "chosen": "a", "rejected": "b"}, "rejected"),
        (
            gemini.write,
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}],
                    },
                    {"role": "assistant", "content": "a cat"},
                ]
            },
            "image",
        ),
    ],
)
def test_what_a_target_cannot_express_is_named(write: Any, data: dict[str, Any], lost: str) -> None:
    _, losses = write(example(data))

    assert any(lost in loss for loss in losses)


def test_preference_pairs_become_openai_preference_rows() -> None:
    row, losses = openai.write(example({"prompt": "q", "chosen": "good", "rejected": "bad"}))

    assert losses == []
    assert example(row).rejected[0].text == "bad"


def test_the_shared_sets_are_understood_whole(shared_data: Path) -> None:
    for name, number in (("alpaca_en_demo.json", 999), ("glaive_toolcall_en_demo.json", 300)):
        found = [parse(row) for row in read_rows(shared_data / name) if isinstance(row, Row)]

        assert len(found) == number
        assert all(isinstance(item, Example) for item in found)


def test_the_shared_tool_calls_survive_the_way_to_openai_and_back(shared_data: Path) -> None:
    for row in read_rows(shared_data / "glaive_toolcall_en_demo.json"):
        assert isinstance(row, Row)
        before = example(row.data)

        assert example(openai.write(before)[0]).messages == before.messages
