"""Values: numbers, words, tuples, and pieces of network that are not built yet.

`C H W` are the shape of the wire that is passed along: what enters the element in whose arguments they stand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnndsl.diagnostics import instead
from cnndsl.elaborate import arithmetic
from cnndsl.elaborate.arithmetic import FUNCTIONS, BadArithmetic, is_number, is_whole
from cnndsl.elaborate.beginnings import Beginnings
from cnndsl.elaborate.binding import Binder
from cnndsl.elaborate.context import Context
from cnndsl.elaborate.program import SHAPE_NAMES, Program
from cnndsl.elaborate.values import (
    UNKNOWN,
    Block,
    Deferred,
    Draft,
    Failed,
    Network,
    Scope,
    Symbol,
    Value,
    Wire,
    brief,
    describe,
    is_network,
    is_wire,
)
from cnndsl.layers import Called, Layer
from cnndsl.layers.extent import Extent, require_closed
from cnndsl.layers.rejected import Undecided
from cnndsl.layers.tensor import TensorType, a_size
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["Evaluator"]

_DECIDED_BY_FORM = frozenset({ast.Call, ast.Conditional})
"""Computing these could ask for a shape that only the network they stand for will have."""

_ENTRIES_A_STEP = 2
"""Entries of a tuple that are looked at in a step."""

MOST_ENTRIES = 100_000
"""Entries of a tuple, those of tuples inside it included."""

DEEPEST_TUPLE = 10
"""Tuples inside tuples."""


class Evaluator:
    """Computes the values of expressions in a scope.

    Args:
        context: where elaboration is.
        in_doubt: whether what may read nothing of what comes in is taken to read nothing.
    """

    def __init__(self, context: Context, in_doubt: bool = False) -> None:
        self._context = context
        self.binder = Binder(context)
        self._beginnings = Beginnings(context, self, in_doubt)
        self._constants: dict[int, Value | None] = {}
        """Values of definitions; None while one is being computed."""
        self._by_type: dict[type, Callable[[Any, Scope, Wire], Value]] = {
            ast.Name: self._name,
            ast.Number: lambda number, scope, wire: number.value,
            ast.String: lambda string, scope, wire: Symbol(string.value),
            ast.Boolean: lambda boolean, scope, wire: boolean.value,
            ast.Size: self._size,
            ast.Tuple: self._tuple,
            ast.Group: self._group,
            ast.Call: self._call,
            ast.Merge: self._merge,
            ast.Arithmetic: self._arithmetic,
            ast.Negative: self._negative,
            ast.Conditional: self._conditional,
            ast.Choice: lambda choice, scope, wire: self.value(self.first(choice), scope, wire),
            ast.BooleanOperation: self._boolean_operation,
            ast.Negation: lambda negation, scope, wire: not self.truth(negation.operand, scope, wire),
            ast.Comparison: self._comparison,
        }

    def value(self, expression: ast.Expression, scope: Scope, wire: Wire) -> Value:
        """The value of an expression; a piece of network stays text with its scope.

        Raises:
            Failed: it has none; reported.
        """
        self._context.step(expression.span)
        kind = type(expression)
        if kind in _DECIDED_BY_FORM and scope.program.is_network(expression, scope):
            return Network(expression, scope)
        evaluate = self._by_type.get(kind)
        return evaluate(expression, scope, wire) if evaluate else Network(expression, scope)

    def first(self, choice: ast.Choice) -> ast.Expression:
        """The side that a choice without a name always takes, which is worth a warning."""
        first = choice.options[0]
        message = f"nothing can choose here: this is always `{brief(first, 24)}`"
        help = "give the choice a name: `name = A | B` on a line of its own, then -D name=B chooses"
        self._context.error("unnamed-choice", message, choice.span, help=help)
        return first

    def argument(self, expression: ast.Expression, scope: Scope, wire: Wire) -> Value:
        """The value of what is passed on: of a piece of network that reads nothing of what comes in, what leaves it.

        Raises:
            Failed: it has none; reported.
        """
        value = self.value(expression, scope, wire)
        if isinstance(value, Network) and self.reads_nothing(expression, scope, wire):
            return Deferred(expression, scope, self._context.block, self._context.open[-1])
        return value

    def reads_nothing(self, expression: ast.Expression, scope: Scope, wire: Wire) -> bool:
        """Whether a piece of network starts with a value or INPUT, or merges such paths."""
        return self._beginnings.reads_nothing(expression, scope, wire)

    def truth(self, expression: ast.Expression, scope: Scope, wire: Wire) -> bool:
        """The value of a test.

        Raises:
            Failed: it is neither true nor false; reported.
        """
        value = self.value(expression, scope, wire)
        if isinstance(value, bool):
            return value
        message = f"a test is true or false, not {describe(value)}"
        raise self._context.error("bad-value", message, expression.span, help="compare it: ==, !=, <, <=, >, >=")

    def count(self, repeat: ast.Arithmetic, scope: Scope, wire: Wire) -> int:
        """How often something is repeated.

        Raises:
            Failed: the value is no whole number of at least 0; reported.
        """
        expression = repeat.right
        value = self.value(expression, scope, wire)
        if is_whole(value) and value >= 0:
            return value
        self._compute(expression.span, lambda: require_closed(value, "a number of repetitions"))
        message = f"a number of repetitions is whole and not negative, not {describe(value)}"
        help, fix = "", None
        if is_network(value):
            message = "a network cannot be repeated by a network"
        if is_network(value) or is_wire(value):
            product = f"`[{brief(repeat.left, 24)} & {brief(expression, 24)}]`"
            help = f"networks and values are multiplied with `&`: {product}"
            fix = instead(_operator(repeat), "&")
        elif isinstance(value, float):
            help = "round it with `//`, round, floor or ceil"
        label = f"is {_shown(value)}"
        raise self._context.error("bad-count", message, expression.span, label=label, help=help, fix=fix)

    def _name(self, name: ast.Name, scope: Scope, wire: Wire) -> Value:
        found = scope.find(name.name)
        if found is None:
            found = self._named(name, scope, wire)
        if isinstance(found, tuple):
            self._step_through(found, name.span)
        return found

    def _step_through(self, value: tuple[Value, ...], span: Span) -> int:
        """Count the steps of what looks at each entry of a tuple; gives how many it has."""
        entries = _entries(value)
        self._context.step(span, entries // _ENTRIES_A_STEP)
        return entries

    def _named(self, name: ast.Name, scope: Scope, wire: Wire) -> Value:
        """What a name means that stands for nothing in its scope."""
        program = scope.program
        block = program.find(name.name)
        if block is not None:
            return self._definition(name, scope, block)
        if name.name in program.overrides:
            return _given(program.overrides[name.name])
        if name.name in SHAPE_NAMES:
            return self._extent(name, wire)
        layer = program.layer(name.name)
        if layer is not None:
            return layer
        if name.name in program.symbols:
            return Symbol(name.name)
        raise self._not_built(name, program)

    def _not_built(self, name: ast.Name, program: Program) -> Failed:
        """A label that the text has, and nothing built; any other name the check of names has reported."""
        if name.span in self._context.unknown or name.name not in program.labels:
            return Failed()
        message = f"`{name.name}` is not built here"
        help = "the side of `if ... else ...` that names it is not taken, or it is repeated 0 times"
        return self._context.error("not-built", message, name.span, help=help)

    def _definition(self, name: ast.Name, scope: Scope, block: Block) -> Value:
        definition, program = block.definition, block.program
        if definition.parameters is not None:
            return block
        alias = program.alias(name.name)
        if alias is not None:
            return alias
        if program.is_network(definition.body):
            if definition.name in program.models:
                raise self.model_as_value(name.name, name.span)
            return Network(name, scope)
        if definition.name in program.overrides and definition.name not in program.switches:
            return _given(program.overrides[definition.name])
        return self._constant(name, scope, block)

    def _constant(self, name: ast.Name, scope: Scope, block: Block) -> Value:
        """The value of a definition that holds data, computed once."""
        key = id(block.definition)
        if key not in self._constants:
            self._constants[key] = None
            context = self._context
            before = context.frame, context.open
            context.frame, context.open = context.file, [context.file]  # whoever asks first, it is the same
            try:
                self._constants[key] = self.value(block.definition.body, Scope({}, block.program), None)
            finally:
                context.frame, context.open = before
                if self._constants[key] is None:
                    del self._constants[key]
        value = self._constants[key]
        if value is None:
            message = f"`{name.name}` is defined by itself"
            raise self._context.error("endless-definition", message, name.span)
        return Network(name, scope) if isinstance(value, Network) else value

    def model_as_value(self, name: str, span: Span) -> Failed:
        """Report that a model is read as if it were a value."""
        message = f"`{name}` is a model with an input of its own, not a value"
        help = "to share what comes in, write a flow of it and name that: `INPUT(...) as x`"
        return self._context.error("model-as-value", message, span, help=help)

    def _extent(self, name: ast.Name, wire: Wire) -> int:
        if wire is UNKNOWN:
            raise Failed
        if not isinstance(wire, Draft):
            message = f"nothing enters here whose shape {name.name} could be"
            help = f"give the block a parameter `{name.name.lower()}={name.name}`"
            raise self._context.error("no-shape", message, name.span, help=help)
        extent = _extent(name.name, wire.type)
        if extent is None:
            message = f"{name.name} has no meaning for {_what(wire.type)}"
            raise self._context.error("no-shape", message, name.span)
        return extent

    def _size(self, size: ast.Size, scope: Scope, wire: Wire) -> tuple[int, ...]:
        return tuple(Extent.of(extent) if isinstance(extent, str) else extent for extent in size.extents)

    def _tuple(self, expression: ast.Tuple, scope: Scope, wire: Wire) -> tuple[Value, ...]:
        values = tuple([self.argument(item, scope, wire) for item in expression.items])
        if _depth(values) > DEEPEST_TUPLE or self._step_through(values, expression.span) > MOST_ENTRIES:
            message = f"a tuple has at most {MOST_ENTRIES:,} entries, nested at most {DEEPEST_TUPLE} deep"
            raise self._context.error("bad-value", message, expression.span)
        return values

    def _group(self, group: ast.Group, scope: Scope, wire: Wire) -> Value:
        value = self.value(group.inner, scope, wire)
        is_merge = isinstance(value, Network) and isinstance(group.inner, ast.Merge)
        return Network(group, scope) if is_merge else value

    def _call(self, call: ast.Call, scope: Scope, wire: Wire) -> Value:
        """A call that is no network by its form: a function, or a definition that may turn out to be one."""
        called = scope.find(call.name)
        if called is not None and not isinstance(called, Block):
            if is_network(called):
                return Network(call, scope)
            message = f"`{call.name}` is {describe(called)} and cannot be called"
            raise self._context.error("bad-value", message, call.name_span)
        block = called if called is not None else scope.program.find(call.name)
        if block is None:
            if call.name in FUNCTIONS:
                return self._function(call, scope, wire)
            if call.name in scope.program.functions:
                return Called(call.name, self._by_position(call, scope, wire))
            raise Failed  # the check of names reported it
        names = self.arguments(block, call.arguments, call.span, scope, wire)
        caller = self._context.enter(block.definition.name, call.span, is_block=False)
        try:
            value = self.value(block.definition.body, names, None)
        finally:
            self._context.leave(caller)
        return Network(call, scope) if is_network(value) else value

    def arguments(
        self, block: Block, arguments: tuple[ast.Argument, ...], call: Span, scope: Scope, wire: Wire
    ) -> Scope:
        """The scope of a definition's body for one call of it. Defaults see the parameters before them.

        Raises:
            Failed: an argument is missing or wrong; reported.
        """
        bound = self.binder.definition(block.definition, arguments, call)
        names: dict[str, Value] = {}
        inner = Scope(names, block.program)
        for parameter in block.definition.parameters or ():
            if parameter.name in bound:
                names[parameter.name] = self.argument(bound[parameter.name].value, scope, wire)
            elif parameter.default is not None:
                names[parameter.name] = self.argument(parameter.default, inner, wire)
        return inner

    def parameters_of_model(self, block: Block) -> Scope:
        """The scope of a model's body: what the command line says of its parameters, and the defaults of the others.

        Raises:
            Failed: one has neither, or a default is wrong; reported.
        """
        given = block.program.of_models
        names: dict[str, Value] = {}
        inner = Scope(names, block.program)
        for parameter in block.definition.parameters or ():
            name, default = parameter.name, parameter.default
            if name in given:
                names[name] = _given(given[name])
            elif default is not None:
                names[name] = self.argument(default, inner, None)
            else:
                message = f"`{name}` of the model `{block.definition.name}` needs a default: nobody calls a model"
                help = f"write {name}=..., or give it on the command line: -D {name}=..."
                raise self._context.error("missing-argument", message, parameter.span, help=help)
        return inner

    def rows(self, loop: ast.For, scope: Scope, wire: Wire) -> list[dict[str, Value]]:
        """The names of each row; computed once, where the loop is entered.

        Raises:
            Failed: a row has more or fewer entries than there are names; reported.
        """
        for row in loop.rows:
            if isinstance(row, ast.Concatenation) and not any(map(scope.program.is_network, row.branches)):
                message = "the rows of a table stand in ( ), not in [ ]"
                help = f"write `({row.span.text[1:-1].strip()})`"
                raise self._context.error("bad-row", message, row.span, help=help)
        rows: list[tuple[Value, Span]] = [(self.argument(row, scope, wire), row.span) for row in loop.rows]
        table, span = rows[0]
        is_size = _is_size(loop.rows[0])  # `1x5` is one kernel, not two
        is_table = isinstance(table, tuple) and not is_size and (len(loop.names) == 1 or _is_all_tuples(table))
        if len(rows) == 1 and isinstance(table, tuple) and is_table:
            rows = [(row, span) for row in table]
        self._context.step(loop.span, len(rows) // _ENTRIES_A_STEP)
        return [self._row(loop, value, span) for value, span in rows]

    def _row(self, loop: ast.For, value: Value, span: Span) -> dict[str, Value]:
        names = loop.names
        if len(names) == 1:
            return {names[0]: value}
        entries = value if isinstance(value, tuple) else (value,)
        if len(entries) != len(names):
            has = "1 entry" if len(entries) == 1 else f"{len(entries)} entries"
            message = f"this row has {has} for the {len(names)} names {', '.join(names)}"
            raise self._context.error("bad-row", message, span)
        return dict(zip(names, entries, strict=True))

    def called(self, call: ast.Call, scope: Scope) -> Block | type[Layer] | None:
        """The definition or layer that a call names; a definition that is another name for one stands for that."""
        program = scope.program
        block = program.find(call.name)
        if block is None:
            return program.layer(call.name)
        alias = program.alias(call.name) if block.definition.parameters is None else None
        return alias or block

    def _by_position(self, call: ast.Call, scope: Scope, wire: Wire) -> tuple[Value, ...]:
        for argument in call.arguments:
            if argument.keyword is not None:
                message = f"{call.name} takes no keywords"
                raise self._context.error("unknown-argument", message, argument.span)
        return tuple([self.value(argument.value, scope, wire) for argument in call.arguments])

    def _function(self, call: ast.Call, scope: Scope, wire: Wire) -> Value:
        arguments = self._by_position(call, scope, wire)
        result: Value = self._compute(call.span, lambda: arithmetic.call(call.name, arguments))
        if isinstance(result, tuple):
            self._step_through(result, call.span)
        return result

    def _merge(self, merge: ast.Merge, scope: Scope, wire: Wire) -> Value:
        first = self.value(merge.terms[0], scope, wire)
        if is_network(first) or is_wire(first) or "&" in merge.operators:
            return Network(merge, scope)
        total = self._as_number(first, merge.terms[0])
        for operator, term in zip(merge.operators, merge.terms[1:], strict=True):
            right = self._as_number(self.value(term, scope, wire), term, "merges of networks stand in [ ]: `[A + B]`")
            total = self._combine(merge.span, operator, total, right)
        return total

    def _arithmetic(self, expression: ast.Arithmetic, scope: Scope, wire: Wire) -> Value:
        left = self.value(expression.left, scope, wire)
        if (is_network(left) or is_wire(left)) and expression.operator == "*":
            return Network(expression, scope)
        left = self._as_number(left, expression.left)
        right = self._number(expression.right, scope, wire)
        return self._combine(expression.span, expression.operator, left, right)

    def _negative(self, expression: ast.Negative, scope: Scope, wire: Wire) -> Value:
        return self._combine(expression.span, "-", 0, self._number(expression.operand, scope, wire))

    def _combine(self, span: Span, operator: str, left: int | float, right: int | float) -> int | float:
        result: int | float = self._compute(span, lambda: arithmetic.binary(operator, left, right))
        return result

    def _number(self, expression: ast.Expression, scope: Scope, wire: Wire) -> int | float:
        return self._as_number(self.value(expression, scope, wire), expression)

    def _as_number(self, value: Value, expression: ast.Expression, help: str = "") -> int | float:
        if is_number(value):
            assert isinstance(value, int | float | Extent)
            return value
        message = f"arithmetic needs a number, not {describe(value)}"
        raise self._context.error("not-a-number", message, expression.span, help=help if is_network(value) else "")

    def _conditional(self, expression: ast.Conditional, scope: Scope, wire: Wire) -> Value:
        taken = expression.then if self.truth(expression.test, scope, wire) else expression.otherwise
        return self.value(taken, scope, wire)

    def _boolean_operation(self, expression: ast.BooleanOperation, scope: Scope, wire: Wire) -> bool:
        left = self.truth(expression.left, scope, wire)
        if left == (expression.operator == "or"):
            return left
        return self.truth(expression.right, scope, wire)

    def _comparison(self, expression: ast.Comparison, scope: Scope, wire: Wire) -> bool:
        left = self.compared(expression.left, scope, wire)
        right = self.compared(expression.right, scope, wire)
        result: bool = self._compute(expression.span, lambda: arithmetic.compare(expression.operator, left, right))
        return result

    def compared(self, side: ast.Expression, scope: Scope, wire: Wire) -> Value:
        """The value of a side of a comparison.

        Raises:
            Failed: it has none, or is no value that can be compared; reported.
        """
        value = self.value(side, scope, wire)
        if is_wire(value):
            message = "a value of the network is not known when a spec is compiled, so it cannot be compared"
            raise self._context.error("bad-value", message, side.span)
        return value

    def _compute(self, span: Span, compute: Callable[[], Any]) -> Any:
        try:
            return compute()
        except BadArithmetic as problem:
            raise self._context.error("bad-arithmetic", problem.message, span, help=problem.help) from None
        except Undecided as problem:
            raise self._context.error(problem.code, problem.message, span, help=problem.help) from None


def _is_size(row: ast.Expression) -> bool:
    while isinstance(row, ast.Group):
        row = row.inner
    return isinstance(row, ast.Size)


def _is_all_tuples(table: tuple[Value, ...]) -> bool:
    return bool(table) and all(isinstance(row, tuple) for row in table)


def _entries(value: Value) -> int:
    return sum(map(_entries, value)) + 1 if isinstance(value, tuple) else 1


def _depth(value: Value) -> int:
    return max(map(_depth, value), default=0) + 1 if isinstance(value, tuple) else 0


def _extent(name: str, type: TensorType) -> int | None:
    """C, or H and W as the last two of the spatial extents; None where there is no such axis."""
    if name == "C":
        return type.channels
    from_end = 1 if name == "W" else 2
    return type.spatial[-from_end] if type.rank >= from_end else None


def _what(type: TensorType) -> str:
    return f"a vector of {type}" if type.rank == 0 else f"{a_size(type.shape)} map, which has one spatial axis"


def _given(value: Value | None) -> Value:
    """What the command line says; raises Failed where that is no value, which is reported."""
    if value is None:
        raise Failed
    return value


def _operator(arithmetic: ast.Arithmetic) -> Span:
    """Where the operator of two operands stands."""
    left, right = arithmetic.left.span, arithmetic.right.span
    gap = Span(left.source, left.end, right.start)
    start = gap.start + gap.text.index(arithmetic.operator)
    return Span(left.source, start, start + len(arithmetic.operator))


def _shown(value: object) -> str:
    return str(value) if is_number(value) else describe(value)
