"""A place for everything that flows from left to right: columns along the flow, lanes for branches.

A thing stands in the column behind the last of those that it comes from. Where a column has one thing alone, the
picture is narrow; between two such columns what hangs together is a branch, and branches lie above each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

__all__ = ["Arc", "Bend", "Lanes", "Room", "lanes"]

_BETWEEN = 12.0
"""Points between branches."""

_ABOVE = 11.0
"""Points from what an arc passes over to the arc, and from one arc to the next."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a thing takes up: points above and below the line that its arrows come in and go out on."""

    up: float
    down: float


@dataclass(frozen=True, slots=True)
class Arc:
    """A way over the others, from one thing to another.

    Attributes:
        room: points above it for what is written there.
    """

    source: int
    target: int
    room: float = 0


@dataclass(frozen=True, slots=True)
class Bend:
    """A place that an arrow goes through, in a column where neither of its ends is."""

    column: int
    y: float


@dataclass(frozen=True, slots=True)
class Lanes:
    """Where things are; the middle of the flow is at 0.

    Attributes:
        columns: of each thing, from 0.
        ys: of each thing the line of its arrows.
        bends: for each arrow that leads over several columns what it goes through between its ends.
        arcs: how high each arc is.
    """

    columns: Sequence[int]
    ys: Sequence[float]
    bends: Mapping[tuple[int, int], Sequence[Bend]]
    arcs: Mapping[tuple[int, int], float]


def lanes(rooms: Sequence[Room], arrows: Sequence[tuple[int, int]], arcs: Sequence[Arc]) -> Lanes:
    """The places of things.

    Args:
        rooms: what each takes up; each is behind those that it comes from.
        arrows: from which to which an arrow leads.
        arcs: the ways over others.
    """
    columns = _columns(len(rooms), arrows)
    stops = [_Stop(place, columns[place], room.up, room.down) for place, room in enumerate(rooms)]
    held: dict[tuple[int, int], list[_Stop]] = {}
    neighbours: dict[_Stop, list[_Stop]] = {stop: [] for stop in stops}
    for source, target in arrows:
        between = [_Stop(target, column, 3, 3, is_bend=True) for column in range(columns[source] + 1, columns[target])]
        held[source, target] = between
        chain = [stops[source], *between, stops[target]]
        neighbours |= {stop: [] for stop in between}
        for one, other in pairwise(chain):
            neighbours[one].append(other)
            neighbours[other].append(one)
    placing = _Placing(neighbours, {(arc.source, arc.target): arc for arc in arcs}, stops)
    placing.place(list(neighbours))
    placing.remaining()
    bends = {ends: [Bend(stop.column, stop.y) for stop in between] for ends, between in held.items() if between}
    return Lanes(columns, [stop.y for stop in stops], bends, placing.heights)


def _columns(count: int, arrows: Sequence[tuple[int, int]]) -> list[int]:
    """For each thing the length of the longest way to it; what nothing leads to stands before its first reader."""
    columns = [0] * count
    entered = set()
    for source, target in sorted(arrows, key=lambda arrow: arrow[1]):
        columns[target] = max(columns[target], columns[source] + 1)
        entered.add(target)
    first: dict[int, int] = {}
    for source, target in arrows:
        first[source] = min(first.get(source, columns[target]), columns[target])
    return [columns[place] if place in entered else first.get(place, 1) - 1 for place in range(count)]


@dataclass(slots=True, eq=False)
class _Stop:
    """A thing in its column, or where an arrow passes one.

    Attributes:
        order: what comes first lies further up.
        is_bend: whether only an arrow passes.
    """

    order: int
    column: int
    up: float
    down: float
    is_bend: bool = False
    y: float = 0


class _Placing:
    """Gives stops their places.

    Attributes:
        heights: of each arc, from where its ends are; in the end from the middle of the flow.
    """

    def __init__(
        self, neighbours: Mapping[_Stop, list[_Stop]], arcs: Mapping[tuple[int, int], Arc], stops: Sequence[_Stop]
    ) -> None:
        self._neighbours, self._arcs, self._stops = neighbours, arcs, stops
        self.heights: dict[tuple[int, int], float] = {}

    def place(self, stops: Sequence[_Stop]) -> Room:
        """Place what hangs together around 0, and say what room it takes."""
        by_column = _by_column(stops)
        for is_narrow, columns in groupby(by_column, lambda column: len(by_column[column]) == 1):
            wide = [] if is_narrow else [stop for column in columns for stop in by_column[column]]
            if wide:
                self._branches(wide, wide_is_all=len(wide) == len(stops))
        return Room(self._place_arcs(stops), max(stop.down + stop.y for stop in stops))

    def remaining(self) -> None:
        """Arcs from one branch to another go over everything."""
        self._place_arcs(self._stops, everywhere=True)

    def _branches(self, stops: Sequence[_Stop], *, wide_is_all: bool) -> None:
        parts = sorted(self._parts(stops), key=lambda part: min(stop.order for stop in part))
        if len(parts) == 1 and wide_is_all:
            self._pile(stops)
            return
        trunk = self._trunk(parts)
        if trunk is not None:
            parts.insert(0, parts.pop(trunk))
        rooms = [self.place(part) for part in parts]
        total = sum(room.up + room.down for room in rooms) + _BETWEEN * (len(rooms) - 1)
        at = -total / 2 if trunk is None else -rooms[0].up
        for part, room in zip(parts, rooms, strict=True):
            self._move(part, at + room.up)
            at += room.up + room.down + _BETWEEN

    def _trunk(self, parts: Sequence[Sequence[_Stop]]) -> int | None:
        """The branch that goes straight on, and the others lie below it.

        It is the one that arcs lead to or from, which come from above; the one that does not end; of two the longer.
        None where they are to lie on both sides.
        """
        for leads in (self._has_arcs, self._goes_on):
            leading = [place for place, part in enumerate(parts) if leads(part)]
            if len(parts) > 1 and len(leading) == 1:
                return leading[0]
        lengths = [sum(not stop.is_bend for stop in part) for part in parts]
        if len(parts) != 2 or lengths[0] == lengths[1]:
            return None
        return lengths.index(max(lengths))

    def _has_arcs(self, part: Sequence[_Stop]) -> bool:
        """Whether there are arcs between it and others."""
        held = set(part)
        return any((self._stops[source] in held) != (self._stops[target] in held) for source, target in self._arcs)

    def _goes_on(self, part: Sequence[_Stop]) -> bool:
        last = max(stop.column for stop in part)
        return any(other.column > last for stop in part for other in self._neighbours[stop])

    def _parts(self, stops: Sequence[_Stop]) -> Iterator[list[_Stop]]:
        """What hangs together."""
        left = dict.fromkeys(stops)
        while left:
            part, waiting = [], [next(iter(left))]
            del left[waiting[0]]
            while waiting:
                each = waiting.pop()
                part.append(each)
                new = [other for other in self._neighbours[each] if other in left]
                for other in new:
                    left.pop(other, None)
                waiting.extend(dict.fromkeys(new))
            yield part

    def _pile(self, stops: Sequence[_Stop]) -> None:
        """Branches that are not apart: what is in a column lies above each other, near what it comes from."""
        for column in sorted({stop.column for stop in stops}):
            pile = [stop for stop in stops if stop.column == column]
            pile.sort(key=lambda stop: (self._mean(stop) or 0, stop.order))
            at = -(sum(stop.up + stop.down for stop in pile) + _BETWEEN * (len(pile) - 1)) / 2
            for stop in pile:
                stop.y = at + stop.up
                at += stop.up + stop.down + _BETWEEN
            self._straighten(pile)

    def _straighten(self, pile: Sequence[_Stop]) -> None:
        """Move a pile to the height of what it comes from; what only passes below its first thing may stay lower."""
        means = [(stop, self._mean(stop)) for stop in pile if not stop.is_bend]
        ways = [mean - stop.y for stop, mean in means if mean is not None]
        by = sum(ways) / len(ways) if ways else 0
        for stop in pile:
            stop.y += by
        for above, stop in pairwise(pile):
            mean = self._mean(stop) if stop.is_bend else None
            stop.y = max(stop.y if mean is None else mean, above.y + above.down + _BETWEEN + stop.up)

    def _mean(self, stop: _Stop) -> float | None:
        """The height of what it comes from; None for what comes from nothing."""
        before = [other.y for other in self._neighbours[stop] if other.column < stop.column]
        return sum(before) / len(before) if before else None

    def _move(self, stops: Iterable[_Stop], by: float) -> None:
        moved = set()
        for stop in stops:
            stop.y += by
            moved.add(stop)
        for ends in self.heights:
            if self._stops[ends[0]] in moved and self._stops[ends[1]] in moved:
                self.heights[ends] += by

    def _place_arcs(self, stops: Sequence[_Stop], *, everywhere: bool = False) -> float:
        """Place the arcs between what stands alone in its column, shorter ones first; say how high they reach."""
        by_column, held = _by_column(stops), set(stops)
        alone = {only[0] for only in by_column.values() if len(only) == 1}
        clear = {column: max(stop.up - stop.y for stop in here) for column, here in by_column.items()}
        for ends, height in self.heights.items():
            if {self._stops[end] for end in ends} <= held:
                for column in self._passed(ends):
                    clear[column] = max(clear[column], -height + self._arcs[ends].room)
        waiting = [ends for ends in self._arcs if ends not in self.heights]
        waiting = [ends for ends in waiting if everywhere or {self._stops[end] for end in ends} <= alone]
        for ends in sorted(waiting, key=lambda ends: (len(self._passed(ends)), ends)):
            passed = self._passed(ends)
            height = max(clear[column] for column in passed) + _ABOVE
            self.heights[ends] = -height
            for column in passed[1:-1]:
                clear[column] = height + self._arcs[ends].room  # at its ends another may begin, as high
        return max(clear.values())

    def _passed(self, ends: tuple[int, int]) -> range:
        """The columns of an arc, its ends included."""
        source, target = (self._stops[end].column for end in ends)
        return range(source, target + 1)


def _by_column(stops: Iterable[_Stop]) -> dict[int, list[_Stop]]:
    found: dict[int, list[_Stop]] = {}
    for stop in sorted(stops, key=lambda stop: stop.column):
        found.setdefault(stop.column, []).append(stop)
    return found
