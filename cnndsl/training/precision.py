"""How a network computes: in which precision and memory format, compiled or not; and how it takes a step."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from cnndsl.training.errors import Unusable
from cnndsl.training.recipe import Recipe

__all__ = ["Precision"]

TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
"""What is computed in place of float32, by the recipe's word."""


class Precision:
    """A network on its device, brought into the form in which a recipe wants it trained.

    Weights stay float32; bf16 and fp16 are those of torch's autocast. In fp16 the loss is scaled, so that small
    gradients do not become 0 (Micikevicius et al., 2018), and a step with infinite gradients is passed over.

    Args:
        network: brought into its memory format in place.
        recipe: which.
        device: where it is.

    Attributes:
        run: what is called: the network, or what torch.compile makes of it, which has the same weights.
    """

    def __init__(self, network: nn.Module, recipe: Recipe, device: torch.device) -> None:
        if recipe.channels_last:
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.run: Any = torch.compile(network) if recipe.compile else network
        self._is_compiled = recipe.compile
        self._weights = list(network.parameters())
        self._clip = recipe.clip
        self._device = device.type
        self._type = TYPES.get(recipe.precision)
        self._scaler = torch.amp.GradScaler(device.type) if recipe.precision == "fp16" else None

    def outputs(self, inputs: Tensor) -> Any:
        """What the network gives: a tensor, or a named tuple of several; inside of `autocast`.

        Raises:
            Unusable: it cannot be compiled on this machine.
        """
        if not self._is_compiled:
            return self.run(inputs)
        from torch._inductor.exc import InductorError  # it is imported anyway by now, and else not needed

        try:
            return self.run(inputs)
        except InductorError as error:
            reason = str(error).strip().split("\n")[0][:200]
            raise Unusable(f"torch.compile cannot compile the network on this machine: {reason}") from None

    def autocast(self) -> AbstractContextManager[Any]:
        """Inside of it the network and the loss are computed."""
        return torch.autocast(self._device, self._type) if self._type else nullcontext()

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a loss to those that are there."""
        (self._scaler.scale(loss) if self._scaler else loss).backward()  # type: ignore[no-untyped-call]

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """Let the optimizer take a step with the gradients that are there, clipped to a norm; then there are none."""
        if self._scaler and self._clip:
            self._scaler.unscale_(optimizer)
        if self._clip:
            nn.utils.clip_grad_norm_(self._weights, self._clip)
        if self._scaler:
            self._scaler.step(optimizer)
            self._scaler.update()
        else:
            optimizer.step()
        optimizer.zero_grad()
