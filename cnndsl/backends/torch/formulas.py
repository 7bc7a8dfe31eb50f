"""Values that differ from call to call of a block, told by the arguments of the call: `4 * c`, `s != 1`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, islice
from typing import Any, NamedTuple

__all__ = ["Column", "Formula", "condition", "formula", "is_constant"]

Column = tuple[Any, ...]
"""A value for each call of a block, in the order of the calls."""

_LARGEST = 32
"""Number in a formula; a larger one is chance more often than meaning."""

_MOST_CLAUSES = 24
"""Of which two are looked for that are a condition together."""


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


def condition(column: Column, known: Mapping[str, Column]) -> Formula | None:
    """How a column of `True` and `False` follows from the known ones, or None.

    Looked for are a known truth or its contrary, whether a number is 0 or 1, whether two are equal, whether the first,
    which is what enters, is a multiple of another; and two of these together. Other constants are not: that only one of
    two calls has 64 channels says nothing about why.

    >>> condition((True, False, False), {"in_channels": (8, 8, 8), "c": (8, 8, 4), "s": (1, 2, 1)})
    Formula(text='s == 1 and in_channels == c', names=('s', 'in_channels', 'c'))
    """
    clauses: dict[Column, Formula] = {}
    for truth, clause in _clauses(known):
        clauses.setdefault(truth, clause)
    if column in clauses:
        return clauses[column]
    listed = list(clauses.items())[:_MOST_CLAUSES]
    for word, together in (("and", all), ("or", any)):
        for (one, first), (two, second) in combinations(listed, 2):
            if column == tuple(map(together, zip(one, two, strict=True))):
                return Formula(f"{first.text} {word} {second.text}", (*first.names, *second.names))
    return None


def _clauses(known: Mapping[str, Column]) -> Iterator[tuple[Column, Formula]]:
    """Short conditions that hold for some calls, each with what it is for all of them; the simplest first."""
    for name, values in known.items():
        if all(type(value) is bool for value in values):
            yield values, Formula(name, (name,))
            yield tuple(not value for value in values), Formula(f"not {name}", (name,))
    whole = {name: values for name, values in known.items() if _is_whole(values)}
    for name, values in whole.items():
        for number in (1, 0):
            yield from _comparison(name, values, str(number), (number,) * len(values), (name,))
    for (name, values), (other, others) in combinations(whole.items(), 2):
        yield from _comparison(name, values, other, others, (name, other))
    for (name, values), (other, others) in islice(combinations(whole.items(), 2), max(len(whole) - 1, 0)):
        for factor in _factors(values, others):
            multiple = tuple(factor * each for each in others)
            yield from _comparison(name, values, f"{factor} * {other}", multiple, (name, other))


def _comparison(
    one: str, values: Column, other: str, others: Column, names: tuple[str, ...]
) -> Iterator[tuple[Column, Formula]]:
    truth = tuple(a == b for a, b in zip(values, others, strict=True))
    if not is_constant(truth):
        yield truth, Formula(f"{one} == {other}", names)
        yield tuple(not each for each in truth), Formula(f"{one} != {other}", names)


def _factors(values: Column, others: Column) -> list[int]:
    """The numbers of which some value is that multiple of the other, smallest first."""
    found = {a // b for a, b in zip(values, others, strict=True) if b and a % b == 0}
    return sorted(found & set(range(2, _LARGEST + 1)))


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
    yield 2, f"{name} + 1", tuple(value + 1 for value in values)
    yield 2, f"{name} - 1", tuple(value - 1 for value in values)
