"""What repeats inside a block, taken together: the repetitions of a spec, found again in what they became."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple

from cnndsl.backends.torch.tree import Item, Wire

__all__ = ["Body", "Carried", "Least", "Literal", "Piece", "Run", "folded"]

_LONGEST = 12
"""Items that may repeat together; looking for longer ones takes time and finds nothing."""

_NEEDED = object()
"""The default of an argument that has none."""


class Least(NamedTuple):
    """How often something must stand there to be taken together.

    Attributes:
        times: where it is made with the same values each time.
        growing: where numbers grow from time to time; of two numbers one cannot tell that they do.
    """

    times: int = 2
    growing: int = 3


class Literal(NamedTuple):
    """A value that an item is made with, and what torch takes where none is given."""

    name: str
    value: Any
    default: Any = _NEEDED


@dataclass(frozen=True, slots=True)
class Piece:
    """An item, taken apart.

    Attributes:
        item: the item.
        word: what its name begins with; "" where the source knows it under no name, a function.
        number: what follows the word.
        suffix: what follows the number.
        form: what it has in common with others that differ in values alone.
        literals: these values.
    """

    item: Item
    word: str
    number: int
    suffix: str
    form: object
    literals: tuple[Literal, ...]

    @property
    def kind(self) -> object:
        """What it has in common with the piece at the same place of a block of the same class."""
        name = f"{self.word}{self.number}{self.suffix}" if self.word else ""
        return name, self.form, self.item.is_again


class Carried(NamedTuple):
    """A value that one repetition hands to the next: where the first gets it, and what gives it in each."""

    start: Wire
    update: Wire


@dataclass(frozen=True, slots=True)
class Run:
    """Pieces that stand in a block several times, one behind the other, or a single one.

    The values of a block are numbered run by run: of each first those that it carries, then one for every piece. What
    leaves a run of several repetitions is what it carries.

    Attributes:
        pieces: as they are the first time. What they read are the numbers of values.
        steps: of every piece by how much each literal grows from time to time.
        count: how often they stand there.
        place: the number of the first of its values.
        carried: what one repetition hands to the next.
    """

    pieces: tuple[Piece, ...]
    steps: tuple[tuple[int, ...], ...]
    count: int
    place: int
    carried: tuple[Carried, ...] = ()

    @property
    def size(self) -> int:
        """How many values it has."""
        return len(self.carried) + len(self.pieces)

    @classmethod
    def once(cls, runs: Sequence[Run]) -> Run:
        """Runs of a chain that stand there once, as one."""
        pieces = tuple(chain.from_iterable(run.pieces for run in runs))
        return cls(pieces, tuple(chain.from_iterable(run.steps for run in runs)), 1, runs[0].place)

    @property
    def grows(self) -> bool:
        """Whether a value that something is made with changes from time to time."""
        return any(chain.from_iterable(self.steps))

    def split(self) -> tuple[Run, Run]:
        """Its first time, and all others; for chains, where nobody asks what a piece reads."""
        return replace(self, count=1), replace(self, pieces=tuple(self._second()), count=self.count - 1)

    def _second(self) -> Iterator[Piece]:
        for piece, steps in zip(self.pieces, self.steps, strict=True):
            pairs = zip(piece.literals, steps, strict=True)
            later = tuple(each._replace(value=each.value + step) if step else each for each, step in pairs)
            yield replace(piece, number=piece.number + 1, literals=later)


@dataclass(frozen=True, slots=True)
class Body:
    """What is inside a block, repetitions taken together.

    Attributes:
        runs: in execution order.
        outputs: the values that leave.
        is_chain: whether every piece is a module that reads just what leaves the one before it.
    """

    runs: tuple[Run, ...]
    outputs: tuple[Wire, ...]
    is_chain: bool


def folded(pieces: Sequence[Piece], outputs: tuple[Wire, ...], is_chain: bool, least: Least) -> Body:
    """What is inside a block.

    Args:
        pieces: all of it, in execution order; what they read are places among them.
        outputs: the values that leave.
        is_chain: whether every piece is a module that reads just what leaves the one before it.
        least: how often something must stand there to be taken together.
    """
    return _Folder(pieces, outputs, least).body(is_chain)


class _Repeat(NamedTuple):
    """Pieces that repeat: where they begin, how many they are, how often they stand there."""

    start: int
    length: int
    times: int

    @property
    def end(self) -> int:
        return self.start + self.length * self.times


class _Folder:
    def __init__(self, pieces: Sequence[Piece], outputs: tuple[Wire, ...], least: Least) -> None:
        self._pieces = pieces
        self._outputs = outputs
        self._least = least
        self._last_read: dict[int, dict[Wire, int]] = {}
        """For each value that is read, by what gives it, where it is read last."""
        for place, reads in enumerate([*(piece.item.reads for piece in pieces), outputs]):
            for wire in reads:
                self._last_read.setdefault(wire.item, {})[wire] = place

    def body(self, is_chain: bool) -> Body:
        now: dict[Wire, Wire] = {}
        """The numbers of values, by what gives them; what is not in it enters the block."""
        runs: list[Run] = []
        start = place = 0
        while start < len(self._pieces):
            longest = self._longest(start)
            for repeat in (is_chain and self._begun_otherwise(longest)) or [longest]:
                run = self._run(repeat, place, now)
                runs.append(run)
                start, place = repeat.end, place + run.size
        return Body(tuple(runs), tuple(now.get(wire, wire) for wire in self._outputs), is_chain)

    def _longest(self, start: int) -> _Repeat:
        """What repeats from a piece on, so that most is saved."""
        best = _Repeat(start, 1, 1)
        for length in self._lengths(start, self._least.times):
            found = self._repeat(start, length)
            if found.times >= self._least.times and found.length * (found.times - 1) > best.length * (best.times - 1):
                best = found
        return best

    def _lengths(self, start: int, times: int) -> Iterator[int]:
        """How many pieces may repeat so often, going by the first of them."""
        for length in range(1, min(_LONGEST, (len(self._pieces) - start) // times) + 1):
            if _is_next(self._pieces[start], self._pieces[start + length]):
                yield length

    def _begun_otherwise(self, longest: _Repeat) -> list[_Repeat]:
        """Several pieces that stand there once with values of their own and then repeat, if that saves more."""
        start = longest.start
        for length in self._lengths(start, 2):
            first, second = self._pieces[start : start + length], self._pieces[start + length : start + 2 * length]
            if length > 1 and len({piece.number for piece in first}) == 1 and all(map(_is_next, first, second)):
                others = self._repeat(start + length, length)
                others = others if others.length == length else _Repeat(start + length, length, 1)
                if others.length * others.times > longest.length * (longest.times - 1):
                    return [_Repeat(start, length, 1), others]
        return []

    def _repeat(self, start: int, length: int) -> _Repeat:
        first = self._pieces[start : start + length]
        once = _Repeat(start, 1, 1)
        if len({piece.number for piece in first if piece.word}) != 1 or not all(map(_can_repeat, first)):
            return once
        times = 1
        while self._goes_on(start, length, times):
            times += 1
        found = _Repeat(start, length, times)
        grows = any(chain.from_iterable(self._steps(found)))
        enough = times >= (self._least.growing if grows else 2)
        return found if enough and self._hands_on(found) else once

    def _goes_on(self, start: int, length: int, times: int) -> bool:
        """Whether pieces follow that are the first ones for one more time, and all that they need is handed on."""
        offset = length * times
        end = start + offset + length
        if end > len(self._pieces):
            return False
        steps = self._steps(_Repeat(start, length, 2))
        return all(
            _is_later(self._pieces[place], self._pieces[place + offset], times, steps[place - start])
            and self._reads_alike(start, length, place, times)
            and self._read_last(place + offset - length) < end
            for place in range(start, start + length)
        )

    def _read_last(self, place: int) -> int:
        return max(self._last_read.get(place, {}).values(), default=-1)

    def _steps(self, repeat: _Repeat) -> tuple[tuple[int, ...], ...]:
        places = range(repeat.start, repeat.start + repeat.length)
        if repeat.times == 1:
            return tuple((0,) * len(self._pieces[place].literals) for place in places)
        return tuple(_steps(self._pieces[place], self._pieces[place + repeat.length]) for place in places)

    def _reads_alike(self, start: int, length: int, place: int, times: int) -> bool:
        """Whether a piece reads, for one more time, what its place says: inside, handed on, or from before."""
        first = self._pieces[place].item.reads
        second = self._pieces[place + length].item.reads
        later = self._pieces[place + length * times].item.reads
        if not len(first) == len(second) == len(later):
            return False
        return all(_is_read(*wires, start, length, times) for wires in zip(first, second, later, strict=True))

    def _hands_on(self, repeat: _Repeat) -> bool:
        """Whether nothing behind the repetitions reads more than what the last one would hand on."""
        handed = {carried.update for carried in self._carried(repeat)}
        offset = repeat.length * (repeat.times - 1)
        return all(
            last < repeat.end or Wire(wire.item - offset, wire.position) in handed
            for place in range(repeat.start + offset, repeat.end)
            for wire, last in self._last_read.get(place, {}).items()
        )

    def _carried(self, repeat: _Repeat) -> list[Carried]:
        """What the first repetition hands to the second; the updates are places of the first."""
        found: dict[Carried, None] = {}
        for place in range(repeat.start, repeat.start + repeat.length if repeat.times > 1 else repeat.start):
            first, second = self._pieces[place], self._pieces[place + repeat.length]
            for before, wire in zip(first.item.reads, second.item.reads, strict=True):
                if repeat.start <= wire.item < repeat.start + repeat.length:
                    found[Carried(before, wire)] = None
        return list(found)

    def _run(self, repeat: _Repeat, place: int, now: dict[Wire, Wire]) -> Run:
        """The run of a repetition; from here on the values that it gives have their numbers."""
        carried = self._carried(repeat)
        numbers = {each: Wire(place + order) for order, each in enumerate(carried)}
        inside = place + len(carried) - repeat.start
        places = range(repeat.start, repeat.start + repeat.length)
        now.update({wire: Wire(at + inside, wire.position) for at in places for wire in self._last_read.get(at, ())})
        pieces = tuple(self._moved(at, repeat, numbers, now) for at in places)
        handed = tuple(Carried(now.get(start, start), now[update]) for start, update in carried)
        offset = repeat.length * (repeat.times - 1)
        for each, wire in numbers.items():
            now[Wire(each.update.item + offset, each.update.position)] = wire
        return Run(pieces, self._steps(repeat), repeat.times, place, handed)

    def _moved(self, at: int, repeat: _Repeat, numbers: dict[Carried, Wire], now: dict[Wire, Wire]) -> Piece:
        """A piece of the first repetition, as it stands in its run."""
        piece = self._pieces[at]
        item = piece.item
        second = self._pieces[at + repeat.length].item if repeat.times > 1 else item
        pairs = zip(item.reads, second.reads, strict=True)
        reads = tuple(numbers.get(Carried(*pair)) or now.get(pair[0], pair[0]) for pair in pairs)
        items = [each.item for each in self._pieces[at : repeat.end : repeat.length]]
        type = item.type if all(each.type == item.type for each in items) else None
        overwrites = all(each.overwrites for each in items)
        return replace(piece, item=item._replace(reads=reads, type=type, overwrites=overwrites))


def _can_repeat(piece: Piece) -> bool:
    return not piece.item.is_again and not piece.item.origin


def _is_next(first: Piece, later: Piece, times: int = 1) -> bool:
    """Whether a piece is another one so many repetitions later, but for its values."""
    return (
        _can_repeat(first)
        and _can_repeat(later)
        and (first.word, first.suffix, first.form) == (later.word, later.suffix, later.form)
        and (not first.word or later.number == first.number + times)
        and [each.name for each in first.literals] == [each.name for each in later.literals]
    )


def _is_later(first: Piece, later: Piece, times: int, steps: tuple[int, ...]) -> bool:
    """Whether a piece is another one so many repetitions later."""
    return _is_next(first, later, times) and all(
        _is_equal(one.value + step * times if step else one.value, other.value)
        for one, other, step in zip(first.literals, later.literals, steps, strict=True)
    )


def _steps(first: Piece, second: Piece) -> tuple[int, ...]:
    pairs = zip(first.literals, second.literals, strict=False)
    return tuple(two.value - one.value if type(one.value) is type(two.value) is int else 0 for one, two in pairs)


def _is_equal(one: object, other: object) -> bool:
    """Whether two values are the same; `True` is not 1."""
    return type(one) is type(other) and one == other


def _is_read(first: Wire, second: Wire, later: Wire, start: int, length: int, times: int) -> bool:
    """Whether a read of a later repetition is that of the second, as far on; `first` is the first repetition's."""
    if second.item >= start + length:  # from its own repetition
        own = first == Wire(second.item - length, second.position)
        return own and later == Wire(second.item + length * (times - 1), second.position)
    if second.item >= start:  # from the repetition before
        return first.item < start and later == Wire(second.item + length * (times - 1), second.position)
    return first == second == later
