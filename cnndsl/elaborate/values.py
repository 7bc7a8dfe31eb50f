"""What names stand for while a file is elaborated, and what flows along its arrows."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cnndsl.layers import Called, Layer, TensorType
from cnndsl.layers.extent import is_size
from cnndsl.layers.tensor import by_x
from cnndsl.source import Span
from cnndsl.syntax import ast

if TYPE_CHECKING:
    from cnndsl.elaborate.context import Frame, Mark
    from cnndsl.elaborate.program import Program

__all__ = [
    "UNKNOWN",
    "Block",
    "Deferred",
    "Draft",
    "Failed",
    "InputShape",
    "Network",
    "Piece",
    "Scope",
    "Shared",
    "Symbol",
    "Value",
    "Wire",
    "brief",
    "describe",
    "is_network",
    "is_wire",
    "plain",
]


class Failed(Exception):
    """A value cannot be had; why is already reported, or follows from what is."""


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN
"""What leaves an element with a mistake. It absorbs all that follows, so that one mistake is one message."""


class Draft:
    """A node in the making: its layer may still change until the whole network is known.

    `index` counts the drafts as they are made; `weights` is equal for those that use the same weights, None where they
    are its own; `called` is the name that `as` gives its value first, "" where none does.
    """

    __slots__ = ("called", "index", "inputs", "layer", "name", "scope", "span", "type", "weights")

    def __init__(
        self,
        index: int,
        layer: Layer,
        inputs: tuple[Draft, ...],
        type: TensorType,
        scope: tuple[str, ...],
        name: str,
        span: Span,
        weights: object = None,
    ) -> None:
        self.index = index
        self.layer = layer
        self.inputs = inputs
        self.type = type
        self.scope = scope
        self.name = name
        self.span = span
        self.weights = weights
        self.called = ""


Wire = Draft | _Unknown | None
"""What arrives at an element; None where nothing does, at the start of a flow."""


class Scope:
    """Names that are visible in a body of text: its own, and those of the body around it.

    A body is a file, a definition, or one copy of a repetition or of a row; what `as` names in it becomes one of its
    names. `program` is the file in which all other names are looked up.
    """

    __slots__ = ("around", "forms", "names", "program")

    def __init__(self, names: dict[str, Value], program: Program, around: Scope | None = None) -> None:
        self.names = names
        self.program = program
        self.around = around
        self.forms: dict[int, bool | None] | None = None
        """What `Program.is_network` found of expressions here, by their ids."""

    def inner(self, names: dict[str, Value]) -> Scope:
        """A body inside this one."""
        return Scope(names, self.program, self)

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


class Deferred:
    """A value that is computed when it is first read, and then once: an argument that reads nothing of what comes in.

    Its nodes belong to the block in which it was written, and stand before all that was begun behind `place`, the block
    or value that was being built there.
    """

    __slots__ = ("expression", "frame", "place", "scope", "wire", "within")

    def __init__(self, expression: ast.Expression, scope: Scope, frame: Frame, place: Mark) -> None:
        self.expression = expression
        self.scope = scope
        self.frame = frame
        self.within = frame.within
        self.place = place
        self.wire: Wire = None
        """What it is, once it is computed."""


class Block:
    """A definition as a value, and the file it belongs to: it is called where it is used."""

    __slots__ = ("definition", "program")

    def __init__(self, definition: ast.Definition, program: Program) -> None:
        self.definition = definition
        self.program = program


class Shared:
    """A piece of network that a `shared` parameter stands for: all its uses in one call have the same weights.

    `home` is where the weights of that call belong.
    """

    __slots__ = ("home", "network", "parameter")

    def __init__(self, network: Network | Block | type[Layer], parameter: str, home: tuple[object, ...]) -> None:
        self.network = network
        self.parameter = parameter
        self.home = home


Piece = Network | Block | type[Layer] | Shared
"""A piece of network, which reads what comes in."""

_PIECES = (Network, Block, type, Shared)
_WIRES = (Draft, Deferred, _Unknown)

Value = int | float | bool | Symbol | Called | tuple[Any, ...] | Piece | Draft | Deferred | _Unknown


class InputShape(NamedTuple):
    """A shape that is set for an input from outside, not yet bound, and where that was written."""

    value: Value
    span: Span


def is_network(value: object) -> bool:
    """Whether a value is a piece of network, which reads what comes in."""
    return isinstance(value, _PIECES)


def is_wire(value: object) -> bool:
    """Whether a value is what leaves some piece of network: named by `as`, or an argument that reads nothing."""
    return isinstance(value, _WIRES)


def describe(value: object) -> str:
    """A value for messages: `the number 3`, `a network`."""
    if is_network(value):
        return "a network"
    if is_wire(value):
        return "a value of the network"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the word `{value}`"
    if isinstance(value, Called):
        return f"`{value}`"
    if isinstance(value, tuple):
        whole = len(value) > 1 and all(map(is_size, value))
        return f"the size {by_x(value)}" if whole else f"a tuple of {len(value)}"
    return f"the number {value}"


def plain(value: Value) -> object:
    """A value as it outlives the elaboration: a piece of network is the text that was written for it.

    What flows is the name that it was given, or else the path of the layer that it comes from.
    """
    if isinstance(value, Network | Deferred):
        return value.expression.span.text
    if isinstance(value, Shared):
        return plain(value.network)
    if isinstance(value, Draft):
        return value.called or ".".join((*value.scope, value.name))
    if isinstance(value, Block):
        return value.definition.name
    if isinstance(value, Called):
        return str(value)
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, str):
        return str(value)
    if isinstance(value, _Unknown):
        return "?"
    return value.word() if isinstance(value, type) else value


def brief(expression: ast.Expression, most: int) -> str:
    """The text of an expression on one line, if it has at most so many characters."""
    text = expression.span.on_one_line
    return text if len(text) <= most else "..."
