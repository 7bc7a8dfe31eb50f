"""Random boxes: a piece of the image that is resized, and one that is erased."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor

__all__ = ["erase", "resized_crop"]

TRIES = 10
"""Boxes that are drawn for an image; the first that fits into it is taken."""


class _Spans(NamedTuple):
    """Where boxes lie on one axis, in pixels: N each."""

    start: Tensor
    length: Tensor


def resized_crop(
    images: Tensor, size: tuple[int, int], scale: tuple[float, ...], ratio: tuple[float, ...], generator: Generator
) -> Tensor:
    """A box of each image (Szegedy et al., 2015, section 6), brought to a size by bilinear antialiased resizing.

    Where no box that was drawn fits, it is the greatest in the middle whose shape is nearest to those asked for.
    """
    height, width = images.shape[2:]
    rows, columns, fits = _boxes(images, scale, ratio, generator)
    rows = _Spans(*map(torch.where, (fits, fits), rows, _middle(height, round(width / ratio[0]))))
    columns = _Spans(*map(torch.where, (fits, fits), columns, _middle(width, round(height * ratio[1]))))
    vertical = _resizing(rows, height, size[0]).to(images.device)
    horizontal = _resizing(columns, width, size[1]).to(images.device)
    return vertical[:, None] @ images @ horizontal[:, None].mT


def erase(
    images: Tensor,
    p: float,
    scale: tuple[float, ...],
    ratio: tuple[float, ...],
    fill: Tensor,
    generator: Generator,
) -> Tensor:
    """A box of a part of the images becomes `fill` (Zhong et al., 2017, algorithm 1); 1 x C x 1 x 1.

    Where no box that was drawn fits, the image stays.
    """
    rows, columns, fits = _boxes(images, scale, ratio, generator)
    chosen = fits & (torch.rand(len(images), generator=generator) < p)
    inside = _inside(rows, images.shape[2])[:, :, None] & _inside(columns, images.shape[3])[:, None]
    erased = (inside & chosen[:, None, None])[:, None].to(images.device)
    return torch.where(erased, fill, images)


def _boxes(
    images: Tensor, scale: tuple[float, ...], ratio: tuple[float, ...], generator: Generator
) -> tuple[_Spans, _Spans, Tensor]:
    """Rows and columns of a box for each image, and whether it fits; of even area and even logarithm of its shape."""
    count, _, height, width = images.shape
    draws = torch.rand(4, count, TRIES, generator=generator)
    areas = (scale[0] + draws[0] * (scale[1] - scale[0])) * (height * width)
    low, high = map(math.log, ratio)
    roots = ((low + draws[1] * (high - low)) / 2).exp()
    sides = areas.sqrt()
    heights, widths = (sides / roots).round().clamp(min=1), (sides * roots).round().clamp(min=1)
    fits = (heights <= height) & (widths <= width)
    first = fits.int().argmax(dim=1, keepdim=True)
    rows, columns = (
        _placed(lengths.gather(1, first)[:, 0], there, places[:, 0])
        for lengths, there, places in ((heights, height, draws[2]), (widths, width, draws[3]))
    )
    return rows, columns, fits.any(dim=1)


def _placed(lengths: Tensor, there: int, draws: Tensor) -> _Spans:
    return _Spans((draws * (there - lengths + 1)).floor().clamp(max=there - 1), lengths)


def _middle(there: int, longest: int) -> _Spans:
    length = min(there, max(1, longest))
    return _Spans(torch.tensor(float((there - length) // 2)), torch.tensor(float(length)))


def _inside(spans: _Spans, there: int) -> Tensor:
    """N x there: which pixels of the axis are in the box."""
    pixels = torch.arange(there)
    return (pixels >= spans.start[:, None]) & (pixels < (spans.start + spans.length)[:, None])


def _resizing(spans: _Spans, there: int, wanted: int) -> Tensor:
    """N x wanted x there: what each old pixel of an axis gives to each new one, as in `interpolate(antialias=True)`.

    A new pixel is the mean of the old ones around its place, weighted by a triangle, a wider one where the box shrinks.
    """
    steps = (spans.length / wanted)[:, None, None]
    places = spans.start[:, None, None] + steps * (torch.arange(wanted)[:, None] + 0.5)
    away = (torch.arange(there) + 0.5 - places).abs()
    weights = (1 - away / steps.clamp(min=1)).clamp(min=0) * _inside(spans, there)[:, None]
    return weights / weights.sum(dim=2, keepdim=True)
