"""What moves pixels without changing them: pieces, mirror images, quarter turns."""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn.functional import pad

__all__ = ["crop", "flip", "turn"]

PADDING = {"zero": "constant", "reflect": "reflect", "edge": "replicate"}
"""The modes of a recipe as torch calls them."""


def crop(images: Tensor, size: tuple[int, int], padding: int, mode: str, generator: Generator) -> Tensor:
    """A piece of each image, after padding; every place is as likely."""
    if padding:
        images = pad(images, (padding,) * 4, PADDING[mode])
    places = images.unfold(2, size[0], 1).unfold(3, size[1], 1)  # a view of every piece that there is
    count, _, rows, columns = places.shape[:4]
    if rows == columns == 1:
        return images
    top, left = (torch.randint(there, (count,), generator=generator) for there in (rows, columns))
    every = torch.arange(count, device=images.device)
    return places[every, :, top.to(images.device), left.to(images.device)]


def flip(images: Tensor, axis: int, p: float, generator: Generator) -> Tensor:
    """A part of the images mirrored along an axis."""
    chosen = torch.rand(len(images), generator=generator) < p
    return torch.where(_for_each(chosen, images), images.flip(axis), images)


def turn(images: Tensor, generator: Generator) -> Tensor:
    """Each image turned by 0, 90, 180 or 270 degrees; they are square."""
    quarters = torch.randint(4, (len(images),), generator=generator)
    images = torch.where(_for_each(quarters % 2 == 1, images), images.rot90(1, (2, 3)), images)
    return torch.where(_for_each(quarters > 1, images), images.rot90(2, (2, 3)), images)


def _for_each(chosen: Tensor, images: Tensor) -> Tensor:
    return chosen.to(images.device).view(-1, 1, 1, 1)
