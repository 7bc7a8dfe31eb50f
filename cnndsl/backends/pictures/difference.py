"""A picture of what differs between two networks: the second, with what the first had besides in its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cnndsl.analyses.diff import Difference, Pair
from cnndsl.analyses.outline import outline
from cnndsl.backends.pictures.labels import of_box
from cnndsl.backends.pictures.view import MOST_BOXES, Mark, View, of_entries
from cnndsl.graph import Graph, Node

__all__ = ["view_of"]

_SIGNS: Mapping[Mark, str] = {"added": "+", "removed": "−", "changed": "~"}
_FORMER = "\N{PRIME}"
"""Behind the names of what only the first network has, so that they are no names of the second."""


def view_of(found: Difference, depth: int | None = None, *, folded: bool = True) -> View:
    """What a picture of a difference shows; its boxes are marked, and say so by a sign too.

    Args:
        found: the difference.
        depth: how many levels of blocks are opened; None for as many as leave boxes that can be looked at.
        folded: whether what repeats, and changed alike, is drawn once.
    """
    both = _Both(found)
    entries = outline(
        both.graph, depth, most_lines=MOST_BOXES, alike="in a chain" if folded else "never", marks=both.marks
    )
    view = of_entries(both.graph, entries, both.former_arrows())
    view.marks = both.marks
    for box in view.boxes():
        mark = view.mark(box)
        if mark is not None and not box.is_end:
            box.text = f"{_SIGNS[mark]} {of_box(box, both.graph)}"
    return view


class _Both:
    """Two networks as one graph.

    Attributes:
        graph: all layers of the second, and those of the first that were removed.
        marks: what became of those that are not the same.
    """

    def __init__(self, found: Difference) -> None:
        self._found = found
        self._of_before: dict[Node, Node] = {}
        self._of_after: dict[Node, Node] = {}
        self.marks: dict[Node, Mark] = {}
        nodes = [self._node(index, pair) for index, pair in enumerate(found.pairs)]
        ends = [end._replace(node=self._of_after[end.node]) for end in found.after.outputs]
        inputs = tuple(end._replace(node=self._of_after[end.node]) for end in found.after.inputs)
        former = {
            self._former_scope(scope): block
            for scope, block in found.before.blocks.items()
            if scope not in found.after.blocks
        }
        name = f"{found.before.name} to {found.after.name}"
        self.graph = Graph(name, tuple(nodes), inputs, tuple(ends), {**former, **found.after.blocks})

    def former_arrows(self) -> Iterator[tuple[Node, Node]]:
        """From what was removed to what read it and is still there; and what read something before, and reads other."""
        removed = {pair.before.node for pair in self._found.pairs if pair.kind == "removed" and pair.before}
        for node in self._found.before:
            for read in node.inputs:
                if read in removed and node not in removed:
                    yield self._of_before[read], self._of_before[node]

    def _node(self, index: int, pair: Pair) -> Node:
        if pair.after is not None:
            of = pair.after.node
            read = tuple(self._of_after[each] for each in of.inputs)
            made = replace(of, index=index, inputs=read, shares=None)
            self._of_after[of] = made
            if pair.before is not None:
                self._of_before[pair.before.node] = made
        else:
            assert pair.before is not None
            of = pair.before.node
            read = tuple(self._of_before[each] for each in of.inputs if each in self._of_before)
            scope, name = self._former_scope(of.scope), f"{of.name}{_FORMER}"
            made = replace(of, index=index, inputs=read, scope=scope, name=name, shares=None)
            self._of_before[of] = made
        if pair.kind != "same" and pair.kind != "resized":
            self.marks[made] = pair.kind
        return made

    def _former_scope(self, scope: Sequence[str]) -> tuple[str, ...]:
        """The blocks around what was removed: those that the second network has too, and former ones in them."""
        blocks = self._found.after.blocks
        common = next((end for end in range(len(scope), 0, -1) if tuple(scope[:end]) in blocks), 0)
        return (*scope[:common], *(f"{name}{_FORMER}" for name in scope[common:]))
