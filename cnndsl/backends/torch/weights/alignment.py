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


def aligned(ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> Alignment:
    """A longest common subsequence, whose elements come early in both where there are several.

    Time and memory grow with the product of the lengths.

    >>> aligned("abbc", "abc")
    Alignment(pairs=((0, 0), (1, 1), (3, 2)), others=((2, 1),))
    """
    behind = _lengths(ours, theirs)
    pairs: list[tuple[int, int]] = []
    mine = at = 0
    while mine < len(ours) and at < len(theirs):
        if ours[mine] == theirs[at]:
            pairs.append((mine, at))
            mine, at = mine + 1, at + 1
        elif behind[mine + 1][at] >= behind[mine][at + 1]:
            mine += 1
        else:
            at += 1
    return Alignment(tuple(pairs), tuple(_others(ours, theirs, behind, set(pairs))))


def _lengths(ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> list[list[int]]:
    """How long the longest common subsequence is of what begins at one number and what begins at another."""
    rows = [[0] * (len(theirs) + 1)]
    for mine in reversed(ours):
        below, row = rows[-1], [0]
        for at in range(len(theirs) - 1, -1, -1):
            row.append(below[at + 1] + 1 if mine == theirs[at] else max(below[at], row[-1]))
        rows.append(row[::-1])
    return rows[::-1]


def _others(
    ours: Sequence[Hashable], theirs: Sequence[Hashable], behind: list[list[int]], taken: set[tuple[int, int]]
) -> list[tuple[int, int]]:
    before = _lengths(ours[::-1], theirs[::-1])
    longest = behind[0][0]
    found: list[tuple[int, int]] = []
    for mine, kind in enumerate(ours):
        for at, other in enumerate(theirs):
            if kind == other and (mine, at) not in taken:
                length = before[len(ours) - mine][len(theirs) - at] + 1 + behind[mine + 1][at + 1]
                found += [(mine, at)] if length == longest else []
    return found
