"""The body of `forward`: what the parts of a class compute, as few readable statements.

A value that is read once is written where it is read, as long as that stays short; every other one gets a variable,
whose name is used again when nobody needs the value any more. Evaluation keeps the order of the graph, so that
whatever draws random numbers draws them in that order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain, count
from typing import Any, NamedTuple

from cnndsl.backends.torch.classes import ModuleClass, Part, ends, literal
from cnndsl.backends.torch.layout import WIDTH, Chain, Expression, Group, flat, lines
from cnndsl.backends.torch.tree import ENTERING, Instance, Wire
from cnndsl.layers.lowering import FunctionCall, ModuleCall, Operand, Operator, Slice, Step

__all__ = ["constant_of", "forward", "inputs", "is_constant_part", "member", "with_comment"]

_INDENT = " " * 8
_DEEPEST = 2
"""Calls inside each other in one expression: `self.relu1(self.conv1(x))`."""

_WIDEST = 60
"""Characters of an expression that may stand inside another one."""


def forward(made: ModuleClass, result: str) -> Iterator[str]:
    """The lines of the body. `result` is the class of a network's several outputs; "" where a tuple will do."""
    yield from _Writer(made).lines(result)


def inputs(number: int) -> list[str]:
    """The names of so many arguments of `forward`."""
    return ["x", *(f"x{place}" for place in range(2, number + 1))]


def member(name: str) -> str:
    """A module by its name; a class would change names that start with two underscores."""
    return f'getattr(self, "{name}")' if name.startswith("__") else f"self.{name}"


def constant_of(part: Part, name: str) -> str:
    """The attribute that holds a number which `forward` needs and the constructor is given."""
    return f"{part.item.name}_{name}"


def is_constant_part(part: Part, name: str) -> bool:
    """Whether such a number is the same for all instances, so that it can stand in `forward` itself."""
    return part.arguments[name].isdigit()


class _Value(NamedTuple):
    """An expression that is not written yet.

    Attributes:
        expression: what it is.
        depth: how many calls are inside each other.
        reads: the variables in it, as often as they are in it.
    """

    expression: Expression
    depth: int
    reads: tuple[Wire, ...]


class _Writer:
    def __init__(self, made: ModuleClass) -> None:
        self._made = made
        reads = chain.from_iterable(part.item.reads for part in made.parts)
        self._uses = Counter(chain(reads, made.outputs))
        self._left = Counter(self._uses)
        """How often a variable is still to be read by statements that are not written yet."""
        self._variables = {Wire(ENTERING, place): name for place, name in enumerate(inputs(made.inputs))}
        self._pending: dict[Wire, _Value] = {}
        self._lines: list[str] = []

    def lines(self, result: str) -> list[str]:
        for place, part in enumerate(self._made.parts):
            self._part(place, part)
        outputs = self._made.outputs
        if len(outputs) == 1:
            value = self._operands(outputs, _DEEPEST)[0].expression
        else:
            values = tuple(each.expression for each in self._operands(outputs, _DEEPEST))
            value = Group(f"{result}(", values, ")") if result else Group("", values, "")
        self._lines += lines("return ", value, "", _INDENT)
        return self._lines

    def _part(self, place: int, part: Part) -> None:
        content = part.item.content
        is_merge = isinstance(content, Operator) or (isinstance(content, FunctionCall) and len(part.item.reads) > 1)
        if isinstance(content, Operator) and len(flat(_value(part, self._seen(part.item.reads)).expression)) > _WIDEST:
            self._flush()
        value = _value(part, self._operands(part.item.reads, _DEEPEST if is_merge else _DEEPEST - 1))
        results = _results(content)
        if results > 1:
            self._flush()
            self._assign([Wire(place, position) for position in range(results)], value, part)
            return
        wire = Wire(place)
        self._pending[wire] = value
        is_last = place == len(self._made.parts) - 1 and self._made.outputs == (wire,)
        if self._uses[wire] != 1 or (len(flat(value.expression)) > _WIDEST and not is_last):
            self._flush()

    def _operands(self, reads: tuple[Wire, ...], deepest: int) -> list[_Value]:
        """What is read: variables, or expressions in their place where that changes no order and stays short."""
        waiting = [wire for wire in reads if wire in self._pending]
        is_in_order = waiting == list(self._pending)[len(self._pending) - len(waiting) :]
        if not is_in_order or any(self._pending[wire].depth > deepest for wire in waiting):
            self._flush()
        values = self._seen(reads)
        for wire in reads:
            self._pending.pop(wire, None)
        return values

    def _seen(self, reads: tuple[Wire, ...]) -> list[_Value]:
        return [self._pending.get(wire) or _Value(self._variables[wire], 0, (wire,)) for wire in reads]

    def _flush(self) -> None:
        """Give every expression that waits a variable, in their order."""
        for wire, value in list(self._pending.items()):
            del self._pending[wire]
            self._assign([wire], value, self._made.parts[wire.item])

    def _assign(self, wires: list[Wire], value: _Value, part: Part) -> None:
        self._left.subtract(value.reads)
        for wire in value.reads:
            if not self._left[wire]:
                self._variables.pop(wire, None)
        for wire in wires:
            self._variables[wire] = self._free_name()
        names = ", ".join(self._variables[wire] for wire in wires)
        written = list(lines(f"{names} = ", value.expression, "", _INDENT))
        self._lines += with_comment(written, part)

    def _free_name(self) -> str:
        taken = set(self._variables.values())
        names = chain(("x", "y", "z", "u", "v", "w"), (f"v{number}" for number in count(2)))
        return next(name for name in names if name not in taken)


def _results(content: Step | Instance) -> int:
    """How many values an item gives."""
    if isinstance(content, Instance):
        return len(content.outputs)
    return content.results if isinstance(content, ModuleCall) else 1


def with_comment(written: list[str], part: Part) -> list[str]:
    """The lines of a statement, and behind a single one the shape of what leaves it."""
    commented = f"{written[0]}  # {part.type}"
    return [commented] if len(written) == 1 and part.type and len(commented) <= WIDTH else written


def _value(part: Part, operands: list[_Value]) -> _Value:
    content = part.item.content
    reads = tuple(wire for operand in operands for wire in operand.reads)
    depth = max(operand.depth for operand in operands)
    expressions = tuple(operand.expression for operand in operands)
    match content:
        case ModuleCall() | Instance():
            return _Value(Group(f"{member(part.item.name)}(", expressions, ")"), depth + 1, reads)
        case FunctionCall(_, args, kwargs):
            return _Value(_call(part.called, args, kwargs, expressions), depth, reads)
        case Operator(symbol, trailing, numbers):
            axes = (", ".join(["...", *["None"] * number]) for number in trailing)
            pairs = zip(expressions, axes, trailing, strict=True)
            texts = tuple(_operand(each) + (f"[{axis}]" if number else "") for each, axis, number in pairs)
            return _Value(Chain(symbol, (*texts, *map(literal, numbers))), depth, reads)
        case Slice(ranges):
            kept = ", ".join([":", *(_range(part, axis, both) for axis, both in enumerate(ranges))])
            return _Value(f"{_operand(expressions[0])}[{kept}]", depth, reads)


def _call(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], operands: tuple[Expression, ...]) -> Expression:
    places = {Operand.INPUT: operands[0], Operand.INPUTS: Group("[", operands, "]"), Operand.INDICES: operands[-1]}
    by_position = [places[each] if isinstance(each, Operand) else literal(each) for each in args]
    by_keyword = [f"{key}={literal(value)}" for key, value in kwargs.items()]
    return Group(f"{name}(", (*by_position, *by_keyword), ")")


def _operand(expression: Expression) -> str:
    return f"({flat(expression)})" if isinstance(expression, Chain) else flat(expression)


def _range(part: Part, axis: int, both: tuple[int, int] | None) -> str:
    if both is None:
        return ":"
    texts = [
        part.arguments[end] if is_constant_part(part, end) else f"self.{constant_of(part, end)}" for end in ends(axis)
    ]
    return ":".join(texts) if all(text.isdigit() for text in texts) else " : ".join(texts)
