"""Errors as an interface. No vendor exception crosses an adapter; each leaf says in one sentence what happened.

GuardError
|-- RetryLater                 the next cycle may succeed; nothing to do
|   |-- RateLimited            the platform said 429
|   |-- Unavailable            5xx, connection refused or cut
|   |-- TimedOut               no answer in time: for a call that changes something this means unknown, never failed
|   `-- LedgerBusy             the ledger is locked by another process
|-- NeedsPerson                somebody has to change something
|   |-- PermissionMissing      the platform said 403
|   |-- NotSignedIn            no credentials, or expired ones
|   |-- Forbidden              the person's role does not allow it (page and API)
|   |-- ConfigInvalid          guard.yaml or the environment is wrong
|   |   `-- NotUnderstood      what a person asked or said makes no sense as it is
|   |-- LedgerUnusable         unreachable, from a newer version, of another world, not adopted
|   |-- WorldMismatch          a sandbox was set and the target is real, or the other way round
|   `-- NotFoundByName         a name that a person gave resolves to nothing, or to several things
|-- Refused                    the platform refused a call that changes something, and nothing changed
|   |-- Gone                   404: it does not exist (any more)
|   |-- Busy                   in use, or another operation is running
|   `-- NoCapacity             no machines (restore, deploy)
`-- Malformed                  the platform's answer does not have the shape that it documents
"""

from __future__ import annotations


class GuardError(Exception):
    """Base of all errors of ours: a message for people, and what to do if anything."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class RetryLater(GuardError):  # noqa: N818  # the name says what to do
    """The next cycle may succeed."""


class RateLimited(RetryLater):
    """The platform asks to slow down (429)."""


class Unavailable(RetryLater):
    """The platform is not there or answers 5xx."""


class TimedOut(RetryLater):
    """No answer in time; what became of the call is unknown."""


class LedgerBusy(RetryLater):
    """The ledger is locked by another process."""


class NeedsPerson(GuardError):  # noqa: N818  # the name says what to do
    """Somebody has to change something first."""


class PermissionMissing(NeedsPerson):
    """The platform refused for lack of a permission (403)."""


class NotSignedIn(NeedsPerson):
    """There are no usable credentials."""


class Forbidden(NeedsPerson):
    """The role of the person who asks does not allow it."""


class ConfigInvalid(NeedsPerson):
    """guard.yaml or the environment is wrong."""


class NotUnderstood(ConfigInvalid):
    """What a person asked or said makes no sense as it is."""


class LedgerUnusable(NeedsPerson):
    """The ledger cannot be used as it is."""


class WorldMismatch(NeedsPerson):
    """A sandbox world and the real one were about to meet."""


class NotFoundByName(NeedsPerson):
    """A name that a person gave does not name exactly one thing."""


class Refused(GuardError):  # noqa: N818  # the platform's word
    """The platform refused; nothing changed."""


class Gone(Refused):
    """It does not exist (any more)."""


class Busy(Refused):
    """It is in use or another operation runs on it."""


class NoCapacity(Refused):
    """There are no machines of this kind here now."""


class Malformed(GuardError):  # noqa: N818  # the answer's state
    """An answer without its documented shape."""
