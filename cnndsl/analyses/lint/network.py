"""What the rules look at, and what they find."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from cnndsl.analyses.cost import Cost, cost
from cnndsl.analyses.receptive_field import NodeField, receptive_fields
from cnndsl.diagnostics import Label
from cnndsl.graph import Graph, Node
from cnndsl.layers import Layer
from cnndsl.layers.convolution import Convolution, DepthwiseConvolution, TransposedConvolution
from cnndsl.layers.dense import FullyConnected
from cnndsl.layers.reduction import AdaptivePooling, GlobalAveragePooling, GlobalMaxPooling
from cnndsl.layers.windows import Window

__all__ = ["Finding", "Network", "has_weights", "is_convolution", "pools_the_map", "window_of"]


class Finding(NamedTuple):
    """What a rule has to say about a node.

    Attributes:
        node: the node.
        message: one sentence, without a full stop.
        label: the numbers, in a few words.
        help: what to write instead.
        others: further places.
    """

    node: Node
    message: str
    label: str = ""
    help: str = ""
    others: tuple[Label, ...] = ()


class Network:
    """A graph with what several rules ask of it, each computed when it is asked for."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __iter__(self) -> Iterator[Node]:
        return iter(self.graph)

    @cached_property
    def readers(self) -> dict[Node, list[Node]]:
        return self.graph.readers()

    @cached_property
    def outputs(self) -> frozenset[Node]:
        return frozenset(output.node for output in self.graph.outputs)

    @cached_property
    def cost(self) -> Cost:
        return cost(self.graph)

    @cached_property
    def fields(self) -> dict[Node, NodeField]:
        return {row.node: row for row in receptive_fields(self.graph).rows}

    @cached_property
    def uses(self) -> dict[Node, list[Node]]:
        """For every node that has weights of its own, all nodes that use them, itself the first."""
        uses: dict[Node, list[Node]] = {}
        for node in self.graph:
            uses.setdefault(node.shares or node, []).append(node)
        return uses


def window_of(node: Node) -> Window | None:
    """The window that a layer slides over its map; None for one that does nothing of the kind."""
    window = getattr(node.layer, "window", None)
    return window if isinstance(window, Window) else None


def is_convolution(layer: Layer) -> bool:
    return isinstance(layer, Convolution | DepthwiseConvolution | TransposedConvolution)


def has_weights(layer: Layer) -> bool:
    """Whether it is linear in what comes in, with weights that are learned."""
    return is_convolution(layer) or isinstance(layer, FullyConnected)


def pools_the_map(node: Node) -> bool:
    """Whether a node makes one position of all: a global pooling, or another one with that result."""
    may_pool_it = isinstance(node.layer, GlobalAveragePooling | GlobalMaxPooling | AdaptivePooling)
    return may_pool_it and node.type.elements == node.type.channels
