"""The loss of a running job, live on a terminal, as plain lines elsewhere; both on stderr."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.live import Live
from rich.text import Text

from finetune import console, overfit
from finetune.overfit import Point


class Loss:
    """Shows events as they come, and below them a picture of the loss that is redrawn."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._live = Live(console=console.err, refresh_per_second=4) if console.err.is_terminal else None
        self._warned = False
        self._measured = 0

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def told(self, event: str) -> None:
        """An event of the job; steps are in the picture on a terminal and left out of it."""
        if self._live is None or not event.startswith("Step "):
            console.err.print(event, markup=False)

    def moved(self, status: str, curve: Sequence[Point]) -> None:
        """The job's state and the curve so far; warns once, as soon as the validation loss rises for good."""
        alarm = overfit.judge(curve)
        if alarm is not None and not self._warned:
            self._warned = True
            console.err.print(
                f"Watch out: validation loss {alarm.last_loss:.3f}, best {alarm.best_loss:.3f} at step {alarm.best_step}; "
                "the job may be learning the data by heart.",
                markup=False,
            )
        if self._live is not None:
            self._live.update(self._picture(status, curve))

    def _picture(self, status: str, curve: Sequence[Point]) -> Text:
        text = f"{self._title}: {status}"
        if curve:
            train = [point.train_loss for point in curve]
            valid = [point.valid_loss for point in curve if point.valid_loss is not None]
            text += f"\n  train      {overfit.sparkline(train)} {train[-1]:.3f} at step {curve[-1].step}"
            if valid:
                text += f"\n  validation {overfit.sparkline(valid)} {valid[-1]:.3f}, best {min(valid):.3f}"
        return Text(text)
