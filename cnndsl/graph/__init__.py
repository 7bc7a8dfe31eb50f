"""The intermediate representation: nodes in execution order."""

from cnndsl.graph.folding import Alike, Fold, Folding
from cnndsl.graph.graph import Block, End, Graph, Node, blocks_around, scopes
from cnndsl.graph.hierarchy import Scope, hierarchy
from cnndsl.graph.pruning import leading_to
from cnndsl.graph.verify import InvalidGraph, verify

__all__ = [
    "Alike",
    "Block",
    "End",
    "Fold",
    "Folding",
    "Graph",
    "InvalidGraph",
    "Node",
    "Scope",
    "blocks_around",
    "hierarchy",
    "leading_to",
    "scopes",
    "verify",
]
