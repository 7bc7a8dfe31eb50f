"""What a module may do otherwise than the graph says, with the same result; read off the graph.

Nodes whose weights, or whose module, other nodes use too are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnndsl.graph import Graph, Node
from cnndsl.layers.lowering import FunctionCall, ModuleCall, Operator, Step, is_view

__all__ = ["Liberties"]

_WEIGHING = ("torch.nn.Conv", "torch.nn.Linear")
"""How the names of modules begin that compute weighted sums: Conv2d, ConvTranspose2d, Linear."""

_NORM = "torch.nn.BatchNorm"
_RELUS = frozenset({"torch.nn.ReLU", "torch.nn.ReLU6"})
_FRESH = (*_WEIGHING, _NORM, "torch.nn.AvgPool", "torch.nn.MaxPool", "torch.cat")
"""How the names begin of what gives a tensor that is its own, and that its backward pass does not read."""


class Liberties:
    """What a graph allows."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._readers: Mapping[Node, list[Node]] = graph.readers()
        self._leaving = {end.node for end in graph.outputs}
        self._last = {node: _last(node) for node in graph}
        self._lent = {node for each in graph if each.shares for node in (each, each.shares)}
        self._lent_blocks = {block for node in graph if node.shares for block in _apart(node, node.shares)}

    def folds(self) -> Iterator[tuple[Node, Node]]:
        """Batch norms behind a convolution or a dense layer that nobody else reads, each behind that."""
        for norm in self._graph:
            if self._calls(norm).startswith(_NORM) and self._is_own(norm):
                (before,) = norm.inputs
                if self._calls(before).startswith(_WEIGHING) and self._is_own(before) and self._is_read_once(before):
                    yield before, norm

    def activations(self) -> Iterator[tuple[Node, Node]]:
        """ReLUs behind a 2-D convolution, or behind the norm that is folded into one; nobody else reads what enters."""
        folded = {norm: before for before, norm in self.folds()}
        for node in self._graph:
            if self._calls(node) in _RELUS and self._is_own(node) and self._is_read_once(node.inputs[0]):
                before = folded.get(node.inputs[0], node.inputs[0])
                if self._calls(before) == "torch.nn.Conv2d" and self._is_own(before):
                    yield before, node

    def overwriting(self) -> Iterator[Node]:
        """ReLUs and sums that may write where they read first: nobody else needs that, forwards or backwards."""
        return (
            node
            for node in self._graph
            if (self._calls(node) in _RELUS or self._is_sum_of_two(node))
            and self._is_own(node)
            and self._is_free(node.inputs[0])
        )

    def resting(self) -> Iterator[Node]:
        """What passes its input on unless in training, as dropout does."""
        return (node for node in self._graph if self._is_own(node) and _rests(self._last[node]))

    def _is_own(self, node: Node) -> bool:
        """Whether its module is used at this one place."""
        places = (node.scope[:depth] for depth in range(1, len(node.scope) + 1))
        return node not in self._lent and self._lent_blocks.isdisjoint(places)

    def _is_read_once(self, node: Node) -> bool:
        return len(self._readers[node]) == 1 and node not in self._leaving

    def _is_free(self, node: Node) -> bool:
        """Whether what leaves a node may be overwritten by its reader."""
        if not self._is_read_once(node):
            return False
        last = self._last[node]
        if _rests(last):
            return self._is_free(node.inputs[0])
        return (isinstance(last, Operator) and last.symbol in "+-") or self._calls(node).startswith(_FRESH)

    def _is_sum_of_two(self, node: Node) -> bool:
        """Whether a node adds to one tensor another one of the same shape."""
        last = self._last[node]
        is_plain = isinstance(last, Operator) and last.symbol == "+" and last.trailing == (0, 0) and not last.numbers
        return is_plain and node.input_types == (node.type, node.type)

    def _calls(self, node: Node) -> str:
        """The path of the module or function that gives what leaves a node; "" where there is none."""
        last = self._last[node]
        return last.path if isinstance(last, ModuleCall | FunctionCall) else ""


def _apart(one: Node, other: Node) -> Iterator[tuple[str, ...]]:
    """The outermost block around each of two nodes that is not around the other."""
    common = 0
    for name, another in zip(one.scope, other.scope, strict=False):
        if name != another:
            break
        common += 1
    return (node.scope[: common + 1] for node in (one, other) if len(node.scope) > common)


def _last(node: Node) -> Step | None:
    """The step that gives what leaves a node; None for an input."""
    steps = node.layer.lower(node.input_types, node.type) if node.inputs else ()
    return steps[-1] if steps else None


def _rests(step: Step | None) -> bool:
    return step is not None and is_view(step, training=False) and not is_view(step, training=True)
