"""How far a training is and what its epochs came to, as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EpochMetrics", "Progress", "Validation"]


@dataclass(frozen=True, slots=True)
class Validation:
    """How a network does on images that it is not trained on.

    Attributes:
        loss: the mean cross-entropy, in nats.
        accuracy: the part of the images that is classified rightly, from 0 to 1.
    """

    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class EpochMetrics:
    """What an epoch came to, measured on the images as training saw them while the weights changed.

    Attributes:
        epoch: counted from 1.
        loss: the mean loss, in nats.
        accuracy: the part of the images that was classified rightly, from 0 to 1.
        lr: the learning rate of its last step.
        seconds: how long its steps took.
        images_per_second: how many images those were, each second.
        validation: how the network did after the epoch, where that was looked at.
    """

    epoch: int
    loss: float
    accuracy: float
    lr: float
    seconds: float
    images_per_second: float
    validation: Validation | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an epoch stands: its number from 1, steps done, and what it came to so far, all as in EpochMetrics."""

    epoch: int
    step: int
    steps: int
    loss: float
    accuracy: float
    images_per_second: float
