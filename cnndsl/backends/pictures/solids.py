"""Boxes in perspective: how large a shape is drawn, and its three faces."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from cnndsl.backends.pictures.canvas import Curve, Item, Point, Polygon, Rectangle
from cnndsl.layers import TensorType
from cnndsl.layers.extent import for_small_sizes

__all__ = ["Scale", "Solid", "faces", "mixed", "straight"]

_FACE, _LEAST_FACE = 88.0, 10.0
"""Points of the longest side of a front face in a picture, and of the shortest."""

_DEPTH, _LEAST_DEPTH = 46.0, 4.0
"""Points of the edge along the channels, of the map with most and with fewest."""

_MANY_CHANNELS = 48
"""Channels that are drawn as deep as can be at the least, however few there are in all maps."""

_ASIDE, _UP = 0.72, 0.52
"""How much further right and further up what lies a point deeper is drawn."""

_BAR, _BAR_DEPTH = 10.0, 8.0
"""Points of the width and the depth of a vector."""

_BY_SIDE, _BY_CHANNELS, _BY_UNITS = 0.42, 0.4, 0.25
"""Exponents: sizes differ by factors of hundreds, and drawn ones by less."""

_UNIT = 16.0
"""Points that a vector of one is high."""

_HIGHEST_BAR = 190.0

_MOST_SLICES = 16
_THINNEST_SLICE = 1.6
"""Points of depth; thinner ones would be a grey face."""

_LIGHTER, _DARKER = 0.5, 0.16
"""Shares of white in what fills the top, of a colour that is nearly white, and of black in the side."""


@dataclass(frozen=True, slots=True)
class Solid:
    """What a shape is drawn as.

    Attributes:
        width: of the front face, in points.
        height: of the front face.
        depth: along the third axis.
        slices: in how many it is cut along the third axis: the channels, where they are few, or frames.
        is_bar: whether it has no positions that a window could lie on.
    """

    width: float
    height: float
    depth: float
    slices: int = 1
    is_bar: bool = False

    @property
    def aside(self) -> float:
        """How much further right than the front face it reaches."""
        return _ASIDE * self.depth

    @property
    def above(self) -> float:
        """How much further up than the front face it reaches."""
        return _UP * self.depth

    @property
    def breadth(self) -> float:
        return self.width + self.aside

    @property
    def exit(self) -> float:
        """How far right of the left edge of the front face it ends at the height of the middle of that face."""
        return self.width + self.aside * min(1.0, self.height / 2 / self.above)


class Scale:
    """How large shapes are drawn beside others: the larger the larger, and all so that they can be seen."""

    def __init__(self, types: Sequence[TensorType]) -> None:
        maps = [type for type in types if _is_map(type)]
        self._side = max((_closed(extent) for type in maps for extent in type.spatial[-2:]), default=1)
        self._channels = max(_MANY_CHANNELS, *(_closed(type.channels) for type in maps), 1)

    def solid(self, type: TensorType) -> Solid:
        """The box for a shape; a vector, or a map of one position, is a bar."""
        if not _is_map(type):
            return Solid(_BAR, self._bar(type), _BAR_DEPTH, is_bar=True)
        if type.rank == 1:  # channels by time, as a spectrogram has it
            return Solid(self._face(type.spatial[0]), self._sheet(type), _LEAST_DEPTH)
        height, width = map(self._face, type.spatial[-2:])
        depth = self._depth(type)
        pieces = min(_closed(type.channels if type.rank == 2 else type.spatial[0]), _MOST_SLICES + 1)
        is_cut = pieces <= _MOST_SLICES and depth / pieces >= _THINNEST_SLICE
        return Solid(width, height, depth, pieces if is_cut else 1)

    def window(self, solid: Solid, type: TensorType, extents: Sequence[int]) -> Point:
        """How large a window on the front face is drawn, the true share of it."""
        sizes = [*zip(extents, type.spatial, strict=True)][-2:]
        shares = [min(1.0, _closed(extent) / _closed(size)) for extent, size in sizes]
        high, wide = shares if len(shares) == 2 else (1.0, shares[0])
        return Point(max(_LEAST_DEPTH, wide * solid.width), max(_LEAST_DEPTH, high * solid.height))

    def share(self, channels: int) -> float:
        """What a number of channels is of others that are drawn together."""
        return float(_closed(channels))

    def _face(self, extent: int) -> float:
        return max(_LEAST_FACE, _FACE * math.pow(_closed(extent) / self._side, _BY_SIDE))

    def _depth(self, type: TensorType) -> float:
        return max(_LEAST_DEPTH, _DEPTH * math.pow(_closed(type.channels) / self._channels, _BY_CHANNELS))

    def _sheet(self, type: TensorType) -> float:
        return max(_LEAST_FACE, _FACE * math.pow(_closed(type.channels) / self._channels, _BY_SIDE))

    def _bar(self, type: TensorType) -> float:
        return min(_HIGHEST_BAR, _UNIT * math.pow(_closed(type.channels), _BY_UNITS))


def _is_map(type: TensorType) -> bool:
    return any(extent != 1 for extent in type.spatial)


def _closed(extent: int) -> int:
    return max(1, for_small_sizes(extent))


def faces(solid: Solid, at: Point, shares: Sequence[tuple[float, str]], line: str, thickness: float) -> Iterator[Item]:
    """The shapes of a box, whose front face has its upper left corner at a point.

    Args:
        solid: the box.
        at: that point.
        shares: what it consists of from front to back, and the colour of each.
        line: the colour of the edges.
        thickness: of the edges, in points.
    """
    x, y = at
    total = sum(share for share, _ in shares)
    depths = [end / total * solid.depth for end in accumulate((share for share, _ in shares), initial=0)]
    for (begin, end), (_, colour) in zip(pairwise(depths), shares, strict=True):
        near, far = _behind(at, begin), _behind(at, end)
        top = [near, Point(near.x + solid.width, near.y), Point(far.x + solid.width, far.y), far]
        yield Polygon(top, mixed(colour, "#ffffff", _LIGHTER * _brightness(colour)), line, thickness)
        side = [top[1], top[2]]
        side += [Point(point.x, point.y + solid.height) for point in reversed(side)]
        yield Polygon(side, mixed(colour, "#000000", _DARKER), line, thickness)
    for place in range(1, solid.slices):
        cut = _behind(at, place / solid.slices * solid.depth)
        corner = Point(cut.x + solid.width, cut.y)
        ends = cut, corner, Point(corner.x, corner.y + solid.height)
        yield straight(*ends, stroke=mixed(line, shares[0][1], 0.4), thickness=thickness / 2)
    yield Rectangle(x, y, solid.width, solid.height, shares[0][1], line, thickness)


def _brightness(colour: str) -> float:
    """From 0.4 for black to 1 for white: what is dark on a dark page stays so."""
    return 0.4 + 0.6 * sum(int(colour[at : at + 2], 16) for at in (1, 3, 5)) / (3 * 255)


def _behind(point: Point, depth: float) -> Point:
    return Point(point.x + _ASIDE * depth, point.y - _UP * depth)


def straight(*points: Point, stroke: str, thickness: float, arrow: Point | None = None) -> Curve:
    """A line through points without bows."""
    first, *others = points
    bent = [first]
    for point in others:
        bent += [bent[-1], point, point]
    return Curve(bent, stroke, thickness, arrow=arrow)


def mixed(colour: str, other: str, share: float) -> str:
    """A colour with a share of another in it."""
    pairs = ((int(one[at : at + 2], 16) for one in (colour, other)) for at in (1, 3, 5))
    return "#" + "".join(f"{round((1 - share) * one + share * two):02x}" for one, two in pairs)
