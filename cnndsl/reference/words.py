"""The words that mean something in every spec, by kind, for those who colour a text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cnndsl.elaborate.arithmetic import FUNCTIONS
from cnndsl.elaborate.prelude import prelude_words
from cnndsl.elaborate.program import RECIPE, SHAPE_NAMES
from cnndsl.layers import Layer, functions, symbols
from cnndsl.syntax.grammar import keywords

__all__ = ["RESERVED", "words"]

_RESERVED = {"control": {"if", "else", "for", "in"}, "logical": {"and", "or", "not"}, "boolean": {"true", "false"}}
"""The other reserved words are modifiers."""

RESERVED = (*_RESERVED, "modifier")
"""The kinds whose words are tokens of their own in the grammar."""


def words(layers: Iterable[type[Layer]]) -> Mapping[str, frozenset[str]]:
    """The words of every kind; layers, blocks and recipes in capitals, though they may be written in any case.

    Args:
        layers: the layer types to know.
    """
    types = tuple(layers)
    reserved = {kind: frozenset(found) for kind, found in _RESERVED.items()}
    return {
        **reserved,
        "modifier": keywords().difference(*reserved.values()),
        "layer": prelude_words() | {word for found in types for word in found.words},
        "function": functions(types) | FUNCTIONS.keys(),
        "symbol": symbols(types),
        "shape": frozenset(SHAPE_NAMES),
        "recipe": frozenset({RECIPE}),
    }
