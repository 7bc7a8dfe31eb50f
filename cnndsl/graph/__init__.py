"""The intermediate representation: nodes in execution order."""

from cnndsl.graph.graph import End, Graph, Node
from cnndsl.graph.verify import InvalidGraph, verify

__all__ = ["End", "Graph", "InvalidGraph", "Node", "verify"]
