"""One decision that the stand-in learns: a softmax over the options seen, on hashed words, trained by plain gradient steps."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from guard.sandbox.learn.text import WIDTH

Weights = NDArray[np.float32]


class Head:
    """Options of one decision and the weights that choose among them. No regularisation, so that it can over-fit as models do."""

    def __init__(self, options: Sequence[str]) -> None:
        self.options = list(dict.fromkeys(options))
        self._places = {option: at for at, option in enumerate(self.options)}
        self.weights: Weights = np.zeros((WIDTH, len(self.options)), dtype=np.float32)
        self.sharpness = 1.0
        """Grows with each epoch: the stand-in gets surer, right or wrong, as networks do that are trained past their fit."""

    def targets(self, values: Sequence[str]) -> NDArray[np.int64]:
        """The option number of each value; -1 for one never seen in training."""
        return np.array([self._places.get(value, -1) for value in values], dtype=np.int64)

    def probabilities(self, rows: Weights, weights: Weights | None = None) -> Weights:
        """How likely each option is for each row."""
        scores = rows @ (self.weights if weights is None else weights) * np.float32(self.sharpness)
        scores -= scores.max(axis=1, keepdims=True)
        powers = np.exp(scores)
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)

    def step(self, rows: Weights, targets: NDArray[np.int64], rate: float) -> None:
        """One gradient step on one batch."""
        miss = self.probabilities(rows)
        miss[np.arange(len(targets)), targets] -= 1
        self.weights -= np.float32(rate / len(targets)) * (rows.T @ miss)

    def measure(self, rows: Weights, targets: NDArray[np.int64]) -> tuple[float, float]:
        """Mean loss (nats) and share right; a value never seen counts as wrong, with the loss of a near-certain miss."""
        odds = self.probabilities(rows)
        known = targets >= 0
        right = np.where(known, odds[np.arange(len(targets)), np.maximum(targets, 0)], 1e-4)
        loss = float(-np.log(np.maximum(right, 1e-9)).mean())
        return loss, float((known & (odds.argmax(axis=1) == targets)).mean())
