"""The network as a report tells it: the blocks of the spec as a tree, what repeats shown once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from cnndsl.graph import Alike, Fold, Folding, Graph, Node, Scope, hierarchy
from cnndsl.resources import no_collections

__all__ = ["MOST_LINES", "Entry", "closed", "flat", "outline", "walk", "whole"]

MOST_LINES = 60
"""Lines of an outline whose depth was left open, about a page: it is as deep as fits in them."""

REPEAT = "repeat"
"""Stands for several members that repeat together; a block or layer is written as it was called."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A line of the report: a layer, a block, or several copies of one, one behind the other.

    Attributes:
        label: how it is called, `bottleneck(256)`.
        path: its place in the network, `stage3.bottleneck2`; of several copies that of the first.
        times: how many copies there are.
        nodes: the nodes of all copies, in execution order.
        leaving: the node whose value leaves the last copy.
        children: what the first copy consists of; empty for a layer, and where the outline goes no deeper.
    """

    label: str
    path: str
    times: int
    nodes: tuple[Node, ...]
    leaving: Node
    children: tuple[Entry, ...] = ()

    @property
    def node(self) -> Node | None:
        """The layer that it stands for, if it is one; of several copies the first."""
        return self.nodes[0] if len(self.nodes) == self.times and not self.children else None


@no_collections()
def outline(
    graph: Graph,
    depth: int | None = None,
    *,
    most_lines: int = MOST_LINES,
    alike: Alike = "exactly",
    marks: Mapping[Node, Hashable] | None = None,
) -> tuple[Entry, ...]:
    r"""The entries of the outermost level, with those inside them.

    Args:
        graph: the network.
        depth: how many levels are told, at least 1. None stands for as many as `most_lines` lines have room for, and
            for one where it alone needs more.
        most_lines: that number of lines.
        alike: which members that follow each other are told once.
        marks: of nodes that are told from others, however alike they are.

    Raises:
        ValueError: the depth is less than 1.

    >>> from cnndsl import parse
    >>> graph = parse("f = CONV(8) -> RELU\nINPUT -> f*4 -> FC").graph
    >>> [(entry.label, entry.times, len(entry.children)) for entry in outline(graph)]
    [('INPUT(3x32x32*)', 1, 0), ('f', 1, 2), ('f', 3, 2), ('FC(10*)', 1, 0)]
    """
    if depth is not None and depth < 1:
        raise ValueError(f"a depth is at least 1, not {depth}")
    found, network = _Outline(graph, alike, marks), hierarchy(graph)
    if depth is None:
        depth = 1
        lines = found.lines(network, 1)
        while (deeper := found.lines(network, depth + 1)) != lines and deeper <= most_lines:
            depth, lines = depth + 1, deeper
    return found.entries(network, depth)


def flat(graph: Graph) -> tuple[Entry, ...]:
    """An entry for every node, in execution order."""
    return tuple(Entry(str(node.layer), node.path, 1, (node,), node) for node in graph)


def whole(graph: Graph) -> Entry:
    """The network as one entry."""
    return Entry(graph.name, "", 1, graph.nodes, graph.outputs[0].node)


def closed(entry: Entry) -> Entry:
    """The entry without those inside it."""
    return replace(entry, children=())


class _Outline:
    """Makes the entries of one graph, no deeper than they are asked for."""

    def __init__(self, graph: Graph, alike: Alike, marks: Mapping[Node, Hashable] | None) -> None:
        self._readers = graph.readers()
        self._folding = Folding(alike, None if alike == "exactly" else graph, marks)
        self._outputs = {output.node for output in graph.outputs}
        self._folds: dict[int, list[Fold]] = {}

    def lines(self, scope: Scope, depth: int) -> int:
        """How many entries `entries` gives, those inside them counted in."""
        return sum(self._lines_of(fold, depth) for fold in self._members(scope))

    def entries(self, scope: Scope, depth: int) -> tuple[Entry, ...]:
        """What a block, or the network, consists of, so many levels of it."""
        return tuple(self._entry(fold, depth) for fold in self._members(scope)) if depth else ()

    def _members(self, scope: Scope) -> list[Fold]:
        found = self._folds.get(id(scope))
        if found is None:
            found = self._folds[id(scope)] = self._folding.folds(scope)
        return found

    def _lines_of(self, fold: Fold, depth: int) -> int:
        member = fold.first[0]
        if depth == 1 or (len(fold.first) == 1 and isinstance(member, Node)):
            return 1
        if len(fold.first) > 1:
            return 1 + sum(self._lines_of(Fold(((each,),)), depth - 1) for each in fold.first)
        assert isinstance(member, Scope)
        return 1 + self.lines(member, depth - 1)

    def _entry(self, fold: Fold, depth: int) -> Entry:
        nodes = tuple(fold.nodes())
        member = fold.first[0]
        path = member.path if isinstance(member, Node) else ".".join(member.path)
        if len(fold.first) > 1:
            children = tuple(self._entry(Fold(((each,),)), depth - 1) for each in fold.first) if depth > 1 else ()
            return Entry(REPEAT, path, fold.times, nodes, self._leaving(nodes), children)
        if isinstance(member, Node):
            return Entry(str(member.layer), path, fold.times, nodes, nodes[-1])
        return Entry(str(member.block), path, fold.times, nodes, self._leaving(nodes), self.entries(member, depth - 1))

    def _leaving(self, nodes: tuple[Node, ...]) -> Node:
        """The last of some nodes that is an output, or read by a node that is none of them."""
        inside = set(nodes)
        for node in reversed(nodes):
            if node in self._outputs or any(reader not in inside for reader in self._readers[node]):
                return node
        return nodes[-1]


def walk(entries: Iterable[Entry], level: int = 0) -> Iterator[tuple[int, Entry]]:
    """Every entry behind the one it is in, with its level, from 0."""
    for entry in entries:
        yield level, entry
        yield from walk(entry.children, level + 1)
