"""The members of a block in a grid: each behind what it reads, branches side by side, and a free way for every arrow.

Rows are longest paths from where values enter. An arrow that passes rows by has a cell of its own in each of them, so
that it never lies under a box, however large that is.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import NamedTuple

__all__ = ["Cell", "Grid", "Link", "grid"]


class Cell(NamedTuple):
    row: int
    column: int


class Link(NamedTuple):
    """That something is read: by what it is known."""

    source: Hashable
    target: Hashable


@dataclass(slots=True)
class Grid:
    """Attributes:
    cells: where everything stands.
    ways: for each link the cells between its ends, from the first to the last.
    """

    cells: dict[Hashable, Cell] = field(default_factory=dict)
    ways: dict[Link, list[Cell]] = field(default_factory=dict)


def grid(
    entries: Sequence[Hashable], members: Sequence[Hashable], links: Sequence[Link], exits: Sequence[Hashable]
) -> Grid:
    """The places of all of these.

    Args:
        entries: values that enter, which stand in the first row.
        members: what there is, each behind what it reads.
        links: what reads what, among all of these.
        exits: values that leave, which stand in the last row.
    """
    rows = _rows(entries, members, links, exits)
    found = Grid()
    taken: set[Cell] = set()
    sources: dict[Hashable, list[Hashable]] = {}
    for link in links:
        sources.setdefault(link.target, []).append(link.source)
    for each in sorted((*entries, *members, *exits), key=rows.__getitem__):
        near = [found.cells[source] for source in sources.get(each, ())]
        wanted = max(near, key=lambda cell: (cell.row, -cell.column)).column if near else 0
        column = next(column for column in count(wanted) if Cell(rows[each], column) not in taken)
        found.cells[each] = Cell(rows[each], column)
        taken.add(found.cells[each])
    for link in sorted(dict.fromkeys(links), key=lambda link: rows[link.target] - rows[link.source]):
        found.ways[link] = _way(found.cells[link.source], found.cells[link.target], taken)
        taken.update(found.ways[link])
    return found


def _rows(
    entries: Sequence[Hashable], members: Sequence[Hashable], links: Sequence[Link], exits: Sequence[Hashable]
) -> dict[Hashable, int]:
    rows: dict[Hashable, int] = dict.fromkeys(entries, 0)
    sources: dict[Hashable, list[Hashable]] = {}
    for link in links:
        sources.setdefault(link.target, []).append(link.source)
    for member in members:
        rows[member] = 1 + max((rows[source] for source in sources.get(member, ())), default=0)
    last = 1 + max(rows.values(), default=0)
    rows.update(dict.fromkeys(exits, last))
    return rows


def _way(source: Cell, target: Cell, taken: set[Cell]) -> list[Cell]:
    """Cells in one column: that of an end, or the next to the right."""
    between = range(source.row + 1, target.row)
    columns = chain((source.column, target.column), count(max(source.column, target.column) + 1))
    ways = ([Cell(row, column) for row in between] for column in columns)
    return next(way for way in ways if taken.isdisjoint(way))
