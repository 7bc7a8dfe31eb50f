"""Moves, rotations and changes of scale: images are sampled once for all that stand side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce

import torch
from torch import Generator, Tensor
from torch.nn.functional import affine_grid, grid_sample

from cnndsl.training.recipe import augmentations as parts

__all__ = ["AFFINE", "sampled"]

AFFINE = (parts.Shift, parts.Rotate, parts.Zoom)


def sampled(chain: Sequence[parts.Augmentation]) -> Callable[[Tensor, Generator], Tensor]:
    """All of a chain of affine augmentations, with bilinear sampling; what comes in from outside is the border's."""

    def augment(images: Tensor, generator: Generator) -> Tensor:
        count, _, height, width = images.shape
        maps = [_map(part, count, width / height, generator) for part in chain]
        theta = reduce(torch.matmul, maps)[:, :2].to(images.device)
        grid = affine_grid(theta, list(images.shape), align_corners=False)
        return grid_sample(images, grid, padding_mode="border", align_corners=False)

    return augment


def _map(part: parts.Augmentation, count: int, aspect: float, generator: Generator) -> Tensor:
    """N x 3 x 3: from places in the new images to places in the old, both from -1 to 1 in x and y."""
    found = torch.eye(3).repeat(count, 1, 1)
    if isinstance(part, parts.Shift):
        found[:, :2, 2] = 2 * part.part * _between(-1, 1, (count, 2), generator)
    elif isinstance(part, parts.Zoom):
        low, high = part.factors
        factors = _between(low, high, (count, 1), generator)
        found[:, (0, 1), (0, 1)] = 1 / factors
    else:
        assert isinstance(part, parts.Rotate)
        angles = math.radians(part.degrees) * _between(-1, 1, (count,), generator)
        sines = angles.sin()
        found[:, 0, 0] = found[:, 1, 1] = angles.cos()
        found[:, 0, 1], found[:, 1, 0] = -sines / aspect, sines * aspect
    return found


def _between(low: float, high: float, shape: tuple[int, ...], generator: Generator) -> Tensor:
    return torch.rand(shape, generator=generator) * (high - low) + low
