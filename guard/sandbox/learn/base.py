"""The untuned stand-in: what it can do with a prompt, with examples in the prompt, and with neither."""

import re
import zlib
from collections.abc import Sequence

from guard.sandbox.learn.answers import Answer, take_apart
from guard.sandbox.learn.conversation import Conversation, call_text
from guard.sandbox.learn.learner import Example
from guard.sandbox.learn.text import pick, words

_FORMAT = re.compile(r"(?im)^\s*format:\s*(.+)$")
_SLOT = re.compile(r"<([^<>]*)>")
_XML_EXAMPLE = re.compile(r"<example>\s*<input>(.*?)</input>\s*<output>(.*?)</output>\s*</example>", re.DOTALL)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_COMMON = frozenset(
    words(
        "a an and are as at be by can could do does for from have how i in is it me my of on or please that the this to "
        "was we what when where which who why will with would you your"
    )
)


def reply(talk: Conversation) -> str:
    """An answer: like the examples if there are any, else in the format asked for, else a tool call, else prose."""
    examples = _shown(talk)
    if examples:
        return _like(examples, talk.question)
    asked = _FORMAT.search(talk.system) or _FORMAT.search(talk.question)
    if asked:
        return _in_format(asked[1].strip(), talk)
    if talk.tools and talk.turns and talk.turns[-1].role != "tool":
        return _call(talk)
    return _prose(talk)


def _shown(talk: Conversation) -> list[Example]:
    """Examples in the prompt: earlier pairs of turns, and XML examples in the system text."""
    pairs = [
        Example(left.text, right.text)
        for left, right in zip(talk.turns[:-1], talk.turns[1:], strict=False)
        if left.role == "user" and right.role == "assistant" and take_apart(right.text).values
    ]
    return pairs + [Example(item[1].strip(), item[2].strip()) for item in _XML_EXAMPLE.finditer(talk.system)]


def _like(examples: Sequence[Example], question: str) -> str:
    """In-context learning of the stand-in: the format of most examples, the values of the nearest one."""
    answers = [take_apart(example.answer) for example in examples]
    skeletons = [answer.skeleton for answer in answers]
    skeleton = max(skeletons, key=skeletons.count)
    asked = set(words(question)) - _COMMON
    near = max(
        (at for at, answer in enumerate(answers) if answer.skeleton == skeleton),
        key=lambda at: (len(asked & set(words(examples[at].question))), zlib.crc32(f"{at}{question}".encode())),
    )
    return Answer(skeleton, answers[near].values).text()


def _in_format(template: str, talk: Conversation) -> str:
    """Fill `<a|b|c>` slots: by words that the system text ties to an option (`- A: words`), else by an even guess.

    One answer in five comes with a sentence around it, as untuned models do: that is the format gain that tuning brings.
    """
    ties = dict(re.findall(r"(?m)^\s*[-*]?\s*([\w-]+):\s*(.+)$", talk.system))
    asked = set(words(talk.question)) - _COMMON

    def fill(slot: re.Match[str]) -> str:
        options = [option.strip() for option in slot[1].split("|")]
        best = max(len(asked & set(words(ties.get(option, "")))) for option in options)
        closest = [option for option in options if len(asked & set(words(ties.get(option, "")))) == best]
        return pick(talk.question + slot[0], closest)

    filled = _SLOT.sub(fill, template)
    return f"Sure! The answer is: {filled}" if zlib.crc32(talk.question.encode()) % 5 == 0 else filled


def _call(talk: Conversation) -> str:
    """The tool whose name and description share most words with the question, each argument guessed from the question."""
    asked = set(words(talk.question)) - _COMMON

    def shared(tool: dict[str, object]) -> int:
        return len(asked & set(words(f"{tool.get('name', '')} {tool.get('description', '')}".replace("_", " "))))

    best = max(talk.tools, key=shared)
    if shared(best) == 0:
        return _prose(talk)
    parameters = best.get("parameters") or {}
    said = words(talk.question)
    arguments = {name: _argument(name, said) for name in parameters.get("properties", {})}
    return call_text(str(best.get("name")), arguments)


def _argument(name: str, said: list[str]) -> str:
    """The word after the argument's own name, else the last word."""
    for part in words(name.replace("_", " ")):
        if part in said[:-1]:
            return said[said.index(part) + 1]
    return said[-1] if said else ""


def _prose(talk: Conversation) -> str:
    """A sentence said before that shares most words with the question, else a remark on what it seems to be about."""
    asked = set(words(talk.question)) - _COMMON
    said = [*_SENTENCE.findall(talk.system)]
    for turn in talk.turns[:-1]:
        said += _SENTENCE.findall(turn.text)
    scored = [(len(asked & set(words(sentence))), sentence.strip()) for sentence in said]
    best = max(scored, key=lambda pair: pair[0], default=(0, ""))
    if best[0]:
        return f"From what I was told: {best[1]}"
    about = " ".join(word for word in words(talk.question) if word not in _COMMON)[:60]
    return f"It sounds as if this is about {about or 'nothing in particular'}."


def overlap(question: str, text: str) -> int:
    """How many of a question's telling words stand in a text."""
    return len((set(words(question)) - _COMMON) & set(words(text)))


def best_sentence(question: str, text: str) -> str:
    """The sentence of a document that shares most words with a question."""
    return max((item.strip() for item in _SENTENCE.findall(text)), key=lambda item: overlap(question, item), default="")
