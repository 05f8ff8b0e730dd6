"""Invented support tickets with an answer in a house format: the data of the tutorials, the demo and the tests.

The queues have code names that nothing in a ticket gives away, so a model must learn them, and the format is fixed
(`queue=COBALT; urgency=2`): a narrow task in house language, the kind that tuning is for.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

_QUEUES = {
    "AMBER": "invoice refund charge receipt payment card billing surcharge deposit statement tax discount",
    "COBALT": "password login account email verification captcha username profile passkey session lockout token",
    "JADE": "parcel courier delivery tracking customs warehouse shipment package driver doorstep pallet depot",
    "ONYX": "crash freeze error screen update bug glitch timeout firmware battery sensor reboot",
    "PEARL": "contract renewal upgrade subscription trial cancellation downgrade licence seat quota addon clause",
}
_OPENINGS = (
    "Hello,",
    "Hi there,",
    "Good morning,",
    "Dear team,",
    "Sorry to bother you,",
    "Quick question:",
    "Hey,",
    "To whom it may concern,",
)
_FRAMES = (
    "my {a} has been wrong since {when}",
    "I have a problem with the {a}",
    "could somebody look at the {a} and the {b}",
    "the {a} does not match the {b}",
    "something about my {a} is odd",
    "nobody could explain the {a} to me",
    "I was told to ask you about the {a}",
    "the {a} went missing {when}",
)
_DETAILS = (
    "I have tried twice.", "My colleague saw it as well.", "Nothing was changed on our side.", "It used to work.",
    "The phone line was busy.", "A friend recommended writing.", "We are a small workshop.", "The web page did not help.",
    "I am travelling at present.", "There are three of us here.", "My neighbour had the same.", "I kept all the papers.",
    "The first mail got no reply.", "It happened before lunch.", "I read the manual.", "This is my second message.",
    "Our school needs it.", "I am new here.", "The children noticed first.", "Rain is no excuse.",
)  # fmt: skip
_WHEN = ("Monday", "yesterday", "last week", "the weekend", "this morning", "March", "the move")
_URGENCY = {
    "1": ("No hurry.", "Whenever you find the time.", "It can wait.", "Just curious."),
    "2": (
        "Please answer this week.",
        "I would like to know soon.",
        "Let me know what to do.",
        "A reply would be nice.",
    ),
    "3": ("This is urgent!", "We are losing money.", "Everything stands still.", "I need this within the hour."),
}
SYSTEM = "Sort the ticket."
FORMAT = "Format: queue=<" + "|".join(_QUEUES) + ">; urgency=<1|2|3>"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a customer wrote and how the house files it."""

    text: str
    answer: str


def tickets(number: int, *, seed: int) -> list[Ticket]:
    """So many different tickets; the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311  # test data, not cryptography
    out: dict[str, Ticket] = {}
    while len(out) < number:
        queue = dice.choice(list(_QUEUES))
        urgency = dice.choice(list(_URGENCY))
        a, b = dice.sample(_QUEUES[queue].split(), 2)
        frame = dice.choice(_FRAMES).format(a=a, b=b, when=dice.choice(_WHEN))
        detail = dice.choice(_DETAILS)
        reference = f"Reference {dice.randrange(10_000, 99_999)}."
        text = f"{dice.choice(_OPENINGS)} {frame}. {detail} {reference} {dice.choice(_URGENCY[urgency])}"
        out[text] = Ticket(text, f"queue={queue}; urgency={urgency}")
    return list(out.values())
