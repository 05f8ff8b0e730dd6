"""The change to guard.yaml that "use this wait" means, as a diff to read and make by hand: nothing here writes the file. Pure.

Only the policy's own lines are shown: others may hold addresses that are nobody's business.
"""

from __future__ import annotations

import copy
import difflib
import io
import re
from typing import Any

from guard.core.rules import Policy

WAIT = re.compile(r"(?<![\w.])wait:\s*(\"[^\"]*\"|'[^']*'|[^,}#\s]+)")
CONTEXT = 2


def change_to(policy: Policy, wait: str, now: str, text: str | None) -> dict[str, Any]:
    """What has to change for a policy to wait so.

    `diff` is a unified diff of the policy's lines; None where the change cannot be shown surely (an anchor, a merge, a file that is
    not here): then `sentence` says what to write. `needs` says what the wait cannot do without.
    """
    return {
        "policy": policy.name,
        "wait": wait,
        "from": now,
        "same": wait == now,
        "sentence": f"{policy.line}: policies[{policy.name}].wait: write {wait} in place of {now}.",
        "needs": _needs(policy, wait),
        "diff": _diff(policy, wait, text) if text is not None and wait != now else None,
    }


def _needs(policy: Policy, wait: str) -> str:
    """What the wait cannot do without."""
    if policy.if_wrong is None and wait in {"auto", "break_even"}:
        return "It needs an if_wrong class: what a wrong removal costs."
    if wait == "auto":
        return f"A learned wait acts only once somebody has accepted its backtest: tuneguard backtest --accept {policy.name}"
    return ""


def _diff(policy: Policy, wait: str, text: str) -> str | None:
    before = text.splitlines()
    start = policy.line.line - 1
    if not 0 <= start < len(before):
        return None
    end = _end(before, start)
    block = _changed(before[start:end], wait)
    if block is None or not _means(before, [*before[:start], *block, *before[end:]], policy.name, wait):
        return None
    lines = list(difflib.unified_diff(before[start:end], block, "guard.yaml", "guard.yaml", n=CONTEXT, lineterm=""))
    return "\n".join([*lines[:2], *(_numbered(line, start) for line in lines[2:])]) + "\n"


def _numbered(line: str, start: int) -> str:
    """A hunk's heading counts from the file's first line."""
    return re.sub(r"(?<=[-+])(\d+)", lambda found: str(int(found[1]) + start), line) if line.startswith("@@") else line


def _end(lines: list[str], start: int) -> int:
    """The line after the policy's last one: where its list goes on, or ends."""
    dash = len(lines[start]) - len(lines[start].lstrip())
    for number in range(start + 1, len(lines)):
        line = lines[number].lstrip()
        if line and not line.startswith("#") and len(lines[number]) - len(line) <= dash:
            return number
    return len(lines)


def _changed(block: list[str], wait: str) -> list[str] | None:
    """The policy's lines with another wait: in place of its own, or added behind its name."""
    keys = len(block[0]) - len(block[0].lstrip().removeprefix("-").lstrip())
    for number, line in enumerate(block):
        indent = len(line) - len(line.lstrip())
        own = number == 0 or indent == keys or block[0].lstrip().removeprefix("-").lstrip().startswith("{")
        if own and "do:" not in line.partition("wait:")[0] and WAIT.search(line):
            return [*block[:number], WAIT.sub(f"wait: {wait}", line, count=1), *block[number + 1 :]]
    body = block[0].lstrip().removeprefix("-").lstrip()
    if body.startswith("{"):
        place = block[0].index("{") + 1
        return [f"{block[0][:place]}wait: {wait}, {block[0][place:].lstrip()}", *block[1:]]
    return [block[0], f"{' ' * keys}wait: {wait}", *block[1:]] if ":" in body else None


def _means(before: list[str], after: list[str], policy: str, wait: str) -> bool:
    """True where the changed file says the same as before but for this policy's wait. Text is not trusted, what it means is."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        old, new = (YAML(typ="safe").load(io.StringIO("\n".join(lines) + "\n")) for lines in (before, after))
    except YAMLError:
        return False
    wanted = copy.deepcopy(old)
    for one in wanted.get("policies", ()):
        if one.get("name") == policy:
            one["wait"] = wait
    return bool(wanted == new)
