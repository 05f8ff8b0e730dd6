"""Watch the validation loss: is the model learning the data by heart, and which checkpoint was the best?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WORSE_BY = 0.05  # of the best validation loss; below it is noise
_BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where training stood: step, training loss, validation loss if it was measured there."""

    step: int
    train_loss: float
    valid_loss: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A state that can be used: its step, and the name to call it by."""

    step: int
    model: str
    valid_loss: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Over-fitting: the best step, how much worse the end is, and the checkpoint to use if one of the best step was kept."""

    best_step: int
    best_loss: float
    last_loss: float
    use: Checkpoint | None

    def __str__(self) -> str:
        text = (
            f"Over-fitting: the validation loss was best at step {self.best_step} ({self.best_loss:.3f}) and rose "
            f"to {self.last_loss:.3f} "
            "while the training loss went on falling."
        )
        if self.use is None:
            return f"{text} No checkpoint of that time was kept: train again with fewer epochs."
        if self.use.step != self.best_step:
            return (
                f"{text} The nearest checkpoint kept is step {self.use.step}: use {self.use.model}, or train "
                "again with fewer epochs."
            )
        return f"{text} Use its checkpoint: {self.use.model}."


def judge(curve: Sequence[Point], checkpoints: Sequence[Checkpoint] = ()) -> Alarm | None:
    """An alarm if the last two validation losses lie above the best one by more than 5 % while training losses fell."""
    measured = [(point.step, point.valid_loss, point.train_loss) for point in curve if point.valid_loss is not None]
    if len(measured) < 3:
        return None
    best = min(measured, key=lambda item: item[1])
    later = [item for item in measured if item[0] > best[0]]
    limit = best[1] * (1 + WORSE_BY)
    if len(later) < 2 or any(loss <= limit for _, loss, _ in later[-2:]) or later[-1][2] > max(best[2], 0.05):
        return None
    return Alarm(
        best_step=best[0], best_loss=best[1], last_loss=later[-1][1], use=_nearest(checkpoints, best[0], later[-1])
    )


def _nearest(checkpoints: Sequence[Checkpoint], step: int, last: tuple[int, float, float]) -> Checkpoint | None:
    """The kept checkpoint that is best by loss; only one that beats the end is worth proposing."""
    better = [
        item for item in checkpoints if item.step < last[0] and (item.valid_loss is None or item.valid_loss < last[1])
    ]
    return min(better, key=lambda item: abs(item.step - step), default=None)


def sparkline(values: Sequence[float], width: int = 40) -> str:
    """Values as a row of blocks, the last `width` of them."""
    shown = list(values)[-width:]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    span = (high - low) or 1
    return "".join(_BLOCKS[min(7, int(8 * (value - low) / span))] for value in shown)
