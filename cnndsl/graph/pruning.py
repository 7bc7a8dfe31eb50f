"""A part of a network: what some of its values are computed from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cnndsl.graph.graph import End, Graph, Node, blocks_around

__all__ = ["leading_to"]


def leading_to(graph: Graph, outputs: Iterable[End]) -> Graph:
    """The network with these outputs, values of the given one, and without what none of them reads.

    All inputs stay, read or not. Paths stay too, so weights keep their names; weights that a layer left out shares are
    those of the first layer that is left.
    """
    outputs = tuple(outputs)
    needed = _before(output.node for output in outputs) | {end.node for end in graph.inputs}
    kept = [node for node in graph.nodes if node in needed]
    copies: dict[Node, Node] = {}
    owners: dict[Node, Node] = {}
    for index, node in enumerate(kept):
        owner = node.shares or node
        inputs = tuple(copies[read] for read in node.inputs)
        copies[node] = replace(node, index=index, inputs=inputs, shares=owners.get(owner))
        owners.setdefault(owner, copies[node])
    return Graph(
        graph.name,
        tuple(copies.values()),
        tuple(end._replace(node=copies[end.node]) for end in graph.inputs),
        tuple(end._replace(node=copies[end.node]) for end in outputs),
        blocks_around(copies.values(), graph.blocks),
    )


def _before(nodes: Iterable[Node]) -> set[Node]:
    """These nodes and all that they read, directly or not."""
    found: set[Node] = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending += node.inputs
    return found
