"""Sets of sizes: whole numbers from 1 on, regular from some number on. They say where an open size may lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import lcm
from typing import NamedTuple

__all__ = ["LONGEST_PERIOD", "Sizes", "words"]

LONGEST_PERIOD = 4096
"""A set that repeats later than this is not looked for."""

_MOST_LISTED = 8


class Sizes(NamedTuple):
    """A set of whole numbers from 1 on; equal sets are equal values, if `normal` made them.

    Attributes:
        start: from here on the set repeats.
        period: after so many numbers.
        residues: what the members from `start` on leave, divided by `period`.
        below: the members below `start`.
    """

    start: int
    period: int
    residues: frozenset[int]
    below: frozenset[int] = frozenset()

    @classmethod
    def normal(cls, start: int, period: int, residues: Iterable[int], below: Iterable[int] = ()) -> Sizes:
        """The set with the smallest period, and with the smallest start for it."""
        rests, early = frozenset(residues), set(below)
        if not rests:
            return cls.of(early)
        for shorter in range(1, period):
            if period % shorter == 0 and all((rest + shorter) % period in rests for rest in rests):
                period, rests = shorter, frozenset(rest % shorter for rest in rests)
                break
        while start > 1 and ((start - 1) in early) == ((start - 1) % period in rests):
            start -= 1
            early.discard(start)
        return cls(start, period, rests, frozenset(early))

    @classmethod
    def of(cls, members: Iterable[int]) -> Sizes:
        """A finite set."""
        early = frozenset(members)
        return cls(max(early, default=0) + 1, 1, frozenset(), early)

    @classmethod
    def least(cls, start: int) -> Sizes:
        """All from a number on."""
        return cls(start, 1, frozenset({0}))

    @classmethod
    def repeating(cls, test: Callable[[int], bool], period: int) -> Sizes:
        """Where a test holds that repeats from the beginning."""
        return cls.normal(1, period, (size % period for size in range(1, period + 1) if test(size)))

    def __contains__(self, size: object) -> bool:
        if not isinstance(size, int):
            return False
        return size % self.period in self.residues if size >= self.start else size in self.below

    @property
    def is_empty(self) -> bool:
        return not self.residues and not self.below

    @property
    def is_threshold(self) -> bool:
        """Whether it is all sizes from one on."""
        return self == Sizes.least(self.start)

    def __and__(self, other: Sizes) -> Sizes | None:
        """What both have in common; None where it repeats too late to be looked for."""
        early, late = sorted((self, other), key=lambda each: each.start)
        period = lcm(self.period, other.period)
        if period > LONGEST_PERIOD:
            return None
        residues = (
            rest for rest in range(period) if all(rest % each.period in each.residues for each in (self, other))
        )
        return Sizes.normal(late.start, period, residues, (size for size in late.below if size in early))


def words(names: Sequence[str], sizes: Sizes) -> str | None:
    """The set in words, as a condition on each of some names; None where that would be long.

    >>> words(["H", "W"], Sizes.repeating(lambda size: size % 32 == 0, 32))
    'H and W are multiples of 32'
    """
    both = " and ".join(names)
    if sizes.residues == {0} and sizes.period > 1 and sizes.start == 1:
        several = len(names) > 1
        if sizes.period == 2:
            return f"{both} {'are' if several else 'is'} even"
        return f"{both} {'are multiples' if several else 'is a multiple'} of {sizes.period}"
    texts = [_of_one(name, sizes) for name in names]
    return None if None in texts else " and ".join(text for text in texts if text)


def _of_one(name: str, sizes: Sizes) -> str | None:
    if sizes.is_threshold:
        return f"{name} >= {sizes.start}"
    if not sizes.residues:
        return _listed(name, sorted(sizes.below))
    rests = "" if sizes.period == 1 else _rests(name, sizes)
    late = f"{name} >= {sizes.start}" if sizes.start > 1 else ""
    early = _listed(name, sorted(sizes.below)) if sizes.below else ""
    if rests is None or early is None:
        return None
    regular = " and ".join(filter(None, (rests, late)))
    return f"{regular}, or {early}" if early else regular


def _rests(name: str, sizes: Sizes) -> str | None:
    """The residues in words."""
    period, rests = sizes.period, sorted(sizes.residues)
    if rests == [0]:
        return f"{name} is even" if period == 2 else f"{name} is a multiple of {period}"
    if period == 2:
        return f"{name} is odd"
    what = f"{name} % {period}"
    if len(rests) == period - 1:
        return _listed(f"{what} is not", sorted(set(range(period)) - sizes.residues), verb="")
    if len(rests) > 2 and rests[-1] - rests[0] == len(rests) - 1:
        return f"{what} is at most {rests[-1]}" if rests[0] == 0 else f"{what} is {rests[0]} to {rests[-1]}"
    return _listed(what, rests)


def _listed(what: str, numbers: Sequence[int], verb: str = " is") -> str | None:
    if len(numbers) > _MOST_LISTED:
        return None
    *first, last = map(str, numbers)
    return f"{what}{verb} {', '.join(first)} or {last}" if first else f"{what}{verb} {last}"
