"""The report on a network as a table for terminals. It is written by hand: rich would cost more than the compiler."""

from __future__ import annotations

from cnndsl.analyses.cost import Cost
from cnndsl.graph import Graph
from cnndsl.layers import TensorType

__all__ = ["table"]

_HEADER = ("name", "layer", "output", "params", "MACs")
_FILLED_MARK = '* filled in by the language: see "Filled in" in docs/language.md'


def table(graph: Graph, cost: Cost) -> str:
    """A line for each node with what leaves it and what it costs, and totals; ends with a line end."""
    rows = [
        (row.node.path, str(row.node.layer), str(row.node.type), _count(row.params), _count(row.macs))
        for row in cost.rows
    ]
    total = ("total", "", _types([output.node.type for output in graph.outputs]), f"{cost.params:,}", f"{cost.macs:,}")
    widths = [max(map(len, column)) for column in zip(_HEADER, *rows, total, strict=True)]
    rule = "  ".join("-" * width for width in widths)
    lines = [
        graph.name,
        "",
        _line(_HEADER, widths),
        rule,
        *(_line(row, widths) for row in rows),
        rule,
        _line(total, widths),
    ]
    if any(row.node.layer.filled for row in cost.rows):
        lines += ["", _FILLED_MARK]
    return "\n".join(lines) + "\n"


def _count(number: int) -> str:
    """A number with its thousands apart; nothing for 0, which most rows have."""
    return f"{number:,}" if number else "-"


def _types(types: list[TensorType]) -> str:
    return ", ".join(map(str, types))


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    """Words to the left, numbers to the right."""
    aligned = [
        cell.rjust(width) if position > 2 else cell.ljust(width)
        for position, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(aligned).rstrip()
