"""The two ways a script stops without a traceback, and the exit codes every script shares."""

from __future__ import annotations

FINE = 0
FOUND_SOMETHING = 1
WRONG_USE = 2
COULD_NOT_FIND_OUT = 3
INTERRUPTED = 130  # what a shell reports for Ctrl-C; the run record makes it safe to continue


class UserError(Exception):
    """The input is wrong: where, what was found, what was expected, what to do. Exit code 2."""

    exit_code = WRONG_USE


class ProviderError(Exception):
    """The provider refused or could not be reached, and a person has to know. Exit code 3; nothing is half-recorded."""

    exit_code = COULD_NOT_FIND_OUT


class RefusedError(ProviderError):
    """The provider said no for a reason that is part of the ordinary course, such as an organisation that may no longer tune."""

    exit_code = FOUND_SOMETHING
