"""What a position of a layer's output reads of its inputs, one spatial axis at a time.

Positions are counted from 0 and not clipped: what lies before 0 or behind the end is padding. Padding is taken to hold
nothing, whatever its mode. Channels are not told apart.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import gcd
from typing import NamedTuple

from cnndsl.layers.conditions import agree
from cnndsl.layers.extent import Extent, for_large_sizes
from cnndsl.layers.tensor import TensorType

__all__ = [
    "LONGEST_PERIOD",
    "NOTHING",
    "Reach",
    "Reaches",
    "Taps",
    "everywhere",
    "matching",
    "pointwise",
    "scaled",
    "shifted",
]

LONGEST_PERIOD = 4096
"""What repeats later than this is not followed."""


class Taps(NamedTuple):
    """The positions `first`, `first + step`, ... up to `last`; none where `last` is smaller."""

    first: int
    last: int
    step: int = 1


NOTHING = Taps(0, -1)


class Reach(NamedTuple):
    """What the positions along an axis of the output read along an axis of an input.

    Attributes:
        axis: the axis of the output; None where all its positions read the same.
        taps: what the first positions read, as many as it takes until that repeats.
        advance: by how much it has moved on where it repeats. A window: one entry, and its stride.
    """

    axis: int | None
    taps: tuple[Taps, ...]
    advance: int


Reaches = tuple[Reach, ...] | None
"""What is read along one axis of an input, by every way there is through the layer; None where that is not known."""


def shifted(axis: int, first: int) -> tuple[Reach, ...]:
    """Every position reads one, as far along: the first reads `first`."""
    return (Reach(axis, (Taps(first, first),), 1),)


@lru_cache(maxsize=64)
def pointwise(rank: int) -> tuple[Reaches, ...]:
    """Every position reads the one at its place."""
    return tuple(shifted(axis, 0) for axis in range(rank))


def everywhere(entering: TensorType) -> tuple[Reaches, ...]:
    """Every position reads the whole map."""
    return tuple((Reach(None, (Taps(0, size - 1),), 0),) for size in entering.spatial)


def matching(entering: TensorType, output: TensorType) -> tuple[Reaches, ...]:
    """Every position reads the one at its place, or the whole map where the places are not the same.

    So do the inputs of a merge: of a gate that has one position, that one is all there is.
    """
    is_same = entering.rank == output.rank and all(map(_fits, entering.spatial, output.spatial))
    return pointwise(output.rank) if is_same else everywhere(entering)


def _fits(size: int, other: int) -> bool:
    return size == other or (size != 1 and agree(size, other))


def scaled(axis: int, size: int, steps: int, taps: Callable[[int, int, int], Taps]) -> Reaches:
    """What `steps` positions read that are spread evenly over `size`: `taps(i, a, b)` where a/b is size/steps.

    None where the ratio of open sizes is not the same for all of them, or does not repeat soon.
    """
    size, steps = _reduced(size, steps)
    if steps == 0 or steps > LONGEST_PERIOD:
        return None
    return (Reach(axis, tuple(taps(position, size, steps) for position in range(steps)), size),)


def _reduced(size: int, steps: int) -> tuple[int, int]:
    """Both without their common factor; zeros where they are formulas and have no fixed ratio."""
    numbers = (for_large_sizes(size), for_large_sizes(steps))
    shared = gcd(*numbers)
    reduced = (numbers[0] // shared, numbers[1] // shared)
    are_open = isinstance(size, Extent) or isinstance(steps, Extent)
    return (0, 0) if are_open and size * reduced[1] != steps * reduced[0] else reduced
