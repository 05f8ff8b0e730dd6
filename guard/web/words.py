"""The desk as one person may use it: questions pass, words are checked, limited and written into the audit.

Pages and API get no other desk, so none of them can forget to ask whether somebody may. A method that takes `who` is a word;
its `who` is always the person who is signed in, whatever the caller gives. A word that is not listed in `ON_ONE_THING` is an
operator's.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast

from guard.core.access import Person, Role
from guard.ports.desk import Desk
from guard.ports.errors import Forbidden, GuardError, RateLimited, RetryLater
from guard.web.auditing import Auditing
from guard.web.limits import WORDS_PER_MINUTE, Limits

ON_ONE_THING = frozenset({"keep", "unkeep", "approve", "remove", "restore", "give_up_restore"})
"""Words that an owner may give, as long as they are on one thing, by its name, and the thing is the owner's own."""
ON_WHAT_IS_GONE = frozenset({"restore", "give_up_restore"})
WIDER = ("scope", "breaker", "widening", "cycle")
"""Arguments that make such a word reach further than the one thing."""

WORDS = frozenset(
    name
    for name, method in vars(Desk).items()
    if not name.startswith("_") and callable(method) and "who" in inspect.signature(method).parameters
)
QUESTIONS = frozenset(
    name for name, method in vars(Desk).items() if not name.startswith("_") and callable(method) and name not in WORDS
)


def desk_for(person: Person, desk: Desk, auditing: Auditing, limits: Limits) -> Desk:
    """The desk for one person. A word raises Forbidden or RateLimited where they may not give it, or not so often."""
    return cast("Desk", _PersonsDesk(person, desk, auditing, limits))


class _PersonsDesk:
    def __init__(self, person: Person, desk: Desk, auditing: Auditing, limits: Limits) -> None:
        self._person = person
        self._desk = desk
        self._auditing = auditing
        self._limits = limits

    def __getattr__(self, name: str) -> Any:
        if name in WORDS:
            return lambda *arguments, **options: self._word(name, arguments, options)
        if name in QUESTIONS:
            return getattr(self._desk, name)
        raise AttributeError(f"the desk has no {name!r}")

    def speaker(self, _given: str | None) -> str:
        """Whoever is signed in, and nobody else."""
        return self._person.name

    def close(self) -> None:
        """Whoever opened the desk closes it."""

    def _word(self, name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        method: Callable[..., Any] = getattr(self._desk, name)
        options["who"] = self._person.name
        given = inspect.signature(getattr(Desk, name)).bind(self._desk, *arguments, **options).arguments
        if given.get("dry_run"):
            return method(*arguments, **options)
        person = self._person
        subject = self._allow(name, given)
        if not self._limits.may_speak(f"{person.name} {person.via}"):
            raise RateLimited(
                f"{person.name} said more than {WORDS_PER_MINUTE} things in a minute; this one was not taken.",
                hint="Wait a minute, then say it again.",
            )
        entry = self._auditing.asked(
            who=person.name,
            via=person.via,
            what=name,
            subject=subject,
            why=str(given.get("why") or ""),
            detail=_detail(given),
        )
        try:
            answer = method(*arguments, **options)
        except RetryLater as error:
            self._auditing.came_of_it(entry, "failed", error.message)
            raise
        except GuardError as error:
            self._auditing.came_of_it(entry, "refused", error.message)
            raise
        except Exception as error:
            self._auditing.came_of_it(entry, "failed", type(error).__name__)
            raise
        self._auditing.came_of_it(entry, "done")
        return answer

    def _allow(self, name: str, given: Mapping[str, Any]) -> str:
        """Raise Forbidden where the person may not give this word; returns what it is about, empty for everything."""
        person = self._person
        if person.role is Role.VIEWER:
            raise _forbidden(person, "give words; a viewer reads.", "an operator or the thing's owner")
        wanted = given.get("name")
        is_wide = name not in ON_ONE_THING or wanted is None or any(given.get(option) for option in WIDER)
        if is_wide:
            if person.role is not Role.OPERATOR:
                raise _forbidden(person, f"say `{name}` of more than one thing of their own.", "an operator")
            return "" if wanted is None else str(wanted)
        # A restore looks for its name among what was removed: the owner who is asked for has to be that thing's.
        thing = self._desk.find(str(wanted), removed=name in ON_WHAT_IS_GONE)
        owner = thing.get("owner")
        if not person.may_speak_on(owner):
            whose = f"which is {owner}'s" if owner else "whose owner is not known"
            raise _forbidden(
                person, f"say `{name}` of {thing.get('name') or wanted}, {whose}.", "its owner or an operator"
            )
        return str(thing["subject"])


def _forbidden(person: Person, what: str, who: str) -> Forbidden:
    return Forbidden(
        f"{person.name} is signed in as {person.role.value} and may not {what} Nothing was done.",
        hint=f"Ask {who}; roles stand under `web:` in guard.yaml.",
    )


def _detail(given: Mapping[str, Any]) -> str:
    """What else the word says, for the audit."""
    left = {"self", "name", "who", "why"}
    said = [f"{key}={value}" for key, value in given.items() if key not in left and value not in {None, False, ""}]
    return " ".join(said)
