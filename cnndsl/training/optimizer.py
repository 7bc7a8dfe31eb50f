"""torch's optimizer for what a recipe says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from cnndsl.training.recipe import optimizers as parts

__all__ = ["decaying", "optimizer"]

DECAYING = (
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
    nn.Linear,
    nn.Bilinear,
)
"""The modules whose weights decay."""

CLASSES: dict[type[parts.Optimizer], tuple[Callable[..., torch.optim.Optimizer], str]] = {
    parts.SGD: (torch.optim.SGD, "fused"),
    parts.Adam: (torch.optim.Adam, "fused"),
    parts.AdamW: (torch.optim.AdamW, "fused"),
    parts.RMSprop: (torch.optim.RMSprop, "foreach"),
}
"""torch's class for each, and the fastest of its implementations for small networks; RMSprop has no fused one."""

OURS = ("decay_all", "l1")
"""What torch's optimizers do not know."""


def optimizer(part: parts.Optimizer, module: nn.Module) -> torch.optim.Optimizer:
    """An optimizer of all parameters of a module, where they are now: move the module before.

    Weights that decay and the rest are two groups, where there is weight decay and both exist. The L1 penalty's
    gradient, `l1 * sign(w)`, is added when `step` is called: behind clipping, as weight decay is.
    """
    make, implementation = CLASSES[type(part)]
    values = {name: part.value(name) for name in part.attributes if name not in OURS}
    made = make(_groups(part, module), **values, **{implementation: True})
    if part.l1:
        made.register_step_pre_hook(_penalty(part.l1, _penalised(part, module)))
    return made


def decaying(module: nn.Module) -> list[Tensor]:
    """The weights of its convolutions and dense layers, each once."""
    return list(dict.fromkeys(each.weight for each in module.modules() if isinstance(each, DECAYING)))


def _penalised(part: parts.Optimizer, module: nn.Module) -> list[Tensor]:
    return list(module.parameters()) if part.decay_all else decaying(module)


def _groups(part: parts.Optimizer, module: nn.Module) -> list[dict[str, Any]]:
    every = list(module.parameters())
    chosen = _penalised(part, module)
    others = {*every} - {*chosen}
    if not part.weight_decay or not others:
        return [{"params": every}]
    rest = {"params": [each for each in every if each in others], "weight_decay": 0.0}
    return [{"params": chosen}, rest] if chosen else [rest]


def _penalty(strength: float, weights: list[Tensor]) -> Callable[..., None]:
    @torch.no_grad()
    def add(*_: object) -> None:
        pairs = [(weight.grad, weight) for weight in weights if weight.grad is not None]
        if pairs:
            gradients, held = map(list, zip(*pairs, strict=True))
            torch._foreach_add_(gradients, torch._foreach_sign(held), alpha=strength)

    return add
