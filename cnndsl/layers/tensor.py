"""The type of what flows along an arrow."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from cnndsl.layers.extent import spelled

__all__ = ["TensorType", "a_size", "by_x"]


class TensorType(NamedTuple):
    """A map, C x spatial extents, or a vector of C, which has no spatial extents. The batch is implied.

    A 1x1 map is not a vector: `512x1x1` and `512` are two types. Sizes may be open (`cnndsl.layers.extent`).
    """

    channels: int
    spatial: tuple[int, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """All extents, channels first, without the batch axis."""
        return (self.channels, *self.spatial)

    @property
    def rank(self) -> int:
        """How many spatial axes there are; 0 for a vector."""
        return len(self.spatial)

    @property
    def elements(self) -> int:
        """How many numbers one sample holds."""
        return prod(self.shape)

    def __str__(self) -> str:
        return by_x(self.shape)


def by_x(extents: tuple[int, ...]) -> str:
    """`64x7x7`, `64x(H//2)x(W//2)`: extents as the language writes them."""
    return "x".join(map(spelled, extents)) if len(extents) > 1 else "".join(map(str, extents))


def a_size(extents: tuple[int, ...]) -> str:
    """`a 7x7`, `an 8x8`, `an HxW`: extents with their article."""
    first = str(extents[0]).lstrip("(")
    return f"{'an' if first.startswith(('8', 'H')) or first in ('11', '18') else 'a'} {by_x(extents)}"
