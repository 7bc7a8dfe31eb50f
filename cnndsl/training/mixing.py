"""Two images in one: the network learns what lies between the classes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod, sqrt
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn.functional import one_hot

__all__ = ["Mixing", "mixing"]

Mixing = Callable[[Tensor, Tensor, Generator], tuple[Tensor, Tensor]]
"""From images and N classes to new images and their targets: classes, or N x classes parts that add up to 1.

It draws from a generator on the CPU.
"""


def mixing(mixup: float, cutmix: float, classes: int) -> Mixing:
    """What a recipe does to the images of a batch and their classes; with both, one or the other, each as likely.

    Args:
        mixup: alpha; 0 for none.
        cutmix: likewise.
        classes: how many there are.
    """
    ways = [way for way, alpha in ((_mixup(mixup), mixup), (_cutmix(cutmix), cutmix)) if alpha]

    def mixed(images: Tensor, labels: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        if not ways:
            return images, labels
        way = ways[int(torch.randint(len(ways), (), generator=generator))]
        partners = torch.randperm(len(labels), generator=generator).to(labels.device)
        found, part = way(images, images[partners], generator)
        shares = one_hot(labels, classes).float()
        return found, part * shares + (1 - part) * shares[partners]

    return mixed


_Way = Callable[[Tensor, Tensor, Generator], tuple[Tensor, float]]
"""Mixes images with others; and which part is left of the first."""


def _mixup(alpha: float) -> _Way:
    """A weighted mean of two images (Zhang et al., 2018)."""

    def mixed(images: Tensor, others: Tensor, generator: Generator) -> tuple[Tensor, float]:
        part = _beta(alpha, generator)
        return torch.lerp(others, images, part), part

    return mixed


def _cutmix(alpha: float) -> _Way:
    """A rectangle of an image is that of another one (Yun et al., 2019); of a row of values, a stretch."""

    def mixed(images: Tensor, others: Tensor, generator: Generator) -> tuple[Tensor, float]:
        axes = images.ndim - 2 or 1
        side = sqrt(1 - _beta(alpha, generator)) if axes == 2 else 1 - _beta(alpha, generator)
        sizes = images.shape[-axes:]
        cut = [_stretch(extent, side, generator) for extent in sizes]
        region: tuple[Any, ...] = (..., *cut)
        found = images.clone()
        found[region] = others[region]
        return found, 1 - prod((each.stop - each.start) / extent for each, extent in zip(cut, sizes, strict=True))

    return mixed


def _stretch(extent: int, part: float, generator: Generator) -> slice:
    """A part of an axis about a random place, cut off at the ends."""
    middle, half = int(torch.randint(extent, (), generator=generator)), round(extent * part) / 2
    return slice(max(0, int(middle - half)), min(extent, int(middle + half)))


def _beta(alpha: float, generator: Generator) -> float:
    """A draw from Beta(alpha, alpha)."""
    seed = int(torch.randint(2**63 - 1, (), generator=generator))
    return float(np.random.default_rng(seed).beta(alpha, alpha))
