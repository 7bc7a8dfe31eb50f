"""What the constructor of a class takes: the parameters of its definition, and what does not follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cnndsl.backends.torch.formulas import Column, Formula, condition, formula, is_constant
from cnndsl.backends.torch.names import Names
from cnndsl.backends.torch.tree import Instance

__all__ = ["Arguments", "Unfit", "literal"]

_PLAIN = (bool, int, float, str, tuple)

_MOST_TRUTHS = 2
"""Arguments that only say whether a part is there; a class with more of them is several classes."""


class Unfit(Exception):
    """Some instances cannot be one class that people would write."""


def literal(value: Any) -> str:
    """A value as Python writes it."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    if isinstance(value, float) and not abs(value) < float("inf"):
        return f'float("{value}")'
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)


class Arguments:
    """What a group of instances is called with. A column has a value for each of them."""

    def __init__(self, group: Sequence[Instance], taken: Iterable[str]) -> None:
        self._names = Names(taken)
        self._known: dict[str, Column] = {}
        self._used: set[str] = set()
        self._all = range(len(group))
        self._truths = 0
        blocks = [instance.block for instance in group]
        if len(group) > 1:
            entering = [instance.inputs[0] for instance in group]
            name = "in_channels" if any(type.rank for type in entering) else "in_features"
            self._add(name, tuple(type.channels for type in entering))
            for name in blocks[0].arguments if blocks[0] else ():
                column = tuple(block.arguments[name] for block in blocks if block)
                if all(type(value) in _PLAIN for value in column):
                    self._add(name, column)

    def _add(self, name: str, column: Column) -> str:
        fresh = self._names.fresh(name.lower() if name[0].isupper() else name)  # classes have capitals
        self._known[fresh] = column
        return fresh

    def expression(self, column: Mapping[int, Any], name: str) -> str:
        """A Python expression for a column; a parameter of its own where it follows from no other.

        Args:
            column: the values, by instance; those who lack the part have none.
            name: for that parameter.

        Raises:
            Unfit: it would be a parameter that has no value for some instances.
        """
        values = tuple(column.values())
        if is_constant(values):
            return literal(values[0])
        known = {each: tuple(all_values[row] for row in column) for each, all_values in self._known.items()}
        found = formula(values, known)
        if found is None:
            if len(column) < len(self._all):
                raise Unfit
            found = self._new(name, values)
        return self._text(found)

    def condition(self, has: Sequence[bool], name: str) -> str:
        """A Python expression that tells who has a part.

        Raises:
            Unfit: too many parts are there or not for no reason that can be seen.
        """
        found = condition(tuple(has), self._known)
        if found is None:
            self._truths += 1
            if self._truths > _MOST_TRUTHS:
                raise Unfit
            found = self._new(name, tuple(has))
        return self._text(found)

    def _new(self, name: str, column: Column) -> Formula:
        fresh = self._add(name, column)
        return Formula(fresh, (fresh,))

    def _text(self, found: Formula) -> str:
        self._used.update(found.names)
        return found.text

    def annotations(self) -> dict[str, str]:
        """The parameters that the expressions so far need, with their types as they are annotated."""
        return {name: _annotation(column) for name, column in self._used_columns()}

    def values(self, row: int) -> dict[str, Any]:
        """What an instance gives for these."""
        return {name: column[row] for name, column in self._used_columns()}

    def _used_columns(self) -> Iterable[tuple[str, Column]]:
        return ((name, column) for name, column in self._known.items() if name in self._used)


def _annotation(column: Column) -> str:
    return " | ".join(sorted({_type(value) for value in column}))


def _type(value: Any) -> str:
    if isinstance(value, tuple):
        return f"tuple[{', '.join(map(_type, value))}]"
    return type(value).__name__
