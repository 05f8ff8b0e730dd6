"""How every script behaves at its edges: exit codes, errors without a traceback, results on stdout, progress on stderr."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import cyclopts
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from finetune.errors import FINE, INTERRUPTED, ProviderError, UserError

Output = Annotated[Literal["text", "json"], cyclopts.Parameter(help="For people or for programs.")]
_WIDE = 160  # where nobody looks at a terminal, tables are not folded
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else _WIDE)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def app(name: str, help_text: str) -> cyclopts.App:
    """A script's command-line interface."""
    return cyclopts.App(
        name=name,
        help=help_text,
        version_flags=[],
        result_action="return_value",
        console=out,
        suppress_keyboard_interrupt=False,  # `run` says what Ctrl-C means for the run
    )


def run(main: cyclopts.App) -> NoReturn:
    """Run a script and leave with its exit code; a wrong use or a provider's refusal is one message, not a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop from outside leaves the record as tidy as Ctrl-C
    try:
        result = main(exit_on_error=False, print_error=True)
    except cyclopts.CycloptsError:
        sys.exit(UserError.exit_code)
    except (UserError, ProviderError) as error:
        err.print(str(error), markup=False)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        err.print("Interrupted. Nothing is lost: run the same command again to go on from here.", markup=False)
        sys.stdout.flush()
        os._exit(
            INTERRUPTED
        )  # not sys.exit, which waits for calls that still run in threads; all that counts is on the disk
    except BrokenPipeError:
        sys.exit(FINE)
    sys.exit(result if isinstance(result, int) else FINE)


def plain(value: Any) -> Any:
    """A value as JSON types: money as text, instants in ISO 8601, paths as text."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def emit(output: Output, value: Any, text: Callable[[], None]) -> None:
    """Print the result: as one JSON document, or by `text`."""
    if output == "json":
        sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, indent=2) + "\n")
    else:
        text()


@contextmanager
def progress(title: str) -> Iterator[Callable[[str, float | None], None]]:
    """A line on stderr that shows what goes on; call it with a text and, where known, the share done (0 to 1)."""
    if not err.is_terminal:
        yield lambda _text, _share: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def show(text: str, share: float | None) -> None:
            bar.update(
                task, description=f"{title}: {text}", total=1 if share is not None else None, completed=share or 0
            )

        yield show


def confirm(question: str, *, yes: bool) -> bool:
    """Ask on a terminal; elsewhere only --yes counts as a yes."""
    if yes:
        return True
    if not sys.stdin.isatty():
        err.print(f"{question} Not done: add --yes to agree without being asked.", markup=False)
        return False
    return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}


def usd(amount: Decimal | None) -> str:
    """An amount for people: cents from a dollar up, else up to four telling digits, never fewer than two places;
    unknown is said.
    """
    if amount is None:
        return "unknown"
    if amount >= 1 or not amount:
        return f"${amount:,.2f}"
    places = max(2, 3 - amount.adjusted())
    whole, _, fraction = f"{amount:.{places}f}".partition(".")
    return f"${whole}.{fraction.rstrip('0'):0<2}"
