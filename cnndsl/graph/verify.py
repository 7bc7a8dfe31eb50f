"""What holds of every graph, checked where graphs are made. A failure is a bug of the compiler, never of a spec."""

from __future__ import annotations

from cnndsl.graph.graph import Graph, scopes

__all__ = ["InvalidGraph", "verify"]


class InvalidGraph(AssertionError):
    """A pass left a graph that breaks a rule."""


def verify(graph: Graph) -> Graph:
    """The graph itself.

    Raises:
        InvalidGraph: nodes out of order, a node of another graph, a path twice, a type that its layer does not give,
            an input or output that is none of its nodes, a scope without a block or a block without a node.
    """
    paths: set[str] = set()
    for index, node in enumerate(graph.nodes):
        if node.index != index:
            raise InvalidGraph(f"{node.path} says it is number {node.index}, but stands at {index}")
        for read in node.inputs:
            if read.index >= index or graph.nodes[read.index] is not read:
                raise InvalidGraph(f"{node.path} reads {read.path}, which does not stand before it")
        if node.path in paths:
            raise InvalidGraph(f"two nodes are called {node.path}")
        paths.add(node.path)
        if node.layer.infer(node.input_types) != node.type:
            raise InvalidGraph(f"{node.path} is {node.type}, but its layer gives {node.layer.infer(node.input_types)}")
    for _, node in (*graph.inputs, *graph.outputs):
        if node.index >= len(graph.nodes) or graph.nodes[node.index] is not node:
            raise InvalidGraph(f"{node.path} is not in the graph")
    if graph.blocks.keys() != scopes(graph.nodes):
        raise InvalidGraph(f"no block, or no node: {graph.blocks.keys() ^ scopes(graph.nodes)}")
    return graph
