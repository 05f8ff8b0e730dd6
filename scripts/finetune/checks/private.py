"""Hints of secrets and personal data. A hint is masked before it is shown; none of it is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator

from finetune.model import Example, Problem

# Each pattern with the pieces of which one must be there for it to match: a plain look first makes a gigabyte bearable.
_SECRETS = {
    "an AWS access key": (("AKIA", "ASIA"), re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    "a Google API key": (("AIza",), re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),
    "an OpenAI or Anthropic key": (("sk-",), re.compile(r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}")),
    "a GitHub token": (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b")),
    "a Slack token": (("xox",), re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}")),
    "a private key": (("PRIVATE KEY",), re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----")),
    "a JSON web token": (("eyJ",), re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}")),
    "a password": (
        (":", "="),
        re.compile(r"(?i)\b(?:password|passwd|secret|api[_-]?key)\s*[:=]\s*[\"']?(?=\S*\d)\S{8,}"),
    ),
}
_PERSONAL = {
    "an e-mail address": (("@",), re.compile(r"\b[\w.+-]+@(?!example\.(?:com|org|net)\b)[\w-]+\.[\w.-]*[A-Za-z]\b")),
    "a phone number": (("+",), re.compile(r"(?<![\w.])\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,4}\d{2,4}(?!\w)")),
}
_NUMBERS = {
    "a payment card number": re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)"),
    "an IBAN": re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"),
    "a US social security number": re.compile(r"(?<!\d)(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?!\d)"),
}
_MANY_DIGITS = re.compile(r"(?:\d[ -]?){7}")  # the shortest run of digits in any of them


def problems(example: Example) -> Iterator[Problem]:
    """One hint of each kind per example, over all messages and tool arguments."""
    text = "\n".join(
        [message.text for message in example.messages]
        + [call.arguments for message in example.messages for call in message.calls]
    )
    for kind, (pieces, pattern) in _SECRETS.items():
        if any(piece in text for piece in pieces) and (found := pattern.search(text)):
            yield Problem(
                code="secret",
                place=example.place,
                message=f"looks like {kind}: {_masked(found.group())}",
                fix="remove it and revoke it; a model can repeat what it was trained on",
            )
    for kind, pattern in _personal(text):
        found = next((match for match in pattern.finditer(text) if _holds(kind, match.group())), None)
        if found:
            yield Problem(
                code="personal-data",
                place=example.place,
                message=f"looks like {kind}: {_masked(found.group())}",
                fix="replace it by an invented value, unless you may train on it",
            )


def _personal(text: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """The patterns that can match at all."""
    for kind, (pieces, pattern) in _PERSONAL.items():
        if any(piece in text for piece in pieces):
            yield kind, pattern
    if _MANY_DIGITS.search(text):
        yield from _NUMBERS.items()


def _masked(text: str) -> str:
    return f"{text[:4]}… ({len(text)} characters)"


def _holds(kind: str, text: str) -> bool:
    """A second look at kinds whose pattern alone catches too much: check digits of cards and IBANs."""
    if kind == "a payment card number":
        return _luhn([int(digit) for digit in text if digit.isdigit()])
    if kind == "an IBAN":
        code = text.replace(" ", "")
        number = "".join(str(int(letter, 36)) for letter in code[4:] + code[:4])
        return int(number) % 97 == 1
    return True


def _luhn(digits: list[int]) -> bool:
    doubled = [
        digit if at % 2 == 0 else (2 * digit - 9 if digit > 4 else 2 * digit)
        for at, digit in enumerate(reversed(digits))
    ]
    return sum(doubled) % 10 == 0 and len(set(digits)) > 1
