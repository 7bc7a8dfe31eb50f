"""The learning rate of every step, as a factor of the optimizer's: functions of the step alone, so that a training
can go on anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cnndsl.training.recipe import schedules as parts

__all__ = ["PlateauWatch", "factor", "warm_steps"]


def factor(
    schedule: parts.Schedule, warmup: float, step: int, steps: int, steps_per_epoch: int, drops: int = 0
) -> float:
    """What the optimizer's learning rate is multiplied with in a step.

    The warm-up rises in a straight line (Goyal et al., 2017, section 2.2) to where the schedule stands. COSINE and
    ONECYCLE begin behind it and share the steps that are left; the others count epochs from the first step.

    Args:
        schedule: that of the recipe.
        warmup: a part of all steps where it is below 1, else epochs; 0 for none.
        step: counted from 0.
        steps: of the whole training.
        steps_per_epoch: of one epoch; a step is an optimizer's.
        drops: how often the loss stood still, from `PlateauWatch`.
    """
    warm = warm_steps(warmup, steps, steps_per_epoch)
    behind, left = max(0, step - warm), max(1, steps - warm)
    if isinstance(schedule, parts.Cosine):
        reached = _between(1.0, schedule.end, behind, left)
    elif isinstance(schedule, parts.OneCycle):
        reached = _one_cycle(schedule, behind, left)
    else:
        reached = _by_epoch(schedule, step // steps_per_epoch, drops)
    return reached * (step + 1) / warm if step < warm else reached


def warm_steps(warmup: float, steps: int, steps_per_epoch: int) -> int:
    """The steps in which the rate rises: at least one, unless `warmup` is 0."""
    unit = steps if warmup < 1 else steps_per_epoch
    return max(1, int(warmup * unit + 1e-9)) if warmup else 0  # 0.29 * 100 is a little less than 29


def _by_epoch(schedule: parts.Schedule, epoch: int, drops: int) -> float:
    if isinstance(schedule, parts.Step):
        return schedule.gamma ** (epoch // schedule.every)
    if isinstance(schedule, parts.MultiStep):
        return schedule.gamma ** sum(each <= epoch for each in schedule.epochs)
    if isinstance(schedule, parts.Plateau):
        return schedule.gamma**drops
    return 1.0


def _one_cycle(schedule: parts.OneCycle, step: int, steps: int) -> float:
    """As torch's OneCycleLR places its two halves: the peak is a step before `rise` of them, the end the last step.

    The momentum, which theirs moves against the rate, stays what the recipe's optimizer says: a recipe names one.
    """
    peak, last = schedule.rise * steps - 1, steps - 1
    if step <= peak:
        return _between(schedule.start, 1.0, step, peak) if peak else 1.0
    return _between(1.0, schedule.start * schedule.end, step - peak, last - peak)


def _between(first: float, last: float, step: float, steps: float) -> float:
    """Half a cosine from one value to another."""
    return last + (first - last) * 0.5 * (1 + math.cos(math.pi * step / steps))


class PlateauWatch:
    """Counts how often the validation loss stood still, as torch's ReduceLROnPlateau does.

    Attributes:
        drops: how often so far; what `factor` takes.
        best: the loss that counts as the least so far; None before the first.
        waited: the epochs since.
    """

    def __init__(self, schedule: parts.Plateau) -> None:
        self.schedule = schedule
        self.drops = 0
        self.best: float | None = None
        self.waited = 0

    def saw(self, loss: float) -> None:
        """Take the validation loss of an epoch."""
        if self.best is None or loss < self.best * (1 - self.schedule.threshold):
            self.best, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited > self.schedule.patience:
            self.drops, self.waited = self.drops + 1, 0

    def dump(self) -> dict[str, float | None]:
        """Its state, as plain numbers."""
        return {"drops": self.drops, "best": self.best, "waited": self.waited}

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over what `dump` gave."""
        self.drops, self.best, self.waited = int(state["drops"]), state["best"], int(state["waited"])
