"""Expressions broken into lines as Python's formatters break them: whole, else indented whole, else one a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["STEP", "WIDTH", "Chain", "Choice", "Expression", "Group", "flat", "lines"]

WIDTH = 88
"""Characters in a line: the default of black and of ruff."""

STEP = "    "
"""What a block is indented by."""


class Group(NamedTuple):
    """Items between brackets: `nn.Conv2d(`, its arguments, `)`."""

    open: str
    items: tuple[Expression, ...]
    close: str


class Chain(NamedTuple):
    """Operands with one operator between them."""

    symbol: str
    operands: tuple[str, ...]


class Choice(NamedTuple):
    """One value where a condition holds, another one where it does not."""

    value: Expression
    condition: str
    other: str


Expression = str | Group | Chain | Choice


def flat(expression: Expression) -> str:
    """The expression on one line."""
    if isinstance(expression, Group):
        return f"{expression.open}{', '.join(map(flat, expression.items))}{expression.close}"
    if isinstance(expression, Choice):
        return f"{flat(expression.value)} if {expression.condition} else {expression.other}"
    return expression if isinstance(expression, str) else f" {expression.symbol} ".join(expression.operands)


def lines(before: str, expression: Expression, after: str, indent: str) -> Iterator[str]:
    """The lines of a statement: the expression between what stands before it and what follows it."""
    line = f"{indent}{before}{flat(expression)}{after}"
    if len(line) <= WIDTH or isinstance(expression, str):
        yield line
    elif isinstance(expression, Chain):
        first, *others = expression.operands
        yield f"{indent}{before}("
        yield f"{indent}{STEP}{first}"
        yield from (f"{indent}{STEP}{expression.symbol} {other}" for other in others)
        yield f"{indent}){after}"
    elif isinstance(expression, Choice):
        yield f"{indent}{before}("
        yield from _choice(expression, indent + STEP)
        yield f"{indent}){after}"
    else:
        yield f"{indent}{before}{expression.open}"
        yield from _inner(expression.items, indent + STEP)
        yield f"{indent}{expression.close}{after}"


def _choice(choice: Choice, indent: str) -> Iterator[str]:
    line = indent + flat(choice)
    if len(line) <= WIDTH:
        yield line
        return
    yield from lines("", choice.value, "", indent)
    yield f"{indent}if {choice.condition}"
    yield f"{indent}else {choice.other}"


def _inner(items: tuple[Expression, ...], indent: str) -> Iterator[str]:
    line = indent + ", ".join(map(flat, items))
    if len(line) <= WIDTH:
        yield line
        return
    for item in items:
        yield from lines("", item, ",", indent)
