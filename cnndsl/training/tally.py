"""What an epoch comes to while it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from cnndsl.training.progress import Progress

__all__ = ["READ_EVERY", "Tally"]

READ_EVERY = 0.1
"""Seconds between two looks at the loss: on a GPU a look waits for what is under way."""


class Tally:
    """Losses and right answers of an epoch, added up on the device."""

    def __init__(self, device: torch.device) -> None:
        self.totals = torch.zeros(2, dtype=torch.float64, device=device)
        self._start = self._seen = perf_counter()
        self.images = 0
        self.loss = self.accuracy = 0.0

    def add(self, losses_and_right: Tensor, images: int) -> None:
        self.totals += losses_and_right
        self.images += images

    @property
    def seconds(self) -> float:
        """Since the epoch began, without what lay between an end and a going on."""
        return perf_counter() - self._start

    @property
    def is_old(self) -> bool:
        """Whether the last look is a while ago."""
        return perf_counter() - self._seen > READ_EVERY

    def read(self) -> None:
        """Look at the figures, which waits for the device."""
        self.loss, self.accuracy = (self.totals / max(1, self.images)).tolist()
        self._seen = perf_counter()

    def progress(self, epoch: int, step: int, steps: int) -> Progress:
        return Progress(epoch, step, steps, self.loss, self.accuracy, self.images / self.seconds)

    def dump(self) -> dict[str, float]:
        """What is not in `totals`, as plain numbers."""
        return {"images": self.images, "seconds": self.seconds}

    def load(self, totals: Tensor, values: Mapping[str, Any]) -> None:
        """Take over what `totals` and `dump` gave."""
        self.totals.copy_(totals)
        self.images = int(values["images"])
        self._start = perf_counter() - float(values["seconds"])
