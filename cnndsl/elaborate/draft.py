"""The network in the making: nodes are added, and what the language fills in is filled in.

The rules are those of the language reference, "Filled in". Two of them look back from a node (filters, input), two
look ahead and need the whole network (units, bias).
"""

from __future__ import annotations

from cnndsl.elaborate.values import Draft
from cnndsl.graph import Block, End, Graph, Node, blocks_around
from cnndsl.layers import Layer, TensorType
from cnndsl.source import Span

__all__ = ["BARE_INPUT", "FIRST_FILTERS", "Drafts", "numbered"]

BARE_INPUT = (3, 32, 32)
FIRST_FILTERS = 64
MOST_FILTERS = 512


class Drafts:
    """All nodes so far, in execution order."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.bare_dense: list[Draft] = []
        """Dense layers whose units the language chooses, in execution order."""
        self.followed: set[Draft] = set()
        """Nodes that a width is set behind, though not through nodes: a mistake lies between."""
        self.blocks: dict[tuple[str, ...], Block] = {}
        """The call behind every scope, also of those that have no nodes."""
        self._convolved: list[bool] = []
        self._shrank: list[bool] = []

    def add(
        self, layer: Layer, inputs: tuple[Draft, ...], type: TensorType, scope: tuple[str, ...], name: str, span: Span
    ) -> Draft:
        draft = Draft(len(self.drafts), layer, inputs, type, scope, name, span)
        self.drafts.append(draft)
        return draft

    def bare_filters(self, entering: Draft) -> int:
        """Filters of a bare convolution: 64 at first, then what comes in, doubled where the map shrank, up to 512."""
        self._follow_maps()
        if not self._convolved[entering.index]:
            return FIRST_FILTERS
        channels = entering.type.channels
        return max(channels, min(2 * channels, MOST_FILTERS)) if self._shrank[entering.index] else channels

    def _follow_maps(self) -> None:
        """For each new node: whether a convolution lies on a path to it, and whether the map shrank since the last."""
        for draft in self.drafts[len(self._convolved) :]:
            is_convolution = draft.layer.sets_width and draft.layer.family == "convolution"
            before = [read.index for read in draft.inputs]
            shrinks = any(_is_smaller(draft.type, read.type) for read in draft.inputs)
            self._convolved.append(is_convolution or any(self._convolved[index] for index in before))
            self._shrank.append(not is_convolution and (shrinks or any(self._shrank[index] for index in before)))

    def last_dense(self) -> frozenset[int]:
        """Which bare dense layers, by number, are the last on a way to an output: no width is set behind them."""
        followed = set(self.followed)
        for draft in reversed(self.drafts):
            if draft.layer.sets_width or draft in followed:
                followed.update(draft.inputs)
        return frozenset(number for number, draft in enumerate(self.bare_dense) if draft not in followed)

    def fill_biases(self, outputs: list[tuple[str, Draft]]) -> None:
        """A bias that is up to the language is absent where every reader of the output is a batch norm."""
        needed = {draft for _, draft in outputs}
        read: set[Draft] = set()
        for draft in self.drafts:
            read.update(draft.inputs)
            if not draft.layer.removes_mean:
                needed.update(draft.inputs)
        for draft in self.drafts:
            if "bias" in draft.layer.attributes and draft.layer.value("bias") is None:
                draft.layer = draft.layer.with_filled(bias=draft in needed or draft not in read)

    def graph(self, name: str, outputs: list[tuple[str, Draft]]) -> Graph:
        """The finished graph."""
        nodes: list[Node] = []
        for draft in self.drafts:
            read = tuple(nodes[before.index] for before in draft.inputs)
            node = Node(draft.index, draft.layer, read, draft.type, draft.scope, draft.name, draft.span)
            nodes.append(node)
        entering = [node for node in nodes if not node.inputs]
        inputs = tuple(End(numbered("input", position), node) for position, node in enumerate(entering))
        leaving = tuple(End(name, nodes[draft.index]) for name, draft in outputs)
        return Graph(name, tuple(nodes), inputs, leaving, blocks_around(nodes, self.blocks))


def numbered(word: str, position: int) -> str:
    """The name of an unnamed end: `out`, `out2`, `out3`."""
    return f"{word}{position + 1}" if position else word


def _is_smaller(type: TensorType, before: TensorType) -> bool:
    return any(now < then for now, then in zip(type.spatial, before.spatial, strict=False))
