"""The tree of a .cnn file: frozen nodes that compare by what they say, not by where it stands.

Spans, and spellings that mean the same (`( )` for `[ ]`, `1e3` for `1000`), take no part in equality, so that
`parse(format(tree)) == parse(tree)` can be asserted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import cached_property
from inspect import get_annotations
from typing import Any, ClassVar, Literal, Self, dataclass_transform

from cnndsl.source import Source, Span

__all__ = [
    "Argument",
    "Arithmetic",
    "Boolean",
    "BooleanOperation",
    "Call",
    "Choice",
    "Comment",
    "Comparison",
    "Concatenation",
    "Conditional",
    "Default",
    "Definition",
    "Expression",
    "File",
    "Flow",
    "For",
    "Group",
    "Label",
    "Merge",
    "Name",
    "Negation",
    "Negative",
    "Node",
    "Number",
    "Optional",
    "Parameter",
    "Require",
    "Sequence",
    "Size",
    "Statement",
    "String",
    "Tuple",
    "Use",
]


def _annotations(cls: type) -> dict[str, str]:
    """Names and types of the fields that a class and its bases declare, in that order."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        found |= get_annotations(base)
    return found


@dataclass_transform(frozen_default=True)
class _Record:
    """Subclasses declare their fields as annotations, as a dataclass would.

    A frozen dataclass costs 0.6 ms to define, which for thirty of them is more than parsing a file; this base does
    the same by looking the fields up.
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _compared: ClassVar[tuple[str, ...]] = ()
    _ignored: ClassVar[frozenset[str]] = frozenset({"span"})

    def __init_subclass__(cls) -> None:
        cls._fields = tuple(name for name, kind in _annotations(cls).items() if not kind.startswith("ClassVar"))
        cls._compared = tuple(name for name in cls._fields if name not in cls._ignored)

    def __init__(self, *values: Any) -> None:
        self.__dict__.update(zip(self._fields, values, strict=True))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        """Without recursion, however deep the tree."""
        pending: list[tuple[Any, Any]] = [(self, other)]
        while pending:
            one, two = pending.pop()
            if isinstance(one, _Record):
                if type(one) is not type(two):
                    return False
                pending += ((one.__dict__[name], two.__dict__[name]) for name in one._compared)
            elif isinstance(one, tuple) and isinstance(two, tuple):
                if len(one) != len(two):
                    return False
                pending += zip(one, two, strict=True)
            elif one != two:
                return False
        return True

    def __hash__(self) -> int:
        return hash((type(self), *(self.__dict__[name] for name in self._compared)))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self._compared)
        return f"{type(self).__name__}({values})"


class Node(_Record):
    """A part of the tree, and where it was written."""

    span: Span

    def children(self) -> Iterator[Node]:
        """The nodes directly below this one, in the order of the text."""
        for name in self._compared:
            value = self.__dict__[name]
            if isinstance(value, Node):
                yield value
            elif isinstance(value, tuple):
                yield from (item for item in value if isinstance(item, Node))

    def with_parts(self, change: Callable[[Any], Any]) -> Self:
        """The same with other parts: what a function makes of each that counts."""
        return type(self)(*(change(value) if name in self._compared else value for name, value in self._values()))

    def _values(self) -> Iterator[tuple[str, Any]]:
        return ((name, self.__dict__[name]) for name in self._fields)

    def walk(self) -> Iterator[Node]:
        """The node and all below it, in no order that matters; it does not recurse, however deep the tree."""
        pending: list[Node] = [self]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(node.children())


class Expression(Node):
    """What may stand for a number or a network: one grammar for both."""


class Name(Expression):
    """`conv`, `RELU`, `C`, `same`."""

    name: str


class Number(Expression):
    """`64`, `.5`, `1e-4`; `text` is how it was written."""

    value: int | float
    text: str
    _ignored = frozenset({"span", "text"})


class Size(Expression):
    """`3x224x224`, `3xHxW`: each extent a number, or the name of an open size."""

    extents: tuple[int | str, ...]


class String(Expression):
    """`"digits"`."""

    value: str


class Boolean(Expression):
    """`true`, `false`."""

    value: bool


class Tuple(Expression):
    """`(64, 3, 1)`; a row of a table."""

    items: tuple[Expression, ...]


class Argument(Node):
    """`64` or `padding=same` in a call."""

    keyword: str | None
    value: Expression


class Call(Expression):
    """`CONV(64, 3)`."""

    name: str
    arguments: tuple[Argument, ...]
    name_span: Span
    _ignored = frozenset({"span", "name_span"})


class Group(Expression):
    """`[A]` or `(A)`."""

    inner: Expression


class Sequence(Expression):
    """`A -> B -> C`."""

    elements: tuple[Expression, ...]


class Concatenation(Expression):
    """`[A, B]`."""

    branches: tuple[Expression, ...]


class Merge(Expression):
    """`A + B - C` or `A & B`: of networks or of numbers. `operators` has one entry fewer than `terms`."""

    terms: tuple[Expression, ...]
    operators: tuple[Literal["+", "-", "&"], ...]


class For(Expression):
    """`[A for c, n in (64, 3), (128, 4)]`; `join` says whether the rows are chained, concatenated or merged."""

    body: Expression
    join: Literal["->", ",", "+", "-", "&"]
    names: tuple[str, ...]
    rows: tuple[Expression, ...]
    name_spans: tuple[Span, ...]
    _ignored = frozenset({"span", "name_spans"})


class Arithmetic(Expression):
    """`A*3`, `c // 2`, `2**n`."""

    left: Expression
    operator: Literal["*", "/", "//", "%", "**"]
    right: Expression


class Negative(Expression):
    """`-A`."""

    operand: Expression


class Optional(Expression):
    """`A?`."""

    inner: Expression


class Choice(Expression):
    """`A | B | C`: the right side of a switch."""

    options: tuple[Expression, ...]


class Conditional(Expression):
    """`A if test else B`."""

    then: Expression
    test: Expression
    otherwise: Expression


class BooleanOperation(Expression):
    """`a and b`, `a or b`."""

    left: Expression
    operator: Literal["and", "or"]
    right: Expression


class Negation(Expression):
    """`not a`."""

    operand: Expression


class Comparison(Expression):
    """`a == b`."""

    left: Expression
    operator: Literal["==", "!=", "<", "<=", ">", ">="]
    right: Expression


class Label(Expression):
    """`A as x`."""

    element: Expression
    name: str


class Parameter(Node):
    """A parameter of a definition; its default, where it has one, may use the parameters before it."""

    name: str
    default: Expression | None
    shared: bool


class Statement(Node):
    """What a file is made of."""


class Definition(Statement):
    """`name = body` (then `parameters` is None) or `name(parameters) = body`."""

    name: str
    parameters: tuple[Parameter, ...] | None
    body: Expression
    shared: bool
    name_span: Span
    _ignored = frozenset({"span", "name_span"})


class Flow(Statement):
    """A network with its input: `INPUT -> CONV -> FC`."""

    expression: Expression


class Use(Statement):
    """`use "blocks.cnn"`."""

    path: str


class Default(Statement):
    """`default CONV(padding=valid)`."""

    call: Expression


class Require(Statement):
    """`require params < 5e6`."""

    test: Expression


class Comment(Node):
    """`# text`, with its `#` and without blanks at its end."""

    text: str


class File(Node):
    """A whole text; `broken` are the stretches of it that could not be read as statements."""

    _ignored = frozenset({"span", "broken"})

    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...]
    broken: tuple[Span, ...]

    @property
    def source(self) -> Source:
        return self.span.source

    @property
    def definitions(self) -> tuple[Definition, ...]:
        return tuple(found for found in self.statements if isinstance(found, Definition))

    @property
    def flows(self) -> tuple[Flow, ...]:
        return tuple(found for found in self.statements if isinstance(found, Flow))

    def is_behind_a_break(self, node: Node) -> bool:
        """Whether something that could not be read stands before a statement, which may have been a part of it."""
        return bool(self.broken) and node.span.start in self._behind_breaks

    @cached_property
    def _behind_breaks(self) -> frozenset[int]:
        """Where the first statement behind each of the broken stretches starts."""
        starts = [statement.span.start for statement in self.statements]
        places = (bisect_left(starts, span.end) for span in self.broken)
        return frozenset(starts[place] for place in places if place < len(starts))

    @property
    def description(self) -> str:
        """The comment block at the top of the file, without its `#`."""
        first = self.statements[0].span.start if self.statements else self.span.end
        lines: list[str] = []
        line_before = 0
        for comment in self.comments:
            line = comment.span.position.line
            if comment.span.start > first or (lines and line != line_before + 1):
                break
            lines.append(comment.text.lstrip("#").strip())
            line_before = line
        return "\n".join(lines)
