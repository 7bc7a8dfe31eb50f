"""Expressions broken into lines as Python's formatters break them: whole, else indented whole, else one a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["WIDTH", "Chain", "Expression", "Group", "flat", "lines"]

WIDTH = 88
"""Characters in a line: the default of black and of ruff."""

_STEP = "    "


class Group(NamedTuple):
    """Items between brackets: `nn.Conv2d(`, its arguments, `)`."""

    open: str
    items: tuple[Expression, ...]
    close: str


class Chain(NamedTuple):
    """Operands with one operator between them."""

    symbol: str
    operands: tuple[str, ...]


Expression = str | Group | Chain


def flat(expression: Expression) -> str:
    """The expression on one line."""
    if isinstance(expression, Group):
        return f"{expression.open}{', '.join(map(flat, expression.items))}{expression.close}"
    return expression if isinstance(expression, str) else f" {expression.symbol} ".join(expression.operands)


def lines(before: str, expression: Expression, after: str, indent: str) -> Iterator[str]:
    """The lines of a statement: the expression between what stands before it and what follows it."""
    line = f"{indent}{before}{flat(expression)}{after}"
    if len(line) <= WIDTH or isinstance(expression, str):
        yield line
    elif isinstance(expression, Chain):
        first, *others = expression.operands
        yield f"{indent}{before}("
        yield f"{indent}{_STEP}{first}"
        yield from (f"{indent}{_STEP}{expression.symbol} {other}" for other in others)
        yield f"{indent}){after}"
    else:
        yield f"{indent}{before}{expression.open}"
        yield from _inner(expression.items, indent + _STEP)
        yield f"{indent}{expression.close}{after}"


def _inner(items: tuple[Expression, ...], indent: str) -> Iterator[str]:
    line = indent + ", ".join(map(flat, items))
    if len(line) <= WIDTH:
        yield line
        return
    for item in items:
        yield from lines("", item, ",", indent)
