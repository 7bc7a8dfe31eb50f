"""The network as a flat list of nodes in execution order. Hierarchy is a view on the nodes' paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from cnndsl.layers import Layer, TensorType
from cnndsl.layers.tensor import by_x
from cnndsl.source import Span

if TYPE_CHECKING:
    import networkx

__all__ = ["Block", "End", "Graph", "Node", "blocks_around", "scopes"]

_LONGEST_ARGUMENT = 24


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A layer at its place.

    Attributes:
        index: its position in the graph.
        layer: what it computes, with all attributes bound.
        inputs: the nodes it reads, in the order of its arguments.
        type: what leaves it.
        scope: the blocks it came through, `("stage2", "bottleneck1")`.
        name: its layer's word and a number among its kind in that scope, `conv3`.
        span: where it was written.
        shares: the node before it whose weights it uses; None where they are its own.
    """

    index: int
    layer: Layer
    inputs: tuple[Node, ...]
    type: TensorType
    scope: tuple[str, ...]
    name: str
    span: Span
    shares: Node | None = None

    @property
    def path(self) -> str:
        """`stage2.bottleneck1.conv3`, unique in its graph."""
        return ".".join((*self.scope, self.name))

    @property
    def input_types(self) -> tuple[TensorType, ...]:
        return tuple(node.type for node in self.inputs)

    @property
    def keeps(self) -> bool:
        """Whether its layer learns something, or keeps something that it does not learn."""
        types = self.input_types
        return bool(self.layer.parameters(types) or self.layer.buffers(types))

    def __repr__(self) -> str:
        inputs = ", ".join(f"%{node.index}" for node in self.inputs)
        weights = f", weights of {self.shares.path}" if self.shares else ""
        return f"%{self.index} = {self.layer}({inputs}) : {self.type}  # {self.path}{weights}"


class Block(NamedTuple):
    """A call of a definition: what the last name of a scope stands for.

    Attributes:
        definition: the name of the definition.
        arguments: the value of each of its parameters: numbers, booleans, tuples and words as they are, a piece of
            network as the text that was written for it, what flows by its name or else the path of its layer.
        written: the parameters that the call gave a value, not their default.
        span: the call.
    """

    definition: str
    arguments: Mapping[str, object]
    written: frozenset[str]
    span: Span

    def __str__(self) -> str:
        """The call with values in place of what was computed: `bottleneck(64, s=2)`."""
        shown: list[str] = []
        by_position = True
        for name, value in self.arguments.items():
            if name in self.written:
                shown.append(_written(value) if by_position else f"{name}={_written(value)}")
            by_position = by_position and name in self.written
        return f"{self.definition}({', '.join(shown)})" if shown else self.definition


class End(NamedTuple):
    """A value that enters or leaves the network, and its name there."""

    name: str
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A whole network.

    Attributes:
        name: the model's name.
        nodes: all nodes, each behind those it reads.
        inputs: the values that enter, in the order of the text.
        outputs: the values that leave, the main one first.
        blocks: the call behind every scope of a node, `("stage2", "bottleneck1")`.
    """

    name: str
    nodes: tuple[Node, ...]
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    blocks: Mapping[tuple[str, ...], Block] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def node(self, path: str) -> Node:
        """The node at a path.

        Raises:
            KeyError: there is none.
        """
        for node in self.nodes:
            if node.path == path:
                return node
        raise KeyError(path)

    def readers(self) -> dict[Node, list[Node]]:
        """For every node the nodes that read it, in execution order."""
        readers: dict[Node, list[Node]] = {node: [] for node in self.nodes}
        for node in self.nodes:
            for read in node.inputs:
                readers[read].append(node)
        return readers

    def __str__(self) -> str:
        """The printed form: a line for each node."""
        outputs = ", ".join(f"{output.name} = %{output.node.index}" for output in self.outputs)
        return "\n".join([f"graph {self.name}", *(f"  {node!r}" for node in self.nodes), f"  return {outputs}"])

    def to_networkx(self) -> networkx.MultiDiGraph[str]:
        """The graph as networkx sees it: a vertex for each path, edges numbered by the reader's arguments."""
        import networkx

        view: networkx.MultiDiGraph[str] = networkx.MultiDiGraph(name=self.name)
        for node in self.nodes:
            view.add_node(node.path, layer=str(node.layer), word=node.layer.word(), shape=node.type.shape)
            for position, read in enumerate(node.inputs):
                view.add_edge(read.path, node.path, key=position, shape=read.type.shape)
        return view


def blocks_around(nodes: Iterable[Node], blocks: Mapping[tuple[str, ...], Block]) -> dict[tuple[str, ...], Block]:
    """Those of some blocks that hold one of the nodes."""
    filled = scopes(nodes)
    return {scope: block for scope, block in blocks.items() if scope in filled}


def scopes(nodes: Iterable[Node]) -> set[tuple[str, ...]]:
    """The scopes that hold a node, directly or further in."""
    found: set[tuple[str, ...]] = set()
    for node in nodes:
        scope = node.scope
        while scope and scope not in found:
            found.add(scope)
            scope = scope[:-1]
    return found


def _written(value: object) -> str:
    """A value as the language writes it, on one line and cut where it is long."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        is_size = len(value) > 1 and all(type(extent) is int for extent in value)
        return by_x(value) if is_size else f"({', '.join(map(_written, value))})"
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST_ARGUMENT else f"{text[:_LONGEST_ARGUMENT]}..."
