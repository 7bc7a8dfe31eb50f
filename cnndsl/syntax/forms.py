"""What an expression is by its form alone, where that tells: a network or a number. No name is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cnndsl.syntax import ast

__all__ = ["Forms"]

_NETWORKS = (ast.Sequence, ast.Concatenation, ast.For, ast.Optional, ast.Choice, ast.Label)
_NUMBERS = (
    ast.Number,
    ast.Size,
    ast.String,
    ast.Boolean,
    ast.Tuple,
    ast.Negative,
    ast.Comparison,
    ast.BooleanOperation,
    ast.Negation,
)
_SHAPE = frozenset("CHW")

_Form = Literal["network", "number", "layer"] | None
"""`layer` is a network unless something else in the whole says otherwise."""


class Forms:
    """What the expressions of one tree are; each is looked at once, however often it is asked for.

    Networks are paths, concatenations, loops, labels, options, choices and products with `&`; numbers are what has
    no networks in it: literals, tuples, tests, signs, divisions, powers, `C`, `H` and `W`. A repetition is what is
    repeated, and a sum, a conditional or a group is what the first of its parts is whose form tells. Where no part
    tells, a word of several capitals is a layer, called or not, and any other word may be either.
    """

    def __init__(self) -> None:
        self._inside: dict[int, _Form] = {}  # of each group that was met, by the place of its bracket

    def inside(self, group: ast.Group) -> Literal["network", "number"] | None:
        """What stands in a group; None where it could be either."""
        if group.span.start not in self._inside:
            self._look_into(group)
        found = self._inside[group.span.start]
        return "network" if found == "layer" else found

    def _look_into(self, group: ast.Group) -> None:
        """From the innermost part outwards, without recursion."""
        found: dict[int, _Form] = {}
        for node in reversed(self._deciding_below(group)):
            if isinstance(node, ast.Group):
                self._inside.setdefault(node.span.start, found.get(id(node.inner)))
                found[id(node)] = self._inside[node.span.start]
            else:
                found[id(node)] = _first([_own_form(node), *(found[id(part)] for part in _deciding(node))])

    def _deciding_below(self, group: ast.Group) -> list[ast.Expression]:
        """A group and the parts whose form is that of the whole, each behind what it is a part of."""
        found, pending = list[ast.Expression](), list[ast.Expression]([group])
        while pending:
            found.append(node := pending.pop())
            is_known = isinstance(node, ast.Group) and node.span.start in self._inside
            pending.extend(() if is_known else _deciding(node))
        return found


def _own_form(node: ast.Expression) -> _Form:
    """What tells without a look at the parts."""
    match node:
        case ast.Merge(operators=operators):
            return "network" if "&" in operators else None
        case ast.Name(name=name) if name in _SHAPE:
            return "number"
        case ast.Name(name=name) | ast.Call(name=name):
            return "layer" if len(name) > 1 and name.isupper() else None
        case ast.Arithmetic(operator=operator):
            return None if operator == "*" else "number"
    if isinstance(node, _NETWORKS):
        return "network"
    return "number" if isinstance(node, _NUMBERS) else None


def _first(forms: Sequence[_Form]) -> _Form:
    sure = next((form for form in forms if form not in (None, "layer")), None)
    return sure or ("layer" if "layer" in forms else None)


def _deciding(node: ast.Expression) -> tuple[ast.Expression, ...]:
    """The parts whose form is that of the whole."""
    match node:
        case ast.Group(inner=inner):
            return (inner,)
        case ast.Arithmetic(left=left):
            return (left,)
        case ast.Merge(terms=terms):
            return terms
        case ast.Conditional(then=then, otherwise=otherwise):
            return (then, otherwise)
    return ()
