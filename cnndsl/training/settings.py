"""The settings of a training run: what the command line may change, and what it may not yet."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["BadSetting", "Settings"]

LARGEST_SEED = 2**63 - 1
"""torch takes 64 bits."""

LARGEST_RATE = 1_000_000
"""Adam's arithmetic in float32 has room for more; sense has not."""


class BadSetting(ValueError):
    """A setting has a value that cannot be used; `name` says which."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a network is trained.

    The defaults were chosen for LeNet-5 on a part of the digits that was split off the training images for it, and
    kept because plain, normalised and residual ReLU networks of up to twelve convolutions learn with them too; SGD
    with momentum did as well on LeNet-5 and left the deep plain ones where they began.

    Attributes:
        epochs: passes over the training images.
        batch: images of a step.
        lr: Adam's learning rate at its peak (Kingma & Ba, 2015).
        seed: of the weights, the order of the images, the shifts and dropout.
        shift: the images are moved by up to this part of their width and height, each time anew.

    Raises:
        BadSetting: a value is out of range.
    """

    epochs: int = 60
    batch: int = 64
    lr: float = 0.003
    seed: int = 0
    shift: float = 0.1

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise BadSetting("epochs", f"{self.epochs} is not at least 1")
        if self.batch < 1:
            raise BadSetting("batch", f"{self.batch} is not at least 1")
        if not 0 < self.lr <= LARGEST_RATE:
            raise BadSetting("lr", f"{self.lr:g} is not a number above 0 and up to {LARGEST_RATE:,}")
        if not 0 <= self.seed <= LARGEST_SEED:
            raise BadSetting("seed", f"{self.seed} is not in the range from 0 to {LARGEST_SEED}")
        if not 0 <= self.shift < 1:
            raise BadSetting("shift", f"{self.shift} is not in the range from 0 to 1")

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of a step, counted from 0, of so many.

        It rises in a straight line over the first tenth (Goyal et al., 2017) and falls along half a cosine to zero
        (Loshchilov & Hutter, 2017).
        """
        warm = max(1, steps // 10)
        if step < warm:
            return self.lr * (step + 1) / warm
        return self.lr * 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))
