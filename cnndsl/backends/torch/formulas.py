"""Numbers that differ from call to call of a block, told by the arguments of the call: `4 * c`, `k // 2`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

__all__ = ["Column", "Formula", "formula", "is_constant"]

Column = tuple[Any, ...]
"""A value for each call of a block, in the order of the calls."""

_LARGEST = 32
"""Number in a formula; a larger one is chance more often than meaning."""


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

    Looked for are a known value, else one more or less, the multiple or whole part with the smallest number, and last a
    product of two known values.

    >>> formula((8, 16), {"s": (1, 2), "c": (4, 8)})
    Formula(text='2 * c', names=('c',))
    """
    for name, values in known.items():
        if values == column and list(map(type, values)) == list(map(type, column)):
            return Formula(name, (name,))
    whole = {name: values for name, values in known.items() if _is_whole(values) and not is_constant(values)}
    found = sorted(_derived(column, whole), key=lambda each: each[0]) if _is_whole(column) else ()
    return found[0][1] if found else None


def _is_whole(column: Column) -> bool:
    return all(type(value) is int for value in column)


def _derived(column: Column, known: Mapping[str, Column]) -> Iterator[tuple[int, Formula]]:
    """Formulas that give the column, each with how far-fetched it is."""
    for name, values in known.items():
        for number, text, computed in _of_one(name, values, column):
            if number <= _LARGEST and computed == column:
                yield number, Formula(text, (name,))
    for name, values in known.items():
        for other, others in known.items():
            if column == tuple(one * two for one, two in zip(values, others, strict=True)):
                yield _LARGEST, Formula(f"{name} * {other}", (name, other))


def _of_one(name: str, values: Column, column: Column) -> Iterator[tuple[int, str, Column]]:
    """Expressions of one known value with the numbers that would fit the first call, and what they give."""
    factor = column[0] // values[0] if values[0] else 0
    divisor = values[0] // column[0] if column[0] else 0
    yield factor, f"{factor} * {name}", tuple(value * factor for value in values)
    for by in sorted({divisor, 2} - {0, 1}):
        yield by, f"{name} // {by}", tuple(value // by for value in values)
    yield 1, f"{name} + 1", tuple(value + 1 for value in values)
    yield 1, f"{name} - 1", tuple(value - 1 for value in values)
