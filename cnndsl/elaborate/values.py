"""What names stand for while a file is elaborated, and what flows along its arrows."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, NamedTuple

from cnndsl.layers import Layer, TensorType
from cnndsl.layers.tensor import by_x
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = [
    "UNKNOWN",
    "Block",
    "Draft",
    "Failed",
    "InputShape",
    "Network",
    "Scope",
    "Symbol",
    "Value",
    "Wire",
    "brief",
    "describe",
    "is_network",
    "plain",
]


class Failed(Exception):
    """A value cannot be had; why is already reported, or follows from what is."""


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN
"""What leaves an element with a mistake. It absorbs all that follows, so that one mistake is one message."""


class Draft:
    """A node in the making: its layer may still change until the whole network is known."""

    __slots__ = ("index", "inputs", "layer", "name", "scope", "span", "type")

    def __init__(
        self,
        index: int,
        layer: Layer,
        inputs: tuple[Draft, ...],
        type: TensorType,
        scope: tuple[str, ...],
        name: str,
        span: Span,
    ) -> None:
        self.index = index
        self.layer = layer
        self.inputs = inputs
        self.type = type
        self.scope = scope
        self.name = name
        self.span = span


Wire = Draft | _Unknown | None
"""What arrives at an element; None where nothing does, at the start of a flow."""


class Scope:
    """Names that are visible in a piece of text: its own, and those of the scope around it."""

    __slots__ = ("around", "names")

    def __init__(self, names: dict[str, Value], around: Scope | None = None) -> None:
        self.names = names
        self.around = around

    def find(self, name: str) -> Value | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.around
        return None


class Symbol(str):
    """A bare word that some layer declares, or a string, which means the same."""

    __slots__ = ()


class Network:
    """A piece of network as a value: text, and the scope in which its names are looked up. Built anew at each use."""

    __slots__ = ("expression", "scope")

    def __init__(self, expression: ast.Expression, scope: Scope) -> None:
        self.expression = expression
        self.scope = scope


class Block:
    """A definition with parameters as a value: it is called where it is used."""

    __slots__ = ("definition",)

    def __init__(self, definition: ast.Definition) -> None:
        self.definition = definition


Value = int | float | bool | Symbol | tuple[Any, ...] | Network | Block | type[Layer]


class InputShape(NamedTuple):
    """A shape that is set for an input from outside, not yet bound, and where that was written."""

    value: Value
    span: Span


def is_network(value: object) -> bool:
    """Whether a value can stand in a path."""
    return isinstance(value, Network | Block | type)


def describe(value: object) -> str:
    """A value for messages: `the number 3`, `a network`."""
    if isinstance(value, Network | Block | type):
        return "a network"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the word `{value}`"
    if isinstance(value, tuple):
        whole = len(value) > 1 and all(isinstance(extent, int) for extent in value)
        return f"the size {by_x(value)}" if whole else f"a tuple of {len(value)}"
    return f"the number {value}"


def plain(value: Value) -> object:
    """A value as it outlives the elaboration: a piece of network is the text that was written for it."""
    if isinstance(value, Network):
        return value.expression.span.text
    if isinstance(value, Block):
        return value.definition.name
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, str):
        return str(value)
    return value.word() if isinstance(value, type) else value


def brief(expression: ast.Expression, most: int) -> str:
    """The text of an expression on one line, if it has at most so many characters."""
    text = " ".join(expression.span.text.split())
    return text if len(text) <= most else "..."
