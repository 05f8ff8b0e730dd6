"""Train the stand-in on examples, epoch by epoch, with the curves that a real job reports; then answer."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guard.sandbox.learn.answers import Answer, take_apart
from guard.sandbox.learn.copying import Copier
from guard.sandbox.learn.head import Head, Weights
from guard.sandbox.learn.text import dense, features, words

MOST = 5000
"""Examples that the stand-in looks at; a real job reads them all."""
RATE = 6.0
"""Learning rate at a multiplier of 1: three epochs over a few hundred examples learn most of what there is."""
SHARPER = 1.15
"""By how much the stand-in grows surer an epoch: from about the sixth epoch on, the validation loss rises."""


@dataclass(frozen=True, slots=True)
class Example:
    """What was asked (the last user turn) and what should be said."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where training stood after one step; losses in nats, accuracies from 0 to 1, validation figures None without such data."""

    number: int
    epoch: int
    train_loss: float
    train_accuracy: float
    valid_loss: float | None
    valid_accuracy: float | None


class Learner:
    """A stand-in being trained, and afterwards the model: any epoch's state can answer, as a checkpoint."""

    def __init__(self, train: Sequence[Example], *, seed: int = 0) -> None:
        self._examples = list(train)[:MOST]
        self._answers = [take_apart(example.answer) for example in self._examples]
        self._rows = [features(example.question) for example in self._examples]
        self._random = np.random.default_rng(seed)
        self._heads: dict[tuple[str, int], Head] = {}
        self._copiers: dict[tuple[str, int], Copier] = {}
        self._members: dict[str, list[int]] = defaultdict(list)
        for at, answer in enumerate(self._answers):
            self._members[answer.skeleton].append(at)
        self._prose = len(self._members) > max(3, len(self._examples) // 3)
        if not self._prose:
            self._make_heads()
        self.epochs: list[dict[tuple[str, int], Weights]] = []
        self.steps: list[Step] = []

    def _make_heads(self) -> None:
        self._heads["", -1] = Head(list(self._members))
        for skeleton, members in self._members.items():
            for hole in range(len(self._answers[members[0]].values)):
                values = [self._answers[at].values[hole] for at in members]
                pairs = [(self._examples[at].question, value) for at, value in zip(members, values, strict=True)]
                if len(set(values)) > max(2, len(values) // 4) and Copier.fits(pairs):
                    self._copiers[skeleton, hole] = Copier(pairs)
                else:
                    self._heads[skeleton, hole] = Head(values)

    # -- training

    def train(
        self, *, epochs: int, batch_size: int, rate_multiplier: float, validation: Sequence[Example] = ()
    ) -> None:
        """Run the epochs; `steps` and `epochs` then hold the curve and a state an epoch."""
        held = list(validation)[:MOST]
        number = 0
        seen: list[tuple[float, float]] = []
        for epoch in range(1, epochs + 1):
            for head in self._heads.values():
                head.sharpness = SHARPER ** (epoch - 1)
            order = self._random.permutation(len(self._examples))
            for start in range(0, len(order), batch_size):
                batch = [int(at) for at in order[start : start + batch_size]]
                number += 1
                seen.append(self._measure([self._rows[at] for at in batch], [self._answers[at] for at in batch]))
                self._step(batch, RATE * rate_multiplier)
                last = start + batch_size >= len(order)
                if last or number % max(1, len(order) // batch_size // 8) == 0:
                    self._note(number, epoch, seen, held if last else ())
                    seen = []
            self.epochs.append({key: head.weights.copy() for key, head in self._heads.items()})

    def _step(self, batch: list[int], rate: float) -> None:
        rows = dense([self._rows[at] for at in batch])
        for (skeleton, hole), head in self._heads.items():
            inside = [place for place, at in enumerate(batch) if hole < 0 or self._answers[at].skeleton == skeleton]
            if inside:
                values = [self._value(self._answers[batch[place]], hole) for place in inside]
                head.step(rows[inside], head.targets(values), rate)

    @staticmethod
    def _value(answer: Answer, hole: int) -> str:
        return answer.skeleton if hole < 0 else answer.values[hole]

    def _note(
        self, number: int, epoch: int, seen: Sequence[tuple[float, float]], validation: Sequence[Example]
    ) -> None:
        """Write a point of the curve down; `seen` holds loss and accuracy of each batch since the last one, before its step."""
        train_loss, train_right = (float(np.mean([pair[side] for pair in seen])) for side in (0, 1))
        valid: tuple[float | None, float | None] = (None, None)
        if validation:
            valid = self._measure(
                [features(item.question) for item in validation], [take_apart(item.answer) for item in validation]
            )
        self.steps.append(
            Step(
                number=number,
                epoch=epoch,
                train_loss=train_loss,
                train_accuracy=train_right,
                valid_loss=valid[0],
                valid_accuracy=valid[1],
            )
        )

    def _measure(self, rows: Sequence[NDArray[np.int64]], answers: Sequence[Answer]) -> tuple[float, float]:
        """Mean loss and accuracy over the decisions of these answers."""
        matrix = dense(rows)
        losses, rights, count = 0.0, 0.0, 0
        for (skeleton, hole), head in self._heads.items():
            inside = [at for at, answer in enumerate(answers) if hole < 0 or answer.skeleton == skeleton]
            if inside:
                values = [self._value(answers[at], hole) for at in inside]
                loss, right = head.measure(matrix[inside], head.targets(values))
                losses, rights, count = losses + loss * len(inside), rights + right * len(inside), count + len(inside)
        return (losses / count, rights / count) if count else (0.0, 1.0)

    # -- use

    def answer(self, question: str, epoch: int | None = None) -> str:
        """What the model says, at the end or as of one epoch (counted from 1)."""
        if self._prose:
            return self._nearest(question)
        state = self.epochs[(epoch or len(self.epochs)) - 1]
        row = dense([features(question)])
        skeleton = self._best("", -1, row, state)
        holes = skeleton.count("\x00")
        values = [
            self._copiers[skeleton, hole].copy(question)
            if (skeleton, hole) in self._copiers
            else self._best(skeleton, hole, row, state)
            for hole in range(holes)
        ]
        return Answer(skeleton, tuple(values)).text()

    def _best(self, skeleton: str, hole: int, row: Weights, state: dict[tuple[str, int], Weights]) -> str:
        head = self._heads[skeleton, hole]
        return head.options[int(head.probabilities(row, state[skeleton, hole]).argmax())]

    def _nearest(self, question: str) -> str:
        """Free text: the answer to the example whose question shares most of its rarer words."""
        seen = Counter(word for example in self._examples for word in set(words(example.question)))
        asked = set(words(question))
        best = max(self._examples, key=lambda item: sum(1 / seen[word] for word in asked & set(words(item.question))))
        return best.answer
