"""Images in memory, and what a run keeps of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnndsl.training.left_out import LeftOut

__all__ = ["Facts", "Images", "chunks", "facts", "white_of"]

CHUNK = 2**18
"""Values that are looked at together, two megabytes of them in float64: what a core keeps near itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a run keeps of its data.

    Attributes:
        name: of the data set.
        shape: channels, height and width of an image.
        classes: the names of the classes, in the order of the network's outputs.
        mean: of each channel of the training images, with pixels from 0 to 1.
        std: likewise; never 0.
        white: the value of a pixel that stands for 1.
    """

    name: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    white: float = 255.0


@dataclass(frozen=True, eq=False)
class Images:
    """Images with their classes.

    Attributes:
        pixels: N x C x H x W in uint8, uint16 or float32; C is 1 (grey), 3 (red, green, blue), or a number of bands.
        labels: N, int64, indices into `classes`.
        classes: the names of the classes.
        white: what pixels are divided by to lie in 0..1; see `white_of`.
        left_out: what the data set holds besides and is not used.
    """

    pixels: NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    white: float = 255.0
    left_out: tuple[LeftOut, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        _, channels, height, width = self.pixels.shape
        return channels, height, width

    @property
    def channels(self) -> int:
        return self.shape[0]

    def subset(self, indices: NDArray[np.int64]) -> Images:
        """Those with these indices."""
        return replace(self, pixels=self.pixels[indices], labels=self.labels[indices])

    def facts(self, name: str) -> Facts:
        """What there is to know of them as the training part of the data set of this name."""
        return facts(name, self.shape, self.classes, self.white, self.samples())

    def samples(self) -> Iterator[NDArray[Any]]:
        """What statistics are made of: all of them, a few at a time, n x C x H x W."""
        return chunks(self.pixels)


def white_of(pixels: NDArray[Any]) -> float:
    """The value of a pixel that stands for 1.

    For whole numbers it is the largest of their type, 255 or 65535. For floating-point numbers it is 1 where none is
    larger, else the largest; a negative number counts without its sign. The two parts of a data set share the value of
    the training part.
    """
    if pixels.dtype.kind == "u":
        return float(np.iinfo(pixels.dtype).max)
    return max(1.0, *(float(np.abs(chunk).max(where=np.isfinite(chunk), initial=0)) for chunk in chunks(pixels)))


def chunks(pixels: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """The images a few at a time, so that a copy of some in another type is no copy of all."""
    step = max(1, CHUNK // max(1, pixels[:1].size))
    return (pixels[start : start + step] for start in range(0, len(pixels), step))


def facts(
    name: str, shape: tuple[int, int, int], classes: tuple[str, ...], white: float, parts: Iterable[NDArray[Any]]
) -> Facts:
    """Facts, with mean and standard deviation of the images in these parts, each n x C x H x W."""
    mean, std = _statistics(parts, shape[0])
    return Facts(
        name=name,
        shape=shape,
        classes=classes,
        mean=tuple((mean / white).tolist()),
        std=tuple(each or 1.0 for each in (std / white).tolist()),
        white=white,
    )


def _statistics(parts: Iterable[NDArray[Any]], channels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each channel, from sums of deviations from a value near the mean.

    With a value far from it, as 0 may be, the difference of two large sums would lose the digits of a small deviation
    (Chan, Golub & LeVeque, 1983).
    """
    near: NDArray[np.float64] | None = None
    total, squares, count = np.zeros(channels), np.zeros(channels), 0
    for part in parts:
        if near is None:
            near = part.mean(axis=(0, 2, 3), dtype=np.float64)
        deviations = np.subtract(part, near[:, None, None], dtype=np.float64)
        total += deviations.sum(axis=(0, 2, 3))
        squares += np.einsum("nchw,nchw->c", deviations, deviations)
        count += part[:, 0].size
    if near is None:
        return np.zeros(channels), np.ones(channels)
    mean = total / count
    return near + mean, np.sqrt(np.maximum(squares / count - mean**2, 0))
