"""Which language is a text in? By py3langid, which ships its model in its wheel; texts too short to tell are not guessed at."""

from __future__ import annotations

SAMPLE = 2000  # examples looked at; the first ones, so that the answer does not depend on chance
SHORTEST = 40  # letters; below, the library guesses ("billing" is Danish to it)
UNKNOWN = "too short to tell"


def of(text: str) -> str:
    """The ISO 639-1 code of the text's language, or UNKNOWN."""
    if sum(letter.isalpha() for letter in text[:400]) < SHORTEST:
        return UNKNOWN
    import py3langid  # half a second at first use

    return str(py3langid.classify(text[:400])[0])
