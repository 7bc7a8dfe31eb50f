"""In what numbers and in what form of memory a network is computed, forward and backward."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from cnndsl.training.errors import Unusable

__all__ = ["Precision"]

KINDS = {"bf16": torch.bfloat16, "fp16": torch.float16}
"""What precisions below fp32 compute convolutions and products in; weights and sums stay in float32."""


COMPILER = ("torch._dynamo", "torch._inductor")
"""Where the errors of torch.compile come from."""


class Precision:
    """A network as it is computed in training and evaluation. All that is off costs nothing.

    Calling it is calling the network. The network itself keeps its weights and their names; only where they lie in
    memory changes. In fp16 the loss is scaled for the way back, so that small gradients are not lost, and a step with
    gradients that are not finite is left out (Micikevicius et al., 2018).

    Args:
        network: on its device.
        device: which.
        kind: of the numbers: fp32, bf16 or fp16.
        channels_last: whether the channels of maps and kernels lie side by side in memory.
        compile: whether `torch.compile` compiles it, when it is first called.
    """

    def __init__(
        self,
        network: nn.Module,
        device: torch.device,
        kind: str = "fp32",
        *,
        channels_last: bool = False,
        compile: bool = False,
    ) -> None:
        self.network = network
        self._device = device
        self._kind = KINDS.get(kind)
        self._channels_last = channels_last
        self._scaler = torch.amp.GradScaler(device.type) if kind == "fp16" else None
        self._told = _limits_told if compile or self._kind else nullcontext
        self._run: Callable[[Tensor], Any] = torch.compile(network) if compile else network
        if channels_last:
            for tensor in (*network.parameters(), *network.buffers()):
                if tensor.ndim == 4:
                    tensor.data = tensor.data.contiguous(memory_format=torch.channels_last)

    def __call__(self, images: Tensor) -> Any:
        """What the network answers.

        Raises:
            Unusable: it cannot be compiled here, or the device does not compute in numbers of this kind.
        """
        if self._channels_last and images.ndim == 4:
            images = images.contiguous(memory_format=torch.channels_last)
        with self._told():
            return self._called(self._run, images)

    def plainly(self, images: Tensor) -> Any:
        """The same without `torch.compile`."""
        return self._called(self.network, images)

    def _called(self, network: Callable[[Tensor], Any], images: Tensor) -> Any:
        if self._kind is None:
            return network(images)
        with torch.autocast(self._device.type, self._kind):
            return network(images)

    def backward(self, loss: Tensor, of: int = 1) -> None:
        """Add the gradients of a batch's loss, one of so many whose mean a step follows.

        Raises:
            Unusable: as when it is called.
        """
        loss = loss / of if of > 1 else loss
        with self._told():
            (self._scaler.scale(loss) if self._scaler else loss).backward()  # type: ignore[no-untyped-call]

    def step(self, optimizer: torch.optim.Optimizer, clip: float = 0.0) -> None:
        """Take a step and forget the gradients.

        Args:
            optimizer: of the network's parameters.
            clip: what the norm of all gradients together is brought down to, if it is greater; 0 for no limit.
        """
        if self._scaler:
            self._scaler.unscale_(optimizer)
        if clip:
            nn.utils.clip_grad_norm_(self.network.parameters(), clip)
        if self._scaler:
            self._scaler.step(optimizer)
            self._scaler.update()
        else:
            optimizer.step()
        optimizer.zero_grad()

    def state_dict(self) -> dict[str, float]:
        """The scale of fp16 and the steps since it changed, as plain numbers; nothing for other kinds."""
        return self._scaler.state_dict() if self._scaler else {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave, of the same kind."""
        if self._scaler:
            self._scaler.load_state_dict(dict(state))


@contextmanager
def _limits_told() -> Iterator[None]:
    """Give torch's errors about what it cannot compile or compute one form.

    Raises:
        Unusable: in their place.
    """
    try:
        yield
    except RuntimeError as error:
        reason = str(error).strip().split("\n")[0]
        if type(error).__module__.startswith(COMPILER):
            raise Unusable(f"the network cannot be compiled here ({reason}): leave out --compile") from None
        if "not implemented for" in reason:
            raise Unusable(f"not all of the network has this precision ({reason}): write --precision fp32") from None
        raise
