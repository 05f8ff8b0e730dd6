"""Learning how long to wait, from an endpoint's own past and the fleet's: `decide`, and the states that it reads. Pure."""

from guard.core.learn.book import Book, Use, new_book
from guard.core.learn.decision import WORST_CASE, LearnedWait, decide, wait_seconds
from guard.core.learn.endpoint import EndpointState, still_silent, used
from guard.core.learn.fleet import FleetLaw, FleetState, Tally, new_fleet
from guard.core.learn.reading import book_of, uses_of_day, watched_until

__all__ = [
    "WORST_CASE",
    "Book",
    "EndpointState",
    "FleetLaw",
    "FleetState",
    "LearnedWait",
    "Tally",
    "Use",
    "book_of",
    "decide",
    "new_book",
    "new_fleet",
    "still_silent",
    "used",
    "uses_of_day",
    "wait_seconds",
    "watched_until",
]
