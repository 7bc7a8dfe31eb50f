"""The network in the making: nodes are added, and what the language fills in is filled in.

The rules are those of the language reference, "Filled in". Two of them look back from a node (filters, input), two
look ahead and need the whole network (units, bias).
"""

from __future__ import annotations

from collections.abc import Sequence

from cnndsl.elaborate.values import Draft
from cnndsl.graph import Block, End, Graph, Node, blocks_around
from cnndsl.layers import Layer, TensorType
from cnndsl.layers.extent import for_large_sizes
from cnndsl.source import Span

__all__ = ["FIRST_FILTERS", "Drafts", "numbered"]

FIRST_FILTERS = 64
MOST_FILTERS = 512


class Drafts:
    """All nodes so far, in execution order."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        """In the order in which they were made."""
        self.sequence: list[Draft] = []
        """In the order of execution: what was moved stands where it belongs."""
        self.bare_dense: list[Draft] = []
        """Dense layers whose units the language chooses, in execution order."""
        self.followed: set[Draft] = set()
        """Nodes that a width is set behind, though not through nodes: a mistake lies between."""
        self.blocks: dict[tuple[str, ...], Block] = {}
        """The call behind every scope, also of those that have no nodes."""
        self._convolved: list[bool] = []
        self._shrank: list[bool] = []

    def add(
        self,
        layer: Layer,
        inputs: tuple[Draft, ...],
        type: TensorType,
        scope: tuple[str, ...],
        name: str,
        span: Span,
        weights: object,
    ) -> Draft:
        draft = Draft(len(self.drafts), layer, inputs, type, scope, name, span, weights)
        self.drafts.append(draft)
        self.sequence.append(draft)
        return draft

    def move(self, first: int, to: int) -> int:
        """Move all drafts from a place in the sequence on to an earlier place; gives how many they are."""
        moved = self.sequence[first:]
        del self.sequence[first:]
        self.sequence[to:to] = moved
        return len(moved)

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
        """A bias that is up to the language is absent where every reader of the output is a batch norm.

        What shares its weights decides together: over all readers, or as the one that says so.
        """
        needed = {_weights(draft) for _, draft in outputs}
        read: set[object] = set()
        written: dict[object, bool] = {}
        for draft in self.drafts:
            entering = [_weights(each) for each in draft.inputs]
            read.update(entering)
            if not draft.layer.removes_mean:
                needed.update(entering)
            if draft.weights and "bias" in draft.layer.attributes and draft.layer.value("bias") is not None:
                written[draft.weights] = draft.layer.value("bias")
        decided: dict[tuple[Layer, bool], Layer] = {}
        for draft in self.drafts:
            if "bias" in draft.layer.attributes and draft.layer.value("bias") is None:
                key = _weights(draft)
                has_bias = written.get(key, key in needed or key not in read)
                found = decided.get((draft.layer, has_bias))
                if found is None:
                    found = decided[draft.layer, has_bias] = draft.layer.with_filled(bias=has_bias)
                draft.layer = found

    def keep_indices(self) -> None:
        """Poolings whose maxima an unpooling puts back also tell where they found them."""
        for draft in self.drafts:
            if draft.layer.reads_indices:
                pooling = draft.inputs[-1]
                pooling.layer = pooling.layer.with_indices()

    def graph(self, name: str, outputs: list[tuple[str, Draft]], inputs: Sequence[str]) -> Graph:
        """The finished graph; inputs are named in the order in which they were made."""
        nodes: dict[Draft, Node] = {}
        first: dict[object, Node] = {}
        for index, draft in enumerate(self.sequence):
            read = tuple([nodes[before] for before in draft.inputs])
            shares = first.get(draft.weights) if draft.weights else None
            node = Node(index, draft.layer, read, draft.type, draft.scope, draft.name, draft.span, shares)
            if draft.weights and node.keeps:
                first.setdefault(draft.weights, node)
            nodes[draft] = node
        entering = [nodes[draft] for draft in self.drafts if not draft.inputs]
        ends = tuple(End(name, node) for name, node in zip(inputs, entering, strict=True))
        leaving = tuple(End(name, nodes[draft]) for name, draft in outputs)
        ordered = tuple(nodes.values())
        return Graph(name, ordered, ends, leaving, blocks_around(ordered, self.blocks))


def _weights(draft: Draft) -> object:
    """What stands for a draft's weights: the draft, or what all that share them have in common."""
    return draft.weights or draft


def numbered(word: str, position: int) -> str:
    """The name of an unnamed end: `out`, `out2`, `out3`."""
    return f"{word}{position + 1}" if position else word


def _is_smaller(type: TensorType, before: TensorType) -> bool:
    """Whether a map shrank on some axis; where that depends on open sizes, they are taken for large ones."""
    pairs = zip(type.spatial, before.spatial, strict=False)
    return any(for_large_sizes(now) < for_large_sizes(then) for now, then in pairs)
