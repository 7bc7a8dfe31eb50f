"""Images mixed with others of their batch, and their targets likewise."""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
from torch import Generator, Tensor
from torch.nn.functional import one_hot

__all__ = ["Mixer", "mixer"]

Mixer = Callable[[Tensor, Tensor, Generator], tuple[Tensor, Tensor]]
"""From the network's input and N class indices to a mixed input and N x classes parts; draws from a CPU generator."""


def mixer(mixup: float, cutmix: float, classes: int, shape: tuple[int, int, int]) -> Mixer | None:
    """What a recipe says of mixing; where it names both, one or the other in each batch, as likely. None for neither.

    Each image is mixed with one of the batch, which may be itself. How much of the first is kept is drawn once for a
    batch, from the beta distribution with both parameters alpha.

    Args:
        mixup: its alpha (Zhang et al., 2018): images are added; 0 for none.
        cutmix: its alpha (Yun et al., 2019): a box is taken from the other image; 0 for none.
        classes: how many there are.
        shape: channels, height and width of the network's input, or of what it reads in a row.
    """
    chosen = [(alpha, mix) for alpha, mix in ((mixup, _added), (cutmix, _cut)) if alpha]
    if not chosen:
        return None

    def mixed(images: Tensor, target: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        draw = random.Random(int(torch.randint(2**63 - 1, (), generator=generator)))  # torch's beta takes no generator
        alpha, mix = draw.choice(chosen)
        others = torch.randperm(len(images), generator=generator).to(images.device)
        maps = images.view(len(images), *shape)
        new, kept = mix(maps, maps[others], draw.betavariate(alpha, alpha), draw)
        parts = one_hot(target, classes).float()
        return new.view_as(images), torch.lerp(parts[others], parts, kept)

    return mixed


def _added(images: Tensor, others: Tensor, kept: float, draw: random.Random) -> tuple[Tensor, float]:
    return torch.lerp(others, images, kept), kept


def _cut(images: Tensor, others: Tensor, kept: float, draw: random.Random) -> tuple[Tensor, float]:
    """A box of the image's shape about a random place, cut off where it reaches out; the part that is really kept."""
    height, width = images.shape[2:]
    side = (1 - kept) ** 0.5
    rows, columns = _span(height, side, draw), _span(width, side, draw)
    new = images.clone()
    new[:, :, rows, columns] = others[:, :, rows, columns]
    taken = (rows.stop - rows.start) * (columns.stop - columns.start)
    return new, 1 - taken / (height * width)


def _span(there: int, part: float, draw: random.Random) -> slice:
    length, middle = int(there * part), draw.randrange(there)
    return slice(max(0, middle - length // 2), min(there, middle - length // 2 + length))
