"""Values that stand in the question: learn the words they follow, and copy what follows those words."""

import json
from collections import Counter
from collections.abc import Sequence

from guard.sandbox.learn.text import words

START = "^"


class Copier:
    """Learns, for one hole, which words come right before the value in the question."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._before: Counter[str] = Counter()
        self._lengths: Counter[int] = Counter()
        self._quoted = all(value.startswith('"') for _, value in pairs)
        for question, value in pairs:
            found, sought = words(question), words(value)
            at = _find(found, sought)
            if at is not None:
                self._before[found[at - 1] if at else START] += 1
                self._lengths[len(sought)] += 1

    @staticmethod
    def fits(pairs: Sequence[tuple[str, str]]) -> bool:
        """Whether most values stand in their questions."""
        held = sum(_find(words(question), words(value)) is not None for question, value in pairs)
        return len(pairs) > 0 and held >= 0.8 * len(pairs)

    def copy(self, question: str) -> str:
        """The words after the best-known left neighbour; as JSON text if the values were."""
        found = words(question)
        length = self._lengths.most_common(1)[0][0] if self._lengths else 1
        places = range(max(0, len(found) - length + 1))
        best = max(places, key=lambda at: (self._before[found[at - 1] if at else START], at), default=0)
        value = " ".join(found[best : best + length])
        cased = _as_written(question, value)
        return json.dumps(cased, ensure_ascii=False) if self._quoted else cased


def _find(found: list[str], sought: list[str]) -> int | None:
    if not sought:
        return None
    return next((at for at in range(len(found) - len(sought) + 1) if found[at : at + len(sought)] == sought), None)


def _as_written(question: str, value: str) -> str:
    at = question.lower().find(value)
    return question[at : at + len(value)] if at >= 0 else value
