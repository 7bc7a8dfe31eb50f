"""The blocks of the spec as a tree: a view on the paths of the nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cnndsl.graph.graph import Block, Graph, Node

__all__ = ["Scope", "hierarchy"]


@dataclass(slots=True, eq=False)
class Scope:
    """A block of the spec at its place, or the whole network.

    Attributes:
        path: the names that lead to it; empty for the network.
        block: the call behind it; None for the network.
        members: its nodes and the scopes inside it, in execution order.
    """

    path: tuple[str, ...]
    block: Block | None
    members: list[Node | Scope] = field(default_factory=list)

    def nodes(self) -> Iterator[Node]:
        """Its own nodes and those further in."""
        for member in self.members:
            if isinstance(member, Scope):
                yield from member.nodes()
            else:
                yield member


def hierarchy(graph: Graph) -> Scope:
    r"""The network with the scopes inside it.

    >>> from cnndsl import parse
    >>> network = hierarchy(parse("f = CONV(4) -> RELU\nINPUT -> f -> FC").graph)
    >>> [member.path for member in network.members]
    ['input1', ('f1',), 'fc1']
    """
    scopes: dict[tuple[str, ...], Scope] = {(): Scope((), None)}
    for node in graph:
        _scope(scopes, node.scope, graph).members.append(node)
    return scopes[()]


def _scope(scopes: dict[tuple[str, ...], Scope], path: tuple[str, ...], graph: Graph) -> Scope:
    if path not in scopes:
        around = _scope(scopes, path[:-1], graph)
        scopes[path] = Scope(path, graph.blocks.get(path))
        around.members.append(scopes[path])
    return scopes[path]
