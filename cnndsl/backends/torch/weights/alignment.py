"""Two sequences side by side, so that as many as possible stand beside an equal."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

__all__ = ["Alignment", "aligned"]


class Alignment(NamedTuple):
    """Which elements stand beside which.

    Attributes:
        pairs: the numbers of those that do.
        others: pairs that stand side by side in another way to align as many, and not in this one.
    """

    pairs: tuple[tuple[int, int], ...]
    others: tuple[tuple[int, int], ...] = ()


def aligned(ours: Sequence[Hashable], theirs: Sequence[Hashable], are_close: Sequence[bool] = ()) -> Alignment:
    """A longest common subsequence; of several one with few gaps, whose elements come early.

    Time and memory grow with the product of the lengths.

    Args:
        ours: one sequence.
        theirs: the other.
        are_close: for each of theirs whether it belongs to the one before it, and a gap between them counts twice.

    >>> aligned("abbc", "abc")
    Alignment(pairs=((0, 0), (1, 1), (3, 2)), others=((2, 1),))
    >>> aligned("abc", "abxbc").pairs
    ((0, 0), (1, 1), (2, 4))
    """
    pairs = tuple(_fewest_gaps(ours, theirs, are_close or [False] * len(theirs)))
    return Alignment(pairs, tuple(_others(ours, theirs, set(pairs))))


def _fewest_gaps(
    ours: Sequence[Hashable], theirs: Sequence[Hashable], are_close: Sequence[bool]
) -> list[tuple[int, int]]:
    """The pairs of a longest common subsequence in which as many as possible follow another without a gap.

    What is compared are numbers: the length, times more than there can be neighbours, and the neighbours.
    """
    one = 2 * min(len(ours), len(theirs)) + 1
    gained = [1 + is_close for is_close in are_close] + [0]  # where one is a pair, and so is what is before it
    best = [[0] * (len(theirs) + 1)]  # of what begins at one number and what begins at another
    begun = [[-1] * (len(theirs) + 1)]  # likewise, where these two are a pair; -1 where they are none
    for mine in reversed(ours):
        row, pair = [0] * (len(theirs) + 1), [-1] * (len(theirs) + 1)
        for at in range(len(theirs) - 1, -1, -1):
            if mine == theirs[at]:
                pair[at] = one + max(best[-1][at + 1], begun[-1][at + 1] + gained[at + 1])
            row[at] = max(pair[at], best[-1][at], row[at + 1])
        best.append(row)
        begun.append(pair)
    best.reverse()
    begun.reverse()
    pairs: list[tuple[int, int]] = []
    mine = at = 0
    while mine < len(ours) and at < len(theirs):
        follows = begun[mine][at] >= 0 and (mine - 1, at - 1) in pairs[-1:]
        if begun[mine][at] + gained[at] * follows >= best[mine][at]:
            pairs.append((mine, at))
            mine, at = mine + 1, at + 1
        elif best[mine + 1][at] >= best[mine][at + 1]:
            mine += 1
        else:
            at += 1
    return pairs


def _others(ours: Sequence[Hashable], theirs: Sequence[Hashable], taken: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pairs of other longest common subsequences, whatever their gaps."""
    behind, before = _lengths(ours, theirs), _lengths(ours[::-1], theirs[::-1])
    found: list[tuple[int, int]] = []
    for mine, kind in enumerate(ours):
        for at, other in enumerate(theirs):
            if kind == other and (mine, at) not in taken:
                length = before[len(ours) - mine][len(theirs) - at] + 1 + behind[mine + 1][at + 1]
                found += [(mine, at)] if length == behind[0][0] else []
    return found


def _lengths(ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> list[list[int]]:
    """How long the longest common subsequence is of what begins at one number and what begins at another."""
    rows = [[0] * (len(theirs) + 1)]
    for mine in reversed(ours):
        below, row = rows[-1], [0]
        for at in range(len(theirs) - 1, -1, -1):
            row.append(below[at + 1] + 1 if mine == theirs[at] else max(below[at], row[-1]))
        rows.append(row[::-1])
    return rows[::-1]
