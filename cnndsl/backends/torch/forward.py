"""The body of `forward`: what the parts of a class compute, as few readable statements.

A value that is read once is written where it is read, as long as that stays short; every other one gets a variable,
whose name is used again when nobody needs the value any more. Evaluation keeps the order of the graph, so that
whatever draws random numbers draws them in that order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, count
from typing import Any, NamedTuple

from cnndsl.backends.torch.arguments import literal
from cnndsl.backends.torch.attributes import constant_of, has, is_constant, loop_head, member
from cnndsl.backends.torch.classes import Loop, ModuleClass, Part, ends
from cnndsl.backends.torch.layout import STEP, WIDTH, Chain, Choice, Expression, Group, flat, lines
from cnndsl.backends.torch.tree import ENTERING, Instance, Wire
from cnndsl.layers.lowering import FunctionCall, ModuleCall, Operand, Operator, Slice, Step

__all__ = ["forward", "inputs", "with_comment"]

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
        self._uses = Counter(chain(*map(_reads, made.parts), made.outputs))
        self._left = Counter(self._uses)
        """How often a variable is still to be read by statements that are not written yet."""
        self._variables = {Wire(ENTERING, place): name for place, name in enumerate(inputs(made.inputs))}
        self._pending: dict[Wire, _Value] = {}
        self._parts = {part.place: part for part in made.all_parts()}
        self._last = {made.outputs[0]} if len(made.outputs) == 1 else set()
        """Values that are written where they are read, however long that becomes."""
        self._modules: dict[Part, str] = {}
        """How the modules of a loop are called; others are attributes."""
        self._indent = 2 * STEP
        self._lines: list[str] = []

    def lines(self, result: str) -> list[str]:
        for part in self._made.parts:
            if isinstance(part, Loop):
                self._loop(part)
            else:
                self._part(part)
        outputs = self._made.outputs
        if len(outputs) == 1:
            value = self._operands(outputs, _DEEPEST)[0].expression
        else:
            values = tuple(each.expression for each in self._operands(outputs, _DEEPEST))
            value = Group(f"{result}(", values, ")") if result else Group("", values, "")
        self._lines += lines("return ", value, "", self._indent)
        return self._lines

    def _part(self, part: Part) -> None:
        content = part.item.content
        if isinstance(content, Operator) and part.overwrites and not part.passes:
            self._add_to(part)
            return
        if part.is_skipped_in_forward:
            self._flush()
        is_merge = isinstance(content, Operator) or (isinstance(content, FunctionCall) and len(part.item.reads) > 1)
        if (
            isinstance(content, Operator)
            and len(flat(self._value(part, self._seen(part.item.reads)).expression)) > _WIDEST
        ):
            self._flush()
        value = self._value(part, self._operands(part.item.reads, _DEEPEST if is_merge else _DEEPEST - 1))
        results = _results(content)
        if results > 1:
            self._flush()
            self._assign([Wire(part.place, position) for position in range(results)], value, part)
            return
        wire = Wire(part.place)
        self._pending[wire] = value
        is_long = len(flat(value.expression)) > _WIDEST or part.is_skipped_in_forward
        if self._uses[wire] != 1 or (is_long and not self._is_last(part)):
            self._flush()

    def _add_to(self, part: Part) -> None:
        """Write `y += x`, in a branch where some instances do not add."""
        if part.is_skipped_in_forward:
            self._flush()
        to, _ = part.item.reads
        first, second = self._operands(part.item.reads, _DEEPEST - 1)
        self._flush()
        if to not in self._variables:
            self._assign([to], first, self._parts[to.item])
        name = self._variables[to]
        self._read([to, *second.reads])
        self._variables[Wire(part.place)] = name
        indent = self._indent
        if part.is_skipped_in_forward:
            self._lines.append(f"{indent}if {has(self._made, part)}:")
            indent += STEP
        self._lines += with_comment(list(lines(f"{name} += ", second.expression, "", indent)), part)

    def _is_last(self, part: Part) -> bool:
        """Whether what a part gives is read by the statement that ends the body or the loop, and nothing between."""
        return Wire(part.place) in self._last and part.place == max(wire.item for wire in self._last)

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
            self._assign([wire], value, self._parts[wire.item])

    def _assign(self, wires: list[Wire], value: _Value, part: Part) -> None:
        self._read(value.reads)
        for wire in wires:
            self._variables[wire] = self._free_name()
        names = ", ".join(self._variables[wire] for wire in wires)
        written = list(lines(f"{names} = ", value.expression, "", self._indent))
        self._lines += with_comment(written, part)

    def _read(self, wires: Iterable[Wire]) -> None:
        """Note that values have been read; the names of those that nobody needs any more are free again."""
        for wire in wires:
            self._left[wire] -= 1
        for wire in wires:
            if not self._left[wire]:
                self._variables.pop(wire, None)

    def _loop(self, loop: Loop) -> None:
        self._flush()
        for number, carried in enumerate(loop.carried):
            self._begin(Wire(loop.place + number), carried.start)
        own = range(loop.place, loop.place + len(loop.carried) + len(loop.parts))
        outside = {wire for wire in chain(*(part.item.reads for part in loop.parts)) if wire.item not in own}
        kept = [*outside, *(Wire(loop.place + number) for number in range(len(loop.carried)))]
        self._left.update(kept)  # the next time reads them again
        head, modules = loop_head(self._made, loop, set(self._variables.values()))
        self._lines.append(f"{self._indent}{head}")
        self._modules |= modules
        self._indent += STEP
        before, self._last = self._last, {carried.update for carried in loop.carried}
        for part in loop.parts:
            self._part(part)
        self._hand_on(loop)
        self._last = before
        self._indent = self._indent.removesuffix(STEP)
        self._read(kept)

    def _begin(self, carried: Wire, start: Wire) -> None:
        """Give a loop's variable its first value; where nobody else needs that, they are one variable."""
        name = self._variables[start]
        self._read([start])
        self._variables[carried] = self._free_name() if start in self._variables else name
        if self._variables[carried] != name:
            self._lines.append(f"{self._indent}{self._variables[carried]} = {name}")

    def _hand_on(self, loop: Loop) -> None:
        """Give a loop's variables their next values, all at once."""
        values = self._operands(tuple(carried.update for carried in loop.carried), _DEEPEST)
        self._flush()
        names = ", ".join(self._variables[Wire(loop.place + number)] for number in range(len(values)))
        expressions = tuple(value.expression for value in values)
        expression = expressions[0] if len(expressions) == 1 else Group("", expressions, "")
        written = list(lines(f"{names} = ", expression, "", self._indent))
        self._lines += with_comment(written, loop.parts[-1]) if len(values) == 1 else written
        for value in values:
            self._read(value.reads)

    def _value(self, part: Part, operands: list[_Value]) -> _Value:
        content = part.item.content
        reads = tuple(wire for operand in operands for wire in operand.reads)
        depth = max(operand.depth for operand in operands)
        expressions = tuple(operand.expression for operand in operands)
        expression: Expression
        match content:
            case ModuleCall() | Instance():
                called = self._modules.get(part) or member(part.item.name)
                return _Value(Group(f"{called}(", expressions, ")"), depth + 1, reads)
            case FunctionCall(_, args, kwargs):
                expression = _call(part.called, args, kwargs, expressions)
            case Operator(symbol, trailing, numbers):
                axes = (", ".join(["...", *["None"] * number]) for number in trailing)
                pairs = zip(expressions, axes, trailing, strict=True)
                texts = tuple(_operand(each) + (f"[{axis}]" if number else "") for each, axis, number in pairs)
                expression = Chain(symbol, (*texts, *map(literal, numbers)))
            case Slice(ranges):
                kept = ", ".join([":", *(self._range(part, axis, both) for axis, both in enumerate(ranges))])
                expression = f"{_operand(expressions[0])}[{kept}]"
        if part.is_skipped_in_forward:
            expression = Choice(expression, has(self._made, part), flat(expressions[part.passes]))
        return _Value(expression, depth, reads)

    def _range(self, part: Part, axis: int, both: tuple[int, int] | None) -> str:
        if both is None:
            return ":"
        texts = [
            part.arguments[end] if is_constant(part, end) else constant_of(self._made, part, end) for end in ends(axis)
        ]
        return ":".join(texts) if all(text.isdigit() for text in texts) else " : ".join(texts)

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


def _call(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], operands: tuple[Expression, ...]) -> Expression:
    places = {Operand.INPUT: operands[0], Operand.INPUTS: Group("[", operands, "]"), Operand.INDICES: operands[-1]}
    by_position = [places[each] if isinstance(each, Operand) else literal(each) for each in args]
    by_keyword = [f"{key}={literal(value)}" for key, value in kwargs.items()]
    return Group(f"{name}(", (*by_position, *by_keyword), ")")


def _operand(expression: Expression) -> str:
    return f"({flat(expression)})" if isinstance(expression, Chain | Choice) else flat(expression)


def _reads(part: Part | Loop) -> Iterable[Wire]:
    """All values that a part reads, or a loop, once for each place where it is written that it reads them."""
    if isinstance(part, Part):
        return part.item.reads
    return chain(*(each.item.reads for each in part.parts), *part.carried)
