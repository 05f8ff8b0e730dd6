"""Read guard.yaml: YAML with positions, validated, environment filled in; every problem at once, each with its line."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from guard.config import web
from guard.config.build import Config, build
from guard.config.checks import Problem
from guard.config.problems import invalid, meant, position
from guard.config.schema import GuardFile
from guard.ports.errors import ConfigInvalid

LARGEST = 1_000_000
"""Bytes; a larger file is refused (the YAML reader takes seconds a megabyte)."""

DEFAULT_LEDGER = "sqlite:///tuneguard.db"

KNOWN_ENVIRONMENT = {
    "TUNEGUARD_CONFIG": "the guard.yaml to use, in place of ./guard.yaml",
    "TUNEGUARD_IDENTITY": "in a sandbox: as whom calls are made, an e-mail address",
    "TUNEGUARD_LEDGER": "URL of the ledger; wins over `ledger:` in guard.yaml",
    "TUNEGUARD_SANDBOX": "URL of a sandbox on this machine; nothing else is called then",
    "TUNEGUARD_SANDBOX_CA": "certificate (PEM) that a sandbox's TLS is checked against",
    "TUNEGUARD_SHARED": "tests only: a folder of data that the repository does not hold",
    "TUNEGUARD_TEST_POSTGRES": "tests only: URL of a PostgreSQL server",
    "TUNEGUARD_TOKEN": "token of the page and its API",
    "TUNEGUARD_URL": "address of the page and its API",
}
"""Every name that begins with TUNEGUARD_ and is read somewhere, with what it is for; others are slips and refused."""
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def load(path: Path, environment: Mapping[str, str] | None = None) -> Config:
    """Read and validate a file; raises ConfigInvalid with one line for each problem."""
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigInvalid(f"{path}: larger than {LARGEST:,} bytes; guard.yaml holds rules, not inventories.")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigInvalid(
            f"{path}: there is no such file.", hint="`tuneguard init` writes one; --config names another."
        ) from None
    except IsADirectoryError:
        raise ConfigInvalid(f"{path}: is a folder. Expected a file such as guard.yaml.") from None
    except UnicodeDecodeError as error:
        raise ConfigInvalid(f"{path}: is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from None
    except OSError as error:
        raise ConfigInvalid(f"{path}: cannot be read: {error.strerror}.") from None
    return parse(text, source=str(path), environment=os.environ if environment is None else environment)


def parse(text: str, *, source: str, environment: Mapping[str, str]) -> Config:
    """Validate a text; raises ConfigInvalid with one line for each problem."""
    _check_environment(environment, text)
    document = _yaml(text, source)
    try:
        file = GuardFile.model_validate(_plain(document))
    except ValidationError as error:
        raise invalid(source, document, meant(document, error.errors(include_url=False))) from None
    notify, problems = _channels(file, environment)
    door = web.filled(file.web, environment)
    problems += web.problems(door)
    if problems:
        raise invalid(source, document, problems)
    ledger = environment.get("TUNEGUARD_LEDGER") or file.ledger or DEFAULT_LEDGER
    result = build(file, source=source, line_of=lambda path: position(document, path)[0], ledger=ledger, notify=notify)
    if isinstance(result, list):
        raise invalid(source, document, result)
    lacking = web.missing(file.web, environment)
    refusal = invalid(source, document, lacking) if lacking else None
    return replace(result, web=web.settings_of(door), web_refusal=refusal)


def _check_environment(environment: Mapping[str, str], text: str) -> None:
    used = set(_VARIABLE.findall(text))
    for name in sorted(environment):
        if name.startswith("TUNEGUARD_") and name not in KNOWN_ENVIRONMENT and name not in used:
            raise ConfigInvalid(
                f"environment: found {name}, which nothing reads. Expected one of {', '.join(sorted(KNOWN_ENVIRONMENT))}.",
                hint="Correct or unset it.",
            )


def _yaml(text: str, source: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        document = YAML(typ="rt").load(io.StringIO(text))
    except DuplicateKeyError as error:
        mark = error.problem_mark
        where = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark else source
        key = re.search(r'duplicate key "([^"]+)"', str(error.problem or ""))
        raise ConfigInvalid(f"{where}: the key {key[1] if key else ''} stands twice. Take one out.") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark else source
        if "another document" in str(error.problem):
            raise ConfigInvalid(f"{where}: a second document begins here (---). Expected one.") from None
        raise ConfigInvalid(f"{where}: is no YAML: {error.problem or 'cannot be read'}.") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigInvalid(
            f"{source}:{line}: holds the character U+{error.character:04X}, which YAML forbids."
        ) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigInvalid(
            f"{source}: is no YAML: {str(error).splitlines()[0] if str(error) else 'too deep'}."
        ) from None
    if not isinstance(document, dict):
        found = (
            "an empty file"
            if document is None
            else "a list"
            if isinstance(document, list)
            else f"{str(document)[:40]!r}"
        )
        raise ConfigInvalid(f"{source}:1: found {found}. Expected keys such as mode:, projects:, policies:.")
    return document


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    return str(value)


def _channels(file: GuardFile, environment: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """Fill ${NAME} in notify from the environment; a missing one is a problem that names the variable."""
    channels: dict[str, str] = {}
    problems: list[Problem] = []
    for name, url in file.notify.items():
        missing = [variable for variable in _VARIABLE.findall(url) if variable not in environment]
        if missing:
            problems.append((("notify", name), f"needs ${{{missing[0]}}}, which is not in the environment. Set it"))
        channels[name] = _VARIABLE.sub(lambda found: environment.get(found[1], ""), url)
    return channels, problems
