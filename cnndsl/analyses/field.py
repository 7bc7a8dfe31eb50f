"""Intervals that move along an axis: which positions of a network's input the positions of a node read.

Exact: what a position reads through one path is an interval that repeats, further on, after some positions, and an
interval through all paths is the hull of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, permutations
from math import gcd, lcm
from operator import index, itemgetter
from typing import TYPE_CHECKING, NamedTuple

from cnndsl.layers.reach import Reach, Reaches, Taps

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["Field", "Interval", "Strand", "Unfollowed", "hull", "joined", "point", "through"]

Interval = tuple[int, int]
"""The first position and the last."""

_AT_ONCE = 64
_MOST_LATE = 80
_MOST_STRANDS = 16
_MOST_PLACES = 4096


class Unfollowed(Exception):
    """An interval is not known, or too much would have to be looked at."""


class Strand:
    """An interval of the input for every position along an axis of a node.

    The intervals of a short period are found at once, those of a long one when they are asked for: a map that is
    resized several times has fewer positions than it would take until they repeat.

    Attributes:
        axis: the axis of the node; None where all its positions read the same.
        period: after so many positions the intervals repeat.
        advance: by how much they have moved on then; 0 only where there is no axis.
    """

    __slots__ = ("_find", "_known", "_late", "advance", "axis", "period")

    def __init__(
        self, axis: int | None, period: int, advance: int, find: Callable[[int], Interval | None], late: int = 0
    ) -> None:
        """A strand whose first intervals `find` gives, None for nothing; `late` are found late one from another.

        Raises:
            Unfollowed: these are too many.
        """
        self.axis, self.period, self.advance = axis, period, advance
        self._find = find
        self._late = late + 1 if period > _AT_ONCE else 0
        if self._late > _MOST_LATE:
            raise Unfollowed
        self._known = {} if self._late else {phase: find(phase) for phase in range(period)}

    def at(self, position: int) -> Interval | None:
        """What a position reads.

        Raises:
            Undecided: the position is open, and its place among those that repeat with it.
        """
        rounds, phase = divmod(position, self.period) if self.period > 1 else (position, 0)
        if phase not in self._known:
            self._known[phase] = self._find(index(phase))
        span = self._known[phase]
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
        if self.period == 1:
            lowest, highest = self.at(first), self.at(last)
        else:
            others = min((last - first) // step + 1, self.period // gcd(self.period, step))
            lowest = hull(self.at(first + other * step) for other in range(others))
            highest = hull(self.at(last - other * step) for other in range(others))
        return (lowest[0], highest[1]) if lowest and highest else None

    def through(self, reach: Reach) -> Strand:
        """What is read of the input by a layer that reads what has this strand, along its axis, in this way.

        Raises:
            Unfollowed: too much would have to be looked at.
        """
        axis, taps, advance = reach
        count = len(taps)
        rounds = self.period // gcd(self.period, advance)

        def find(phase: int) -> Interval | None:
            (first, last, step), moved = taps[phase % count], phase // count * advance
            return self.over(Taps(first + moved, last + moved, step))

        return Strand(axis, count * rounds, self.advance * (rounds * advance // self.period), find, self._late)

    def __or__(self, other: Strand) -> Strand:
        """Both, where they move equally fast along the same axis.

        Raises:
            Unfollowed: too much would have to be looked at.
        """
        period = lcm(self.period, other.period)

        def find(phase: int) -> Interval | None:
            return hull((self.at(phase), other.at(phase)))

        advance = self.advance * (period // self.period)
        return Strand(self.axis, period, advance, find, max(self._late, other._late))

    @property
    def pace(self) -> tuple[int | None, int, int]:
        """Its axis, and how fast it moves along it as a reduced fraction."""
        shared = gcd(self.advance, self.period)
        return self.axis, self.advance // shared, self.period // shared


def point(axis: int) -> Strand:
    """Every position reads itself."""
    return Strand(axis, 1, 1, lambda phase: (phase, phase))


_NOTHING = Strand(None, 1, 0, lambda phase: None)


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
            Unfollowed: too much would have to be looked at.
            Undecided: it depends on open sizes which it is.
        """
        first, *others = self.strands or (_NOTHING,)
        if first.period == 1 and not others:
            return _length(first.at(0))
        axes = sorted({strand.axis for strand in self.strands if strand.axis is not None})
        if len(axes) < 2:
            return max(map(_length, _hulls(self.strands, extents)), default=0)
        apart = [[strand for strand in self.strands if strand.axis in (None, axis)] for axis in axes]
        found = [[span for span in _hulls(strands, extents, to_the_end=True) if span] for strands in apart]
        wholes = [whole for whole in map(hull, found) if whole]
        across = ((one[0], other[1]) for one, other in permutations(wholes, 2))
        return max(map(_length, (*chain(*found), *across)), default=0)

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
    first, *others = fields
    return _field((*first.strands, *(strand for other in others for strand in other.strands))) if others else first


def _field(strands: Iterable[Strand]) -> Field:
    strands = tuple(strands)
    if len(strands) == 1:
        return Field(strands)
    by_pace: dict[tuple[int | None, int, int], Strand] = {}
    for strand in strands:
        before = by_pace.setdefault(strand.pace, strand)
        if before is not strand:
            by_pace[strand.pace] = before | strand
    if len(by_pace) > _MOST_STRANDS:
        raise Unfollowed
    return Field(tuple(by_pace.values()))


def _length(span: Interval | None) -> int:
    return 0 if span is None else span[1] - span[0] + 1


def _hulls(strands: Iterable[Strand], extents: tuple[int, ...], to_the_end: bool = False) -> Iterator[Interval | None]:
    """What places along one axis read, among them those that read most.

    How far an end of a strand lies from an end of another repeats, but for what it always grows or shrinks by: the
    first places and the last are enough; of a single strand the first, unless it is to be followed to the end.
    """
    together = tuple(strands)
    axis = next((strand.axis for strand in together if strand.axis is not None), None)
    size = 1 if axis is None else extents[axis]
    count = min(lcm(*(strand.period for strand in together)), size)
    if count > _MOST_PLACES:
        raise Unfollowed
    places = [range(count)]
    if (len(together) > 1 or to_the_end) and count < size:
        places.append(
            range(size - count, size) if isinstance(size, int) else [size - back for back in range(1, count + 1)]
        )
    return (hull(strand.at(place) for strand in together) for some in places for place in some)
