"""What a network costs: learned parameters, buffers and multiply-accumulates, node by node.

Parameters are learned tensors. MACs are products with weights for one sample: those of convolution, transposed
convolution and dense layers; no bias, normalisation, activation or pooling; products with padding are counted. A MAC is
two FLOPs, a product and a sum.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from cnndsl.graph import Graph, Node
from cnndsl.resources import no_collections

__all__ = ["FLOPS_OF_A_MAC", "Cost", "NodeCost", "cost"]

FLOPS_OF_A_MAC = 2


class NodeCost(NamedTuple):
    """The share of one node.

    Attributes:
        params: how many numbers it learns.
        frozen: how many weights it has that it does not learn; they are among its buffers.
        buffers: how many numbers it keeps without learning them.
        macs: multiply-accumulates for one sample.
    """

    node: Node
    params: int
    frozen: int
    buffers: int
    macs: int

    @property
    def flops(self) -> int:
        return FLOPS_OF_A_MAC * self.macs


class Cost(NamedTuple):
    """The cost of a network: a row for each node, in execution order; totals are the sums of the rows."""

    rows: tuple[NodeCost, ...]

    @property
    def params(self) -> int:
        return sum(row.params for row in self.rows)

    @property
    def frozen(self) -> int:
        return sum(row.frozen for row in self.rows)

    @property
    def buffers(self) -> int:
        return sum(row.buffers for row in self.rows)

    @property
    def macs(self) -> int:
        return sum(row.macs for row in self.rows)

    @property
    def flops(self) -> int:
        return FLOPS_OF_A_MAC * self.macs


@no_collections()
def cost(graph: Graph) -> Cost:
    """Parameters, buffers and MACs of a graph.

    >>> from cnndsl import parse
    >>> cost(parse("INPUT(1x28x28) -> FC(10)").graph).params
    7850
    """
    return Cost(tuple(map(_node_cost, graph)))


def _node_cost(node: Node) -> NodeCost:
    layer, inputs = node.layer, node.input_types
    if node.shares is not None:  # counted where they are used first
        return NodeCost(node, 0, 0, 0, layer.macs(inputs, node.type))
    params = sum(map(prod, layer.parameters(inputs).values()))
    buffers = sum(map(prod, layer.buffers(inputs).values()))
    frozen = buffers if layer.is_frozen else 0
    return NodeCost(node, params, frozen, buffers, layer.macs(inputs, node.type))
