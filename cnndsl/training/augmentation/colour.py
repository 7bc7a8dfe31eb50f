"""Changes of colour, the same for all pixels of an image."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor

from cnndsl.training.constants import LUMA, per_channel

__all__ = ["Components", "jitter", "principal_components", "shift"]


class Components(NamedTuple):
    """The principal components of the colours of a data set, as plain numbers.

    Attributes:
        values: the variance along each, greatest first, with pixels from 0 to 1.
        vectors: each of unit length and with a number for each channel.
    """

    values: tuple[float, ...]
    vectors: tuple[tuple[float, ...], ...]


def principal_components(chunks: Iterable[Any], white: float = 255.0) -> Components:
    """Those of all pixels.

    Args:
        chunks: arrays or tensors N x C x H x W, of whatever kind of numbers.
        white: what stands for 1 in them.
    """
    count, total, products = 0, torch.zeros(()), torch.zeros(())
    for chunk in chunks:
        pixels = torch.as_tensor(chunk).transpose(0, 1).flatten(1).double() / white
        count += pixels.shape[1]
        total, products = total + pixels.sum(dim=1).cpu(), products + (pixels @ pixels.mT).cpu()
    mean = total / count
    values, vectors = torch.linalg.eigh(products / count - mean.outer(mean))
    found = vectors.mT.flip(0)
    found *= found.gather(1, found.abs().argmax(dim=1, keepdim=True)).sign()  # of both directions, always the same
    return Components(tuple(values.flip(0).clamp(min=0).tolist()), tuple(map(tuple, found.tolist())))


def shift(images: Tensor, components: Components, std: float, generator: Generator) -> Tensor:
    """Each image's colour moved along the principal components (Krizhevsky et al., 2012, section 4.1)."""
    draws = std * torch.randn(len(images), len(components.values), generator=generator)
    moves = draws * torch.tensor(components.values) @ torch.tensor(components.vectors)
    return images + moves.to(images.device)[:, :, None, None]


def jitter(images: Tensor, brightness: float, contrast: float, saturation: float, generator: Generator) -> Tensor:
    """Values times a factor, then what sets them off from the mean grey, then what sets colours off from grey.

    Each factor is drawn from 1 - x to 1 + x. The result is kept from 0 to 1.
    """
    draws = 2 * torch.rand(len(images), 3, generator=generator) - 1
    factors = 1 + torch.tensor([brightness, contrast, saturation]) * draws
    bright, set_off, colourful = factors.to(images.device)[:, :, None, None, None].unbind(dim=1)
    images = images * bright
    if contrast:
        images = torch.lerp(_grey(images).mean(dim=(2, 3), keepdim=True), images, set_off)
    if saturation:
        images = torch.lerp(_grey(images), images, colourful)
    return images.clamp(0, 1)


def _grey(images: Tensor) -> Tensor:
    """N x 1 x H x W."""
    if images.shape[1] != len(LUMA):
        return images.mean(dim=1, keepdim=True)
    return (images * per_channel(LUMA, images.device)).sum(dim=1, keepdim=True)
