"""A picture that is too long is broken into columns, or rows, side by side."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, inf

from cnndsl.backends.pictures.canvas import Clip, Curve, Ellipse, Group, Item, Point, Text
from cnndsl.backends.pictures.themes import Theme

__all__ = ["LONGEST", "Piece", "broken"]

LONGEST = 3000.0
"""Points that a picture is high, or wide, before it is broken: 4,000 pixels of CSS."""

_SLACK = 1.12
"""How much longer than all would be, were they equal, a column may become for the sake of a better place to break."""

_LENGTH = 3
"""How many arrows or frames may go on for a column that is as long as can be, rather than short."""

_NARROWEST = 1.5
"""Points between two ends of something where it can be broken."""

_GAP = 28.0
"""Points between columns."""

_MARK = 12.0
"""Points that a mark is wide where an arrow goes on elsewhere."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Something of a picture.

    Attributes:
        corner: the smallest coordinates of what it covers.
        opposite: the largest.
        is_whole: whether it must not be broken: a box, a text. Arrows and frames go on in the next column.
        is_detail: whether it is left out where it would be broken.
    """

    item: Item
    corner: Point
    opposite: Point
    is_whole: bool
    is_detail: bool = False


def broken(
    pieces: Sequence[Piece], theme: Theme, *, down: bool = True, longest: float = LONGEST
) -> tuple[list[Item], Point]:
    """The items in their columns, from the upper left corner, and the size of all.

    Args:
        pieces: the parts of the picture; what lies below others comes first.
        theme: the colours of the marks where arrows go on.
        down: whether the picture flows downwards and is broken into columns; otherwise into rows.
        longest: points that a column may be long.
    """
    axis = 1 if down else 0
    start = min(piece.corner[axis] for piece in pieces)
    end = max(piece.opposite[axis] for piece in pieces)
    cuts = _cuts(pieces, axis, start, end, longest)
    places = [start, *cuts, end]
    items: list[Item] = []
    offset = length = 0.0
    for number, (begin, finish) in enumerate(pairwise(places)):
        column = _Column(pieces, axis, begin, finish, is_first=number == 0, is_last=number == len(cuts))
        room = _MARK if cuts else 0
        items.extend(column.moved(offset, room, theme))
        offset += column.breadth + _GAP
        length = max(length, finish - begin + 2 * room)
    size = (offset - _GAP, length)
    return items, Point(*size) if down else Point(*reversed(size))


def _cuts(pieces: Sequence[Piece], axis: int, start: float, end: float, most: float) -> list[float]:
    """Where it is broken: between boxes, where few arrows and frames go on."""
    if end - start <= most:
        return []
    room = most - 2 * _MARK
    gaps = list(_gaps(pieces, axis))
    going_on = _GoingOn(pieces, axis)
    cuts: list[float] = []
    while (left := ceil((end - (last := cuts[-1] if cuts else start)) / room)) > 1:
        longest = min(room, (end - last) / left * _SLACK)
        first = max(last + 0.5 * longest, end - (left - 1) * room)  # what is behind it fits into one column less
        within = gaps[bisect_right(gaps, first) : bisect_right(gaps, last + longest)]
        later = gaps[bisect_right(gaps, last) :]
        if not later:
            break
        goodness = {cut: _LENGTH * (cut - last) / longest - going_on.at(cut) for cut in within}
        fits = gaps[bisect_right(gaps, last) : bisect_right(gaps, last + room)] or later[:1]
        cuts.append(max(goodness, key=goodness.__getitem__) if within else fits[-1])
    return cuts


class _GoingOn:
    """Counts the arrows and frames that go on behind a cut."""

    def __init__(self, pieces: Sequence[Piece], axis: int) -> None:
        broken = [piece for piece in pieces if not piece.is_whole]
        self._begins = sorted(piece.corner[axis] for piece in broken)
        self._ends = sorted(piece.opposite[axis] for piece in broken)

    def at(self, cut: float) -> int:
        return bisect_left(self._begins, cut) - bisect_right(self._ends, cut)


def _gaps(pieces: Sequence[Piece], axis: int) -> Iterator[float]:
    """Where it can be broken: wherever nothing is that must stay whole, once between any two ends of something."""
    ends = sorted({end for piece in pieces for end in (piece.corner[axis], piece.opposite[axis])})
    whole = sorted((piece.corner[axis], piece.opposite[axis]) for piece in pieces if piece.is_whole)
    covered, place = -inf, 0
    for begin, end in pairwise(ends):
        while place < len(whole) and whole[place][0] <= begin:
            covered = max(covered, whole[place][1])
            place += 1
        if covered <= begin and end - begin > _NARROWEST:
            yield (begin + end) / 2


class _Column:
    def __init__(
        self, pieces: Sequence[Piece], axis: int, begin: float, end: float, *, is_first: bool, is_last: bool
    ) -> None:
        self._axis, self._begin, self._end = axis, begin, end
        self._is_first, self._is_last = is_first, is_last
        self._pieces = [piece for piece in pieces if self._holds(piece)]
        self._corner = min(piece.corner[1 - axis] for piece in self._pieces)
        self._opposite = max(piece.opposite[1 - axis] for piece in self._pieces)

    @property
    def breadth(self) -> float:
        return self._opposite - self._corner

    def _holds(self, piece: Piece) -> bool:
        begin, end = piece.corner[self._axis], piece.opposite[self._axis]
        if piece.is_whole:
            return self._begin <= (begin + end) / 2 < self._end or (self._is_last and end >= self._end)
        if piece.is_detail:
            return self._begin <= begin and end <= self._end
        return begin < self._end and end > self._begin

    def moved(self, offset: float, room: float, theme: Theme) -> Iterator[Item]:
        """The column at its place, with marks where arrows come from and lead to."""
        items = [piece.item for piece in self._pieces]
        by = self._point(offset - self._corner, room - self._begin)
        if self._is_first and self._is_last:
            yield Group(items, moved=by)
            return
        corner = self._point(self._corner - 1, self._begin)
        size = self._point(self.breadth + 2, self._end - self._begin)
        yield Group(items, clip=Clip(*corner, *size), moved=by)
        if not self._is_first:
            yield from self._marks(self._begin, -_MARK / 2, by, theme)
        if not self._is_last:
            yield from self._marks(self._end, _MARK / 2, by, theme)

    def _marks(self, cut: float, beyond: float, by: Point, theme: Theme) -> Iterator[Item]:
        axis = self._axis
        near = (piece.item for piece in self._pieces if piece.corner[axis] < cut < piece.opposite[axis])
        crossings = (_crossing(item, axis, cut) for item in near if isinstance(item, Curve))
        places = _apart([place for place in crossings if place is not None])
        for number, across in enumerate(places, 1):
            at = self._point(across, cut + beyond)
            center = Point(at.x + by.x, at.y + by.y)
            yield Ellipse(center, _MARK, _MARK, fill=theme.paper, stroke=theme.line, thickness=0.8)
            if len(places) > 1:
                yield Text(Point(center.x, center.y + 2.5), str(number), 7, theme.quiet)

    def _point(self, across: float, along: float) -> Point:
        return Point(across, along) if self._axis == 1 else Point(along, across)


def _apart(places: Sequence[float]) -> list[float]:
    """The places in order, each once: arrows that come from one box may begin on one line."""
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > _NARROWEST:
            found.append(place)
    return found


def _crossing(curve: Curve, axis: int, cut: float) -> float | None:
    """Where a curve goes across a cut, if it does."""
    points = list(_drawn(curve))
    for before, behind in pairwise(points):
        if (before[axis] < cut) != (behind[axis] < cut):
            share = (cut - before[axis]) / (behind[axis] - before[axis])
            return before[1 - axis] + share * (behind[1 - axis] - before[1 - axis])
    return None


def _drawn(curve: Curve) -> Iterator[Point]:
    """Points along a curve, sixteen of each piece, and the tip of its arrow."""
    yield curve.points[0]
    for place in range(0, len(curve.points) - 1, 3):
        a, b, c, d = curve.points[place : place + 4]
        for step in range(1, 17):
            t = step / 16
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
            yield Point(*(sum(w * p[i] for w, p in zip(weights, (a, b, c, d), strict=True)) for i in (0, 1)))
    if curve.arrow is not None:
        yield curve.arrow
