"""guard.yaml as the stack sees it: a text to deliver, whose budgets must be the stack's."""

import re
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from infra.reader import SettingsError
from infra.settings import HOME_VARIABLES, Settings
from infra.specs import exact_amount

BUDGET_NAME = "project"
"""The stack's budget under `budgets:` of guard.yaml, as `tuneguard init --from-stack` writes it."""
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""How guard.yaml names a variable of the environment."""


def read(settings: Settings, folder: Path) -> str:
    """The text of the guard.yaml that the daemon gets, or "" where none is configured.

    A budget is defined in the stack and only copied into guard.yaml, so two different amounts are an error, not a choice.
    A channel whose variable the stack does not set would keep the daemon from starting.

    Raises:
        SettingsError: The file is missing, is no YAML mapping, disagrees with the stack, or needs what the stack lacks.
    """
    if not settings.guard_config:
        return ""
    path = folder / settings.guard_config
    try:
        text = path.read_text(encoding="utf-8")
        document = YAML(typ="safe").load(StringIO(text))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise SettingsError(settings.stack, [f"guardConfig: {path.name} cannot be read: {error}"]) from error
    if not isinstance(document, dict):
        raise SettingsError(settings.stack, [f"guardConfig: {path.name}: found {document!r}; expected a mapping"])
    problems = [
        *_mode_problem(document, settings, path.name),
        *_budget_problem(document, settings, path.name),
        *_variable_problems(document, settings, path.name),
    ]
    if problems:
        raise SettingsError(settings.stack, problems)
    return text


def _mode_problem(document: dict[str, Any], settings: Settings, name: str) -> list[str]:
    mode = document.get("mode", "observe")
    if mode == "observe" or settings.mode != "observe":
        return []
    found = f"{name}: mode: found {mode!r} while the stack's identity may only observe; expected observe here, or more there."
    return [f"{found} Type: pulumi config set mode {mode}"]


def _budget_problem(document: dict[str, Any], settings: Settings, name: str) -> list[str]:
    budgets = document.get("budgets") or []
    for item in budgets if isinstance(budgets, list) else []:
        if not isinstance(item, dict) or item.get("name") != BUDGET_NAME:
            continue
        amount, _, currency = str(item.get("monthly", "")).partition(" ")
        wanted = settings.budget
        if wanted is None or (exact_amount(amount), currency or "USD") != (wanted.monthly, wanted.currency):
            stack = f"{_plain(wanted.monthly)} {wanted.currency}" if wanted else "no budget"
            found = (
                f"{name}: budgets[{BUDGET_NAME}].monthly: found {item.get('monthly')!r}; expected the stack's: {stack}."
            )
            return [f"{found} Type: pulumi config set --path budget.monthly AMOUNT, or take the entry out"]
    return []


def _variable_problems(document: dict[str, Any], settings: Settings, name: str) -> Iterator[str]:
    """Channels that read a variable which the daemon's home does not have."""
    channels = document.get("notify")
    given = {HOME_VARIABLES[key] for key in settings.secrets if key in HOME_VARIABLES}
    for channel, url in channels.items() if settings.home != "none" and isinstance(channels, dict) else ():
        for variable in sorted(set(_VARIABLE.findall(str(url))) - given):
            key = next((key for key, value in HOME_VARIABLES.items() if value == variable), None)
            remedy = (
                f"Type: pulumi config set --secret {key} VALUE"
                if key
                else f"A home knows {', '.join(HOME_VARIABLES.values())} only; write the address into the file"
            )
            yield (
                f"{name}: notify.{channel}: found ${{{variable}}}; expected a variable that the stack sets, or the daemon "
                f"does not start. {remedy}"
            )


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
