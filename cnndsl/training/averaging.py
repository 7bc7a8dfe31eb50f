"""A moving average of the weights, which is often better than the last of them (Polyak & Juditsky, 1992)."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn

__all__ = ["Average"]


class Average:
    """An exponential moving average: `decay` times what it was, and the rest from the weights as they are.

    At first it moves faster, by `(1 + n) / (10 + n)` where that is less than the decay and n counts the steps, for
    what the weights were initially is worth nothing (as TensorFlow's ExponentialMovingAverage does). What else the
    network keeps, as the statistics of its norms, is copied.

    Args:
        network: whose weights; on its device.
        decay: from 0 to 1.

    Attributes:
        network: a copy that holds the average, in evaluation mode.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = deepcopy(network).eval().requires_grad_(False)
        self._decay = decay
        self._weights = _pairs(self.network.parameters(), network.parameters())
        self._buffers = _pairs(self.network.buffers(), network.buffers())

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after a step, counted from 0."""
        decay = min(self._decay, (1 + step) / (10 + step))
        averages, weights = self._weights
        torch._foreach_lerp_(averages, weights, 1 - decay)
        for copy, buffer in zip(*self._buffers, strict=True):
            copy.copy_(buffer)


def _pairs(averages: object, weights: object) -> tuple[list[Tensor], list[Tensor]]:
    return list(averages), list(weights)  # type: ignore[call-overload]
