"""The columns of a table: rows of words and numbers that have as many entries each."""

from __future__ import annotations

from collections.abc import Sequence

from cnndsl.syntax import ast

__all__ = ["gaps_in_rows"]

_WORDS = (ast.Name, ast.Size, ast.String, ast.Boolean)


def gaps_in_rows(nodes: Sequence[ast.Node]) -> dict[int, list[int]]:
    """What is left free before each entry of each row, beside the usual space, by the place where the row starts.

    Numbers end in one column, words begin in one. Nothing is told of what is no table.
    """
    rows = [node for node in nodes if isinstance(node, ast.Tuple)]
    if len(rows) < 2 or len(rows) < len(nodes) or len({len(row.items) for row in rows}) > 1 or len(rows[0].items) < 2:
        return {}
    if not all(_is_number(entry) or isinstance(entry, _WORDS) for row in rows for entry in row.items):
        return {}
    gaps = [[0] * len(row.items) for row in rows]
    for number, column in enumerate(zip(*(row.items for row in rows), strict=True)):
        widths = [_width(entry) for entry in column]
        widest = max(widths)
        place = number if all(map(_is_number, column)) else number + 1
        for row, width in zip(gaps, widths, strict=True):
            if place < len(row):
                row[place] += widest - width
    return {row.span.start: found for row, found in zip(rows, gaps, strict=True)}


def _is_number(entry: ast.Expression) -> bool:
    return isinstance(entry, ast.Number) or (isinstance(entry, ast.Negative) and isinstance(entry.operand, ast.Number))


def _width(entry: ast.Expression) -> int:
    return len("-") + _width(entry.operand) if isinstance(entry, ast.Negative) else len(entry.span.text)
