"""What an expression is by its form alone, where that tells: a network or a number. No name is looked up."""

from __future__ import annotations

from typing import Literal

from cnndsl.syntax import ast

__all__ = ["form"]

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


def form(node: ast.Expression) -> Literal["network", "number"] | None:
    """What a form is; None where it could be either.

    Networks are paths, concatenations, loops, labels, options, choices and products with `&`; numbers are what has
    no networks in it: literals, tuples, tests, signs, divisions, powers, `C`, `H` and `W`. A repetition is what is
    repeated, and a sum, a conditional or a group is what the first of its parts is whose form tells. Where no part
    tells, a word of several capitals is a layer, called or not, and any other word may be either.
    """
    named_as_layer = False
    pending: list[ast.Expression] = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, _NETWORKS) or (isinstance(part, ast.Merge) and "&" in part.operators):
            return "network"
        if isinstance(part, _NUMBERS) or (isinstance(part, ast.Name) and part.name in _SHAPE):
            return "number"
        if isinstance(part, ast.Arithmetic) and part.operator != "*":
            return "number"
        if isinstance(part, ast.Name | ast.Call):
            named_as_layer |= len(part.name) > 1 and part.name.isupper()
        pending.extend(reversed(_deciding(part)))
    return "network" if named_as_layer else None


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
