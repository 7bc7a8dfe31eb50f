"""The graph as nested blocks, each with the steps and blocks inside it and the wires between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from cnndsl.graph import Block, Graph, Node, Scope, hierarchy
from cnndsl.layers import TensorType
from cnndsl.layers.lowering import ModuleCall, Step

__all__ = ["ENTERING", "Instance", "Item", "Wire", "tree"]

ENTERING = -1
"""The item from which what enters a block comes."""


class Wire(NamedTuple):
    """A value inside a block: which item gives it (`ENTERING`: none, it enters), and which of its values it is."""

    item: int
    position: int = 0


class Item(NamedTuple):
    """A step or a block inside a block.

    Attributes:
        name: under which the block knows it.
        content: what it is.
        reads: the values that it takes.
        type: what leaves it, if that is known; of a block with several outputs the first.
    """

    name: str
    content: Step | Instance
    reads: tuple[Wire, ...]
    type: TensorType | None


@dataclass(slots=True, eq=False)
class Instance:
    """A block of the spec at its place, or the whole network.

    Attributes:
        block: the call that it came from; None for the network.
        inputs: the types of what enters.
        items: what is inside, in execution order.
        outputs: the values that leave.
    """

    block: Block | None
    inputs: tuple[TensorType, ...]
    items: tuple[Item, ...]
    outputs: tuple[Wire, ...]
    height: int = field(init=False)
    """How many blocks are inside each other below it."""

    def __post_init__(self) -> None:
        self.height = 1 + max((child.height for child in self.children()), default=-1)

    def children(self) -> Iterator[Instance]:
        return (item.content for item in self.items if isinstance(item.content, Instance))

    def walk(self) -> Iterator[Instance]:
        """All blocks inside, those further in first, and itself."""
        for child in self.children():
            yield from child.walk()
        yield self


def tree(graph: Graph) -> Instance:
    """The network with its blocks inside it."""
    return _Cutter(graph).network()


class _Cutter:
    """Cuts the nodes of a graph into blocks, whose nodes stand together, since elaboration goes depth first."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._last_read: dict[Node, int] = {}
        for node in graph:
            for read in node.inputs:
                self._last_read[read] = node.index
        for _, node in graph.outputs:
            self._last_read[node] = len(graph)

    def network(self) -> Instance:
        inputs = [end.node for end in self._graph.inputs]
        return self._instance(hierarchy(self._graph), inputs, [end.node for end in self._graph.outputs])

    def _instance(self, scope: Scope, entering: list[Node], leaving: list[Node]) -> Instance:
        wires = {node: Wire(ENTERING, position) for position, node in enumerate(entering)}
        items: list[Item] = []
        for member in scope.members:
            if isinstance(member, Scope):
                items.append(self._block(member, wires, len(items)))
            elif member.inputs:
                items += _steps(member, wires, len(items))
        types = tuple(node.type for node in entering)
        return Instance(scope.block, types, tuple(items), tuple(wires[node] for node in leaving))

    def _block(self, scope: Scope, wires: dict[Node, Wire], place: int) -> Item:
        nodes = list(scope.nodes())
        inside, end = set(nodes), nodes[-1].index
        entering = list(dict.fromkeys(read for node in nodes for read in node.inputs if read not in inside))
        leaving = [node for node in nodes if self._last_read[node] > end]
        reads = tuple(wires[node] for node in entering)
        wires.update({node: Wire(place, position) for position, node in enumerate(leaving)})
        return Item(scope.path[-1], self._instance(scope, entering, leaving), reads, leaving[0].type)


def _steps(node: Node, wires: dict[Node, Wire], place: int) -> list[Item]:
    """What a node lowers to; the first step reads what the node reads, each further one the step before it."""
    items: list[Item] = []
    reads = tuple(wires[read] for read in node.inputs)
    steps = node.layer.lower(node.input_types, node.type)
    for step in steps:
        suffix = step.suffix if isinstance(step, ModuleCall) else ""
        type = node.type if step is steps[-1] else None
        items.append(Item(f"{node.name}_{suffix}" if suffix else node.name, step, reads, type))
        reads = (Wire(place + len(items) - 1),)
    wires[node] = reads[0]
    return items
