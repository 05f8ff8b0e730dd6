"""The alarm rings when the validation loss rises for good, proposes a checkpoint that is kept, and stays quiet otherwise."""

import pytest
from finetune.overfit import Checkpoint, Point, judge, sparkline


def curve(*valid: float, train: tuple[float, ...] | None = None) -> list[Point]:
    falling = train or tuple(1 / (at + 1) for at in range(len(valid)))
    return [Point(step=(at + 1) * 10, train_loss=falling[at], valid_loss=loss) for at, loss in enumerate(valid)]


def test_a_rising_validation_loss_rings_and_names_the_best_step() -> None:
    alarm = judge(curve(1.0, 0.6, 0.5, 0.6, 0.7), [Checkpoint(step=30, model="ft:x:ckpt-step-30", valid_loss=0.5)])

    assert alarm is not None
    assert (alarm.best_step, alarm.use and alarm.use.model) == (30, "ft:x:ckpt-step-30")
    assert "ft:x:ckpt-step-30" in str(alarm)


def test_a_checkpoint_near_the_best_is_proposed_if_the_best_was_not_kept() -> None:
    kept = [Checkpoint(step=40, model="near", valid_loss=0.6), Checkpoint(step=50, model="last", valid_loss=0.8)]
    alarm = judge(curve(1.0, 0.6, 0.5, 0.6, 0.8), kept)

    assert alarm is not None
    assert alarm.use == kept[0]
    assert "fewer epochs" in str(alarm)


def test_without_a_better_checkpoint_fewer_epochs_are_proposed() -> None:
    alarm = judge(curve(0.5, 0.6, 0.7, 0.8), [Checkpoint(step=40, model="last", valid_loss=0.8)])

    assert alarm is not None
    assert alarm.use is None
    assert "fewer epochs" in str(alarm)


@pytest.mark.parametrize(
    "points",
    [
        curve(1.0, 0.8, 0.6, 0.5),
        curve(1.0, 0.6, 0.61, 0.62),  # noise
        curve(1.0, 0.5, 0.8, 0.5),  # it came back
        curve(1.0, 0.5, 0.9),  # one point only
        curve(
            0.5, 0.6, 0.7, 0.8, train=(0.5, 0.6, 0.7, 0.8)
        ),  # the training loss rises as well: diverging, not learning by heart
        [Point(step=at, train_loss=1 / at) for at in range(1, 9)],  # no validation data
        [],
    ],
)
def test_anything_else_is_quiet(points: list[Point]) -> None:
    assert judge(points) is None


def test_a_sparkline_shows_low_and_high() -> None:
    assert sparkline([0, 1]) == "▁█"
    assert sparkline([]) == ""
    assert len(sparkline([1.0] * 100)) == 40
