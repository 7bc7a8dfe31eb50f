"""What the networks of the lectures come to, worked out: kernel times inputs plus one bias, times filters."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from references.counts import Counts

if TYPE_CHECKING:
    from collections.abc import Iterator


def convolutions(image: tuple[int, int], widths: tuple[int, ...], shrinks: tuple[bool, ...]) -> Iterator[Counts]:
    """Convolutions of 3x3 that keep the size, each followed by a 2x2 pooling or not; `image` is channels and side."""
    channels, side = image
    for width, shrink in zip(widths, shrinks, strict=True):
        yield Counts(9 * channels * width + width, 9 * channels * width * side**2)
        channels, side = width, side // 2 if shrink else side


def dense(*units: int) -> Iterator[Counts]:
    """Fully connected layers from the first number of units to the last."""
    for before, after in pairwise(units):
        yield Counts(before * after + after, before * after)


def total(*layers: Counts) -> Counts:
    return Counts(sum(layer.params for layer in layers), sum(layer.macs for layer in layers))


def pattern(widths: tuple[int, ...], shrinks: tuple[bool, ...], *units: int) -> Counts:
    return total(*convolutions((3, 32), widths, shrinks), *dense(*units))


SLOPES = ("prewittx", "prewitty", "sobelx", "sobely")

REFERENCES = {
    # what each line of the lecture means by the rules of the language: 64 filters first, doubled behind a pooling,
    # 256 hidden units, 10 classes
    "lecture-linear": pattern((), (), 3 * 32**2, 10),
    "lecture-one-conv": pattern((64,), (False,), 64 * 32**2, 10),
    "lecture-conv-pool": pattern((64, 128), (True, True), 128 * 8**2, 256, 10),
    "lecture-stacked": pattern((64, 64, 128, 128, 256, 256), (False, True) * 3, 256 * 4**2, 256, 256, 10),
    "lecture-arrows": pattern((64, 64, 128, 128, 256, 256), (False, True) * 3, 256 * 4**2, 10),
    "lecture-pattern": pattern((64, 64, 128, 128, 256, 256), (False, True) * 3, 256 * 4**2, 256, 10),
    # widths of our own
    "pattern-conv-pool": pattern((16, 32), (True, True), 32 * 8**2, 128, 10),
    "pattern-stacked": pattern((32, 32, 64, 64, 128, 128), (False, True) * 3, 128 * 4**2, 10),
    # the bands of Sentinel-2, 64x64, as the lecture's table of layers
    "euronet": total(
        *convolutions((13, 64), (28, 28, 56, 56, 112, 112), (False, True) * 3), *dense(112 * 8**2, 784, 10)
    ),
    # the exercise's own sum: 8 filters of 3x3, 16 of 5x5 with stride 2, 512 and 4 nodes
    "cs109a": total(
        Counts(8 * 3 * 3 * 3 + 8, 8 * 3 * 3 * 3 * 32 * 32),
        Counts(16 * 5 * 5 * 8 + 16, 16 * 5 * 5 * 8 * 16 * 16),
        *dense(16 * 16 * 16, 512, 4),
    ),
    "linear-mnist": total(*dense(28 * 28, 10)),
    "linear-cifar10": total(*dense(3 * 32 * 32, 10)),
    "mlp-mnist": total(*dense(28 * 28, 300, 100, 10)),
    "mlp-imagenet": total(*dense(3 * 224 * 224, 128, 1000)),
    # a fixed kernel of 3x3 over each of three channels of 224x224; the mask is two kernels added
    **{
        f"filter-{name}": Counts(0, 9 * 3 * 224**2)
        for name in ("identity", "corners", "laplace", "edges", "sharpen", "box", "gauss", *SLOPES)
    },
    "filter-mask": Counts(0, 2 * 9 * 3 * 224**2),
}
