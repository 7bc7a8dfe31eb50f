"""The report on a network as a table for terminals. It is written by hand: rich would cost more than the compiler."""

from __future__ import annotations

from collections.abc import Sequence

from cnndsl.analyses.cost import Cost, NodeCost
from cnndsl.graph import End, Graph
from cnndsl.resources import no_collections

__all__ = ["table", "totals"]

_NODE_HEADER = ("name", "layer", "output", "params", "MACs")
_MODEL_HEADER = ("model", "input", "output", "params", "MACs")
_MOST_ENDS = 4
"""Inputs or outputs whose sizes are told in one cell."""

_WIDEST_SUM = 40
"""Characters of a total in its column; a longer one, a formula of open sizes, is told below the table."""

_SHARED = "shared"
_SHARED_MARK = "shared: it uses the weights of an earlier use, and they are counted there"
_FILLED_MARK = '* filled in by the language: see "Filled in" in docs/language.md'


@no_collections()
def table(graph: Graph, cost: Cost) -> str:
    """A line for each node with what leaves it and what it costs, and totals; ends with a line end."""
    rows = [
        (row.node.path, str(row.node.layer), str(row.node.type), _params(row), _count(row.macs)) for row in cost.rows
    ]
    sums = {"params": f"{cost.params:,}", "MACs": f"{cost.macs:,}"}
    long = {what: text for what, text in sums.items() if len(text) > _WIDEST_SUM}
    total = ("total", "", _sizes(graph.outputs), *("below" if what in long else text for what, text in sums.items()))
    header, rule, *lines, last = _aligned([_NODE_HEADER, *rows, total])
    lines = [graph.name, "", header, rule, *lines, rule, last]
    if long:
        lines += ["", *(f"total {what}: {text}" for what, text in long.items())]
    marks = {
        _FILLED_MARK: any(row.node.layer.filled for row in cost.rows),
        _SHARED_MARK: any(row.node.shares for row in cost.rows),
    }
    if any(marks.values()):
        lines += ["", *(mark for mark, is_used in marks.items() if is_used)]
    return "\n".join(lines) + "\n"


def totals(models: Sequence[tuple[Graph, Cost]]) -> str:
    """A line for each network with what enters and leaves it and what it costs; ends with a line end."""
    rows = [
        (graph.name, _sizes(graph.inputs), _sizes(graph.outputs), f"{cost.params:,}", f"{cost.macs:,}")
        for graph, cost in models
    ]
    return "\n".join(_aligned([_MODEL_HEADER, *rows])) + "\n"


def _params(row: NodeCost) -> str:
    return _SHARED if row.node.shares else _count(row.params)


def _count(number: int) -> str:
    """A number with its thousands apart; a dash for 0, which most rows have."""
    return f"{number:,}" if number != 0 else "-"


def _sizes(ends: tuple[End, ...]) -> str:
    if len(ends) > _MOST_ENDS:
        return f"{len(ends):,} values"
    return ", ".join(str(end.node.type) for end in ends)


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Lines of cells in columns, a rule below the first line; words to the left, the two counts to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if position > 2 else cell.ljust(width)
            for position, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]
