"""All layers of a file for all of a network, in an order in which the network could be executed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

__all__ = ["Walk", "walk"]

STEPS_FOR_EACH = 200
"""How long one searches, in steps for each layer."""

MOST_TRIED = 3
"""Alternatives of one step that are tried: it takes one to be in doubt."""


class Walk(NamedTuple):
    """A way to take all.

    Attributes:
        taken: for each layer of the file, in its order, the number of the layer of the network.
        alternatives: a position in the file, and another layer of the network that could be taken there: all others
            find their places then too.
    """

    taken: tuple[int, ...]
    alternatives: tuple[tuple[int, int], ...]


def walk(kinds: Sequence[Hashable | None], ways: Sequence[int], theirs: Sequence[Hashable]) -> Walk | None:
    """For each layer of a file one of its kind all of whose forerunners are taken; None where that is not found.

    Where several can be taken it is the first in execution order, unless the rest does not fit then.

    Args:
        kinds: those of the network's layers, in execution order; None for one that takes no part.
        ways: for each of these, which lie on a way to it: bit n stands for the n-th.
        theirs: the kinds of the file's layers, the same ones as often.
    """
    search = _Search(kinds, ways, theirs)
    taken = search.rest(search.all, 0, {})
    if taken is None:
        return None
    return Walk(tuple(taken), tuple(_alternatives(search, taken)))


def _alternatives(search: _Search, taken: list[int]) -> Iterator[tuple[int, int]]:
    """What could be taken instead, and whatever changes its place along with it."""
    opens = [search.all]
    for number in taken:
        opens.append(opens[-1] & ~(1 << number))
    met = {open: at for at, open in enumerate(opens)}
    for at, number in enumerate(taken):
        others = [each for each in search.candidates(opens[at], at) if each != number]
        for other in others[:MOST_TRIED]:
            rest = search.rest(opens[at] & ~(1 << other), at + 1, met)
            if rest is not None:
                changed = enumerate([other, *rest], at)
                yield from ((place, each) for place, each in changed if each != taken[place])
            elif search.is_spent:
                yield at, other


class _Search:
    """Depth first, without going twice where it led nowhere. What is not taken yet is a number whose bits say it."""

    def __init__(self, kinds: Sequence[Hashable | None], ways: Sequence[int], theirs: Sequence[Hashable]) -> None:
        self.all = sum(1 << number for number, kind in enumerate(kinds) if kind is not None)
        self._ways = ways
        self._theirs = theirs
        self._numbers: dict[Hashable, list[int]] = defaultdict(list)
        for number, kind in enumerate(kinds):
            self._numbers[kind].append(number)
        self._ends: set[int] = set()
        self._steps = STEPS_FOR_EACH * len(theirs)

    @property
    def is_spent(self) -> bool:
        return self._steps <= 0

    def candidates(self, open: int, at: int) -> Iterator[int]:
        """What of the network can be taken there."""
        numbers = self._numbers[self._theirs[at]]
        return (number for number in numbers if open >> number & 1 and not self._ways[number] & open)

    def rest(self, open: int, at: int, met: dict[int, int]) -> list[int] | None:
        """What is taken from there on, up to the end or until something is left that was met before."""
        taken: list[int] = []
        choices = [self.candidates(open, at)] if self._goes_on(open, at, met) else []
        while choices:
            number = next(choices[-1], None)
            if number is None or self.is_spent:
                self._ends.add(open)
                choices.pop()
                if taken and choices:
                    open |= 1 << taken.pop()
                continue
            self._steps -= 1
            after = open & ~(1 << number)
            if after in self._ends:
                continue
            taken.append(number)
            open = after
            if not self._goes_on(open, at + len(taken), met):
                return taken
            choices.append(self.candidates(open, at + len(taken)))
        return None if self._goes_on(open, at, met) else taken

    def _goes_on(self, open: int, at: int, met: dict[int, int]) -> bool:
        return at < len(self._theirs) and open not in met
