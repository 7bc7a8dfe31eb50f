"""What stands in the way of a module where sizes are open: a layer of torch that is made with a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from cnndsl.diagnostics import Diagnostic
from cnndsl.graph import Graph, Node
from cnndsl.layers.extent import Extent
from cnndsl.layers.rejected import Undecided

__all__ = ["missing_number"]


def missing_number(graph: Graph) -> Diagnostic | None:
    """The first layer that torch cannot make without a number that is open; None where there is no such layer."""
    if not any(isinstance(extent, Extent) for end in graph.inputs for extent in end.node.type.shape):
        return None
    return next(filter(None, map(_missing, graph)), None)


def _missing(node: Node) -> Diagnostic | None:
    try:
        for extent in _extents(node.layer.lower(node.input_types, node.type)):
            raise Undecided(f"torch makes {node.layer.word()} with a number, and here that is {extent}")
    except Undecided as problem:
        return Diagnostic("open-size", problem.message, node.span, help=problem.help)
    return None


def _extents(value: object) -> Iterator[Extent]:
    """The open sizes in a step, or in what it holds."""
    if isinstance(value, Extent):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _extents(each)
    elif isinstance(value, Mapping):
        yield from _extents(tuple(value.values()))
    elif is_dataclass(value):
        yield from _extents(tuple(getattr(value, field.name) for field in fields(value)))
