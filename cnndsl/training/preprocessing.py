"""From pixels to what a network reads, in training, evaluation and prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn.functional import interpolate

from cnndsl.training.constants import LUMA, per_channel

__all__ = ["TEN", "Preprocessing"]

TEN = 10
"""Views in AlexNet's test: the four corners and the middle, and their mirror images (Krizhevsky et al., 2012, 4.1)."""


@dataclass(frozen=True)
class Preprocessing:
    """Size, augmentation or views, normalisation, channels: in this order, on the device where the pixels are.

    Images are first brought to `size`. Training augments them there; evaluation looks at the middle, or at ten places,
    where that is larger than what the network reads.

    Attributes:
        shape: channels, height and width of the map that the network reads.
        is_vector: whether it reads the values of that map in a row.
        mean: of each channel of the data, with pixels from 0 to 1.
        std: likewise.
        white: the pixel that stands for 1.
        size: the height and width that images are brought to: their shorter side is, and their middle is cut out. None
            stands for those of the network, to which they are stretched.
        crops: the views of an image in evaluation, 1 or 10.
    """

    shape: tuple[int, int, int]
    is_vector: bool
    mean: tuple[float, ...]
    std: tuple[float, ...]
    white: float = 255.0
    size: tuple[int, int] | None = None
    crops: int = 1

    def __call__(self, pixels: Tensor) -> Tensor:
        """The input of the network for N x C x H x W pixels, C as in the data: of the middle of each image.

        Pixels are of uint8, uint16 or a floating type.
        """
        return self._entering(_middle(self.whole(pixels), self._wanted))

    def augmented(
        self, pixels: Tensor, augment: Callable[[Tensor, Generator], Tensor] | None, generator: Generator
    ) -> Tensor:
        """The input of the network for such pixels, in training.

        Args:
            pixels: the images.
            augment: changes images with values from 0 to 1; from `augmenter`.
            generator: what it draws from, on the CPU.
        """
        if augment is None:
            return self(pixels)
        images = self.whole(_times(pixels, 1 / self.white))
        return self._entering(augment(images, generator), white=1)

    def views(self, pixels: Tensor) -> Iterator[Tensor]:
        """The inputs of the network whose answers are averaged in evaluation, each for all images."""
        if self.crops != TEN:
            yield self(pixels)
            return
        images = self.whole(pixels)
        for view in _five(images, self._wanted):
            yield self._entering(view)
            yield self._entering(view.flip(3))

    def averaged(self, probabilities: Callable[[Tensor], Tensor], pixels: Tensor) -> Tensor:
        """The mean over the views of what a network answers, N x classes."""
        if self.crops != TEN:
            return probabilities(self(pixels))
        total, *others = map(probabilities, self.views(pixels))
        for other in others:
            total = total + other
        return total / TEN

    def whole(self, pixels: Tensor) -> Tensor:
        """Images of the size that they are brought to; pixels as they are, where they have it."""
        size = self.size or self._wanted
        if pixels.shape[2:] == size:
            return pixels
        return _covering(pixels.float(), size) if self.size else _resized(pixels.float(), size)

    @property
    def _wanted(self) -> tuple[int, int]:
        return self.shape[1:]

    def _entering(self, images: Tensor, white: float | None = None) -> Tensor:
        images = _with_channels(images, len(self.mean))
        images = _with_channels(self._normalised(images, white or self.white), self.shape[0])
        return images.flatten(1) if self.is_vector else images

    def _normalised(self, images: Tensor, white: float) -> Tensor:
        """A multiplication and an addition; this is in the way of every step."""
        scale = per_channel(tuple(1 / (white * std) for std in self.std), images.device)
        offset = per_channel(tuple(-mean / std for mean, std in zip(self.mean, self.std, strict=True)), images.device)
        return _times(images, scale).add_(offset)


def _with_channels(images: Tensor, channels: int) -> Tensor:
    """Grey in every channel, or the grey value of colours."""
    given = images.shape[1]
    if channels == given:
        return images
    if channels == 1 and given == len(LUMA):
        return (images * per_channel(LUMA, images.device)).sum(dim=1, keepdim=True)
    return images.expand(-1, channels, -1, -1)


def _times(pixels: Tensor, factor: Tensor | float) -> Tensor:
    """New numbers in float32."""
    return pixels * factor if pixels.dtype == torch.float32 else pixels.float().mul_(factor)


def _resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    shrinks = images.shape[2] > size[0] or images.shape[3] > size[1]
    return interpolate(images, size=size, mode="bilinear", antialias=shrinks)


def _covering(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Resized to cover a size without a change of shape, and what lies over cut off on both sides."""
    height, width = images.shape[2:]
    scale = max(size[0] / height, size[1] / width)
    covering = (max(size[0], round(height * scale)), max(size[1], round(width * scale)))
    return _middle(images if covering == (height, width) else _resized(images, covering), size)


def _middle(images: Tensor, size: tuple[int, int]) -> Tensor:
    if images.shape[2:] == size:
        return images
    return _piece(images, size, *((there - wanted) // 2 for there, wanted in zip(images.shape[2:], size, strict=True)))


def _five(images: Tensor, size: tuple[int, int]) -> Iterator[Tensor]:
    """The four corners and the middle."""
    below, right = images.shape[2] - size[0], images.shape[3] - size[1]
    for top in (0, below):
        for left in (0, right):
            yield _piece(images, size, top, left)
    yield _middle(images, size)


def _piece(images: Tensor, size: tuple[int, int], top: int, left: int) -> Tensor:
    return images[:, :, top : top + size[0], left : left + size[1]]
