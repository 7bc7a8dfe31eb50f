"""Intervals that move along an axis: which positions of a network's input the positions of a node read.

Exact: what a position reads through one path is an interval that repeats, further on, after some positions, and an
interval through all paths is the hull of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import gcd, lcm
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from cnndsl.layers.reach import LONGEST_PERIOD, Reach, Reaches, Taps

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["Field", "Interval", "Strand", "Unfollowed", "joined", "through"]

Interval = tuple[int, int]
"""The first position and the last."""

_MOST_STRANDS = 16


class Unfollowed(Exception):
    """An interval is not known, or repeats too late to be followed."""


class Strand(NamedTuple):
    """An interval of the input for every position along an axis of a node.

    Attributes:
        axis: the axis of the node; None where all its positions read the same.
        spans: the intervals of the first positions, as many as it takes until they repeat; None for nothing.
        advance: by how much they have moved on where they repeat.
    """

    axis: int | None
    spans: tuple[Interval | None, ...]
    advance: int

    def at(self, position: int) -> Interval | None:
        """What a position reads.

        Raises:
            Undecided: the position is open, and its place among those that repeat with it.
        """
        rounds, phase = divmod(position, len(self.spans)) if len(self.spans) > 1 else (position, 0)
        span = self.spans[phase]
        if span is None or not self.advance:
            return span
        moved = self.advance * rounds
        return span[0] + moved, span[1] + moved

    def over(self, taps: Taps) -> Interval | None:
        """What several positions read together.

        A strand never moves back from one round to the next: of the taps that repeat, the first and the last count.
        """
        first, last, step = taps
        if last < first:
            return None
        if len(self.spans) == 1:
            lowest, highest = self.at(first), self.at(last)
        else:
            others = min((last - first) // step + 1, len(self.spans) // gcd(len(self.spans), step))
            lowest = hull(self.at(first + other * step) for other in range(others))
            highest = hull(self.at(last - other * step) for other in range(others))
        return (lowest[0], highest[1]) if lowest and highest else None

    def through(self, reach: Reach) -> Strand:
        """What is read of the input by a layer behind that reaches for this axis.

        Raises:
            Unfollowed: it repeats too late.
        """
        count, period = len(reach.taps), len(self.spans)
        rounds = period // gcd(period, reach.advance)
        if count * rounds > LONGEST_PERIOD:
            raise Unfollowed
        spans = tuple(
            self.over(Taps(taps.first + moved, taps.last + moved, taps.step))
            for moved in range(0, rounds * reach.advance or 1, reach.advance or 1)
            for taps in reach.taps
        )
        return Strand(reach.axis, spans, self.advance * (rounds * reach.advance // period))

    def __or__(self, other: Strand) -> Strand:
        """Both, where they move equally fast along the same axis.

        Raises:
            Unfollowed: that repeats too late.
        """
        period = lcm(len(self.spans), len(other.spans))
        if period > LONGEST_PERIOD:
            raise Unfollowed
        spans = tuple(hull((self.at(position), other.at(position))) for position in range(period))
        return Strand(self.axis, spans, self.advance * (period // len(self.spans)))

    @property
    def pace(self) -> tuple[int | None, int, int]:
        """Its axis, and how fast it moves along it as a reduced fraction."""
        shared = gcd(self.advance, len(self.spans))
        return self.axis, self.advance // shared, len(self.spans) // shared


class Field(NamedTuple):
    """What the positions of a node read along one axis of an input: the hull of some strands, no two of one pace."""

    strands: tuple[Strand, ...]

    def at(self, positions: tuple[int, ...]) -> Interval | None:
        """What the node's position reads, by its place along each of the node's axes; None for nothing.

        Raises:
            Undecided: it depends on open sizes which it is.
        """
        return hull(strand.at(0 if strand.axis is None else positions[strand.axis]) for strand in self.strands)

    def size(self, extents: tuple[int, ...]) -> int:
        """The length of the longest interval that a position of a node of these extents reads; 0 where none does.

        Raises:
            Unfollowed: it is too far to look for.
            Undecided: it depends on open sizes which it is.
        """
        return max((_longest(one, other, extents) for one in self.strands for other in self.strands), default=0)

    @property
    def stride(self) -> int | Fraction | None:
        """By how much it moves from a position to the next, on average over those that repeat.

        None where it stays where it is, and where several paths move at different paces. Beside a path that moves, one
        that stays (a gate) does not count.
        """
        paces = {(advance, period) for _, advance, period in (strand.pace for strand in self.strands) if advance}
        if len(paces) != 1:
            return None
        ((advance, period),) = paces
        if period == 1:
            return advance
        from fractions import Fraction

        return Fraction(advance, period)


def hull(spans: Iterable[Interval | None]) -> Interval | None:
    """The interval from the first position of some intervals to the last."""
    present = [span for span in spans if span is not None]
    if len(present) < 2:
        return present[0] if present else None
    return min(map(itemgetter(0), present)), max(map(itemgetter(1), present))


def through(field: Field, reaches: tuple[Reaches, ...]) -> Field:
    """The field of a layer that reaches for the axes of what has this field.

    Raises:
        Unfollowed: it is not known, or repeats too late.
        Undecided: it depends on open sizes which it is.
    """
    return _field(_strands_through(field, reaches))


def _strands_through(field: Field, reaches: tuple[Reaches, ...]) -> Iterator[Strand]:
    for strand in field.strands:
        if strand.axis is None:
            yield strand
            continue
        ways = reaches[strand.axis]
        if ways is None:
            raise Unfollowed
        yield from map(strand.through, ways)


def joined(fields: Iterable[Field]) -> Field:
    """What several read together.

    Raises:
        Unfollowed: that repeats too late.
        Undecided: it depends on open sizes which it is.
    """
    first, *others = dict.fromkeys(fields)
    return _field((*first.strands, *(strand for other in others for strand in other.strands))) if others else first


def _field(strands: Iterable[Strand]) -> Field:
    by_pace: dict[tuple[int | None, int, int], Strand] = {}
    for strand in strands:
        before = by_pace.setdefault(strand.pace, strand)
        if before is not strand:
            by_pace[strand.pace] = before | strand
    if len(by_pace) > _MOST_STRANDS:
        raise Unfollowed
    return Field(tuple(by_pace.values()))


def _longest(upper: Strand, lower: Strand, extents: tuple[int, ...]) -> int:
    """How far the end of one strand lies behind the start of another at most, both included, where both are."""
    axes = {upper.axis, lower.axis} - {None}
    if len(axes) == 2:
        pairs = [(hull(map(upper.at, _ends(extents, upper))), hull(map(lower.at, _ends(extents, lower))))]
    else:
        pairs = [(upper.at(place), lower.at(place)) for place in _ends(extents, upper, lower)]
    return max((above[1] - below[0] + 1 for above, below in pairs if above and below), default=0)


def _ends(extents: tuple[int, ...], *strands: Strand) -> Iterator[int]:
    """Places along the axis of some strands, among which are those where they are closest and farthest apart.

    The distance repeats, but for what it always grows or shrinks by: the first places and the last are enough.
    """
    period = lcm(*(len(strand.spans) for strand in strands))
    if period > LONGEST_PERIOD:
        raise Unfollowed
    axis = next((strand.axis for strand in strands if strand.axis is not None), None)
    size = 1 if axis is None else extents[axis]
    count = min(period, size)
    yield from range(count)
    if len({strand.pace for strand in strands}) > 1 or len(strands) == 1:
        yield from (size - 1 - back for back in range(count))
