"""Numbers that differ from call to call of a block, told by the arguments of the call: `4 * c`, `k // 2`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

__all__ = ["Column", "Formula", "formula", "is_constant"]

Column = tuple[Any, ...]
"""A value for each call of a block, in the order of the calls."""


class Formula(NamedTuple):
    """A Python expression and the names in it."""

    text: str
    names: tuple[str, ...] = ()


def is_constant(column: Column) -> bool:
    """Whether all calls have the same value; `True` is not 1."""
    first = column[0]
    return all(type(value) is type(first) and value == first for value in column)


def formula(column: Column, known: Mapping[str, Column]) -> Formula | None:
    """How a column follows from the known ones, or None if in no way that people would write.

    Looked for are a known value, a multiple, a whole part, one more or less, and a product of two, in this order.

    >>> formula((256, 512), {"s": (1, 2), "c": (64, 128)})
    Formula(text='4 * c', names=('c',))
    """
    for name, values in known.items():
        if values == column and list(map(type, values)) == list(map(type, column)):
            return Formula(name, (name,))
    whole = {name: values for name, values in known.items() if _is_whole(values) and not is_constant(values)}
    return next(_derived(column, whole), None) if _is_whole(column) else None


def _is_whole(column: Column) -> bool:
    return all(type(value) is int for value in column)


def _derived(column: Column, known: Mapping[str, Column]) -> Iterator[Formula]:
    for name, values in known.items():
        for text, computed in _of_one(name, values, column):
            if computed == column:
                yield Formula(text, (name,))
    for name, values in known.items():
        for other, others in known.items():
            if column == tuple(one * two for one, two in zip(values, others, strict=True)):
                yield Formula(f"{name} * {other}", (name, other))


def _of_one(name: str, values: Column, column: Column) -> Iterator[tuple[str, Column]]:
    """Expressions of one known value with the numbers that would fit the first call, and what they give."""
    factor = column[0] // values[0] if values[0] else 0
    divisor = values[0] // column[0] if column[0] else 0
    yield f"{factor} * {name}", tuple(value * factor for value in values)
    for by in {divisor, 2} - {0, 1}:
        yield f"{name} // {by}", tuple(value // by for value in values)
    yield f"{name} + 1", tuple(value + 1 for value in values)
    yield f"{name} - 1", tuple(value - 1 for value in values)
