"""The report on a network as plain data, for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cnndsl.analyses.cost import Cost, NodeCost
from cnndsl.diagnostics import Diagnostic
from cnndsl.diagnostics.json import as_data as diagnostic_as_data
from cnndsl.graph import End, Graph
from cnndsl.layers.extent import Extent

__all__ = ["report"]


def report(name: str, graph: Graph | None, cost: Cost | None, diagnostics: tuple[Diagnostic, ...]) -> dict[str, Any]:
    """One model as JSON can hold it. Of a model with errors there are only the name and the diagnostics.

    Sizes are lists, channels first, without the batch axis. A number that depends on an open size is its formula as
    text, `"(H+1)//2"`. `filled` names the values that the language chose, `shares` the node whose weights
    a node uses and where they are counted.
    """
    return {
        "name": name,
        "inputs": [_end(end) for end in graph.inputs] if graph else [],
        "outputs": [_end(end) for end in graph.outputs] if graph else [],
        "params": _number(cost.params) if cost else None,
        "buffers": _number(cost.buffers) if cost else None,
        "macs": _number(cost.macs) if cost else None,
        "nodes": [_node(row) for row in cost.rows] if cost else [],
        "diagnostics": [diagnostic_as_data(diagnostic) for diagnostic in diagnostics],
    }


def _number(number: int) -> int | str:
    return str(number) if isinstance(number, Extent) else number


def _numbers(extents: Iterable[int]) -> list[int | str]:
    return list(map(_number, extents))


def _end(end: End) -> dict[str, Any]:
    return {"name": end.name, "size": _numbers(end.node.type.shape)}


def _node(row: NodeCost) -> dict[str, Any]:
    node = row.node
    line, column = node.span.position
    return {
        "path": node.path,
        "layer": node.layer.word(),
        "call": str(node.layer).replace("*", ""),
        "inputs": [read.path for read in node.inputs],
        "output": _numbers(node.type.shape),
        "params": _number(row.params),
        "buffers": _number(row.buffers),
        "macs": _number(row.macs),
        "shares": node.shares.path if node.shares else None,
        "filled": sorted(node.layer.filled),
        "line": line,
        "column": column,
    }
