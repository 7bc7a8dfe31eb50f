"""A moving average of a network's weights, which often classifies better than the last of them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from cnndsl.backends.torch.weights.load import tensors_of

__all__ = ["MovingAverage"]


class MovingAverage:
    """The exponential moving average of a module's parameters (Polyak & Juditsky, 1992).

    After n updates an average keeps min(decay, (1 + n) / (10 + n)) of itself, so that the initial values are soon
    forgotten. Buffers, the statistics of batch norms among them, are those of the module.

    Attributes:
        module: a copy in evaluation mode, to evaluate and to store; its weights are the averages.
        updates: how many there were.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module = copy.deepcopy(module).eval().requires_grad_(requires_grad=False)
        self.updates = 0
        self._decay = decay
        self._averages, self._weights = list(self.module.parameters()), list(module.parameters())
        self._copies, self._buffers = list(self.module.buffers()), list(module.buffers())

    @torch.no_grad()
    def update(self) -> None:
        """Take in the module's weights as they are now."""
        kept = min(self._decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(self._averages, self._weights, 1 - kept)  # type: ignore[arg-type]
        if self._buffers:
            torch._foreach_copy_(self._copies, self._buffers)
        self.updates += 1

    def state_dict(self) -> dict[str, Any]:
        """The number of updates, and the tensors by name."""
        return {"updates": self.updates, "tensors": tensors_of(self.module)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self.updates = int(state["updates"])
        self.module.load_state_dict(state["tensors"])
