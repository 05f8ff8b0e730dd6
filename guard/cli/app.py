"""The list of commands. Each is named by an import path and brings its own help line, so `--help` loads none of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Group, UnusedCliTokensError

FINE, FOUND, WRONG_USE, UNKNOWN = 0, 1, 2, 3
"""Exit codes: fine; found something; wrong use; could not find out."""

LOOK = Group.create_ordered("Look")
DECIDE = Group.create_ordered("Decide")
RUN = Group.create_ordered("Run")

COMMANDS: tuple[tuple[str, Group, str], ...] = (
    ("status", LOOK, "What bills, how long it has been silent, what the guard thinks; dearest first."),
    ("plan", LOOK, "What would happen now and next, and what blocks it."),
    ("explain", LOOK, "Why one thing goes or stays: money, silence, wait, policy, people told, undo."),
    ("history", LOOK, "What was decided and done, with evidence."),
    ("jobs", LOOK, "Tuning jobs with state, cost and what they left."),
    ("costs", LOOK, "Money: the rate now, the month to date, its forecast; by owner, team, project and more."),
    ("budgets", LOOK, "Spend budgets: spent, expected at the end of the month, thresholds crossed."),
    ("report", LOOK, "A month's money on one page: spend, idle, saved, budgets, retirements, unknown."),
    ("prices", LOOK, "What is paid an hour, from which source, how old it is, what is missing."),
    ("backtest", LOOK, "Replay waiting rules over the past: money, cold starts, the worst endpoints."),
    ("keep", DECIDE, "Say that something stays, until when and why."),
    ("unkeep", DECIDE, "End a keep."),
    ("approve", DECIDE, "Say yes to one planned act, a doubtful scope, a tripped breaker or a widening."),
    ("remove", DECIDE, "Ask for something to go now; the same rules apply."),
    ("restore", DECIDE, "Bring back what was removed."),
    ("pause", DECIDE, "Stop every act at once."),
    ("resume", DECIDE, "End a pause."),
    ("init", RUN, "Write a first guard.yaml."),
    ("config", RUN, "Check guard.yaml, show what is in force, print its schema."),
    ("doctor", RUN, "Check credentials, permissions, monitoring, money, ledger, bucket and notices."),
    ("run", RUN, "Run the guard: once, or as a daemon."),
    ("web", RUN, "The page and its API, for this machine or a team."),
    ("token", RUN, "Tokens with which machines use the API: create, list, revoke."),
    ("db", RUN, "The ledger: info, adopt, upgrade, verify, export."),
    ("sandbox", RUN, "A local cloud that speaks the real protocols."),
    ("demo", RUN, "Thirty simulated days of a forgetful fleet, no account needed."),
)

ON_THIS_MACHINE = frozenset({"backtest", "db", "demo", "doctor", "init", "run", "sandbox", "token", "web"})
"""Commands that need the ledger, the credentials or the files of the guard's machine; the others also work over the API."""

HELP = """Tuneguard watches deployed models that bill by the hour and removes the idle ones: never the wrong one, never
twice, always explained, reversible wherever the platform allows. It observes until told otherwise.

Begin with `tuneguard demo`, which needs no cloud account, or with `tuneguard init`."""


def make_app() -> App:
    """Make the application; no command is imported."""
    app = App(
        name="tuneguard",
        help=HELP,
        version=_version,
        help_epilogue="Exit codes: 0 fine, 1 found something, 2 wrong use, 3 could not find out.",
        help_format="markdown",
    )
    for name, group, line in COMMANDS:
        app.command(f"guard.cli.{name}:app", name=name, help=line, group=group)
    app.register_install_completion_command(
        help="Install completion for your shell; adds a line to its start-up file and says which.", group=RUN
    )
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; an error of ours is one message on stderr, no traceback."""
    from guard.ports.errors import GuardError

    app = make_app()
    elsewhere = _elsewhere(arguments)
    if elsewhere is not None:
        sys.stderr.write(f"tuneguard: {elsewhere}\n")
        return WRONG_USE
    try:
        result = app(list(arguments), exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as error:
        sys.stderr.write(f"tuneguard: {_misuse(error)}\n  {_help_of(arguments)}\n")
        return WRONG_USE
    except GuardError as error:
        _say(error)
        return code_of(error)
    except BrokenPipeError:
        return _nobody_reads()
    except SystemExit as leaving:
        # rich turns a broken pipe into an exit of its own.
        if isinstance(leaving.__context__, BrokenPipeError):
            return _nobody_reads()
        raise
    except KeyboardInterrupt:
        return 130
    return result if isinstance(result, int) and not isinstance(result, bool) else FINE


def _elsewhere(arguments: Sequence[str]) -> str | None:
    """Say why a command cannot answer for another machine; None where it can, or where only its help is asked for."""
    url = os.environ.get("TUNEGUARD_URL")
    name = next(iter(arguments), "")
    if not url or name not in ON_THIS_MACHINE or {"--help", "-h"} & set(arguments):
        return None
    return (
        f"`{name}` works on the guard's own machine only, and TUNEGUARD_URL names another one.\n"
        "  Run it there, or unset TUNEGUARD_URL to work on this machine."
    )


def _nobody_reads() -> int:
    """End quietly where the reader has seen enough (`tuneguard status | head`)."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  # until the process ends
    return FINE


def code_of(error: Exception) -> int:
    """Return the exit code of an error: what a person wrote is wrong use, what could not be reached is not known."""
    from guard.ports.errors import ConfigInvalid, NotFoundByName, Refused, WorldMismatch

    if isinstance(error, ConfigInvalid | NotFoundByName | WorldMismatch):
        return WRONG_USE
    return FOUND if isinstance(error, Refused) else UNKNOWN


def _misuse(error: CycloptsError) -> str:
    """What is wrong with a command line, in one sentence."""
    if isinstance(error, UnusedCliTokensError):
        found = " ".join(error.unused_tokens or ())
        return f"found {found!r}, which the command does not take."
    return str(error).strip()


def _help_of(arguments: Sequence[str]) -> str:
    """Where to look: the help of the command that was meant, if there is one of that name."""
    name = arguments[0] if arguments and arguments[0] in {command for command, _, _ in COMMANDS} else ""
    return f"`{' '.join(('tuneguard', *filter(None, [name])))} --help` shows what there is."


def _say(error: Exception) -> None:
    from guard.telemetry.logging import mask

    hint = getattr(error, "hint", "")
    sys.stderr.write(f"tuneguard: {mask(str(getattr(error, 'message', error)))}\n")
    if hint:
        sys.stderr.write(f"  {mask(hint)}\n")


def _version() -> str:
    from importlib.metadata import version

    return f"tuneguard {version('tuneguard')}"
