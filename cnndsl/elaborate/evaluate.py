"""Values: numbers, words, tuples, and pieces of network that are not built yet.

`C H W` are the shape of the wire that is passed along: what enters the element in whose arguments they stand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnndsl.elaborate import arithmetic
from cnndsl.elaborate.arithmetic import FUNCTIONS, BadArithmetic, is_number, is_whole
from cnndsl.elaborate.binding import Binder
from cnndsl.elaborate.context import Context
from cnndsl.elaborate.program import SHAPE_NAMES, starts_with_input
from cnndsl.elaborate.values import (
    UNKNOWN,
    Block,
    Draft,
    Failed,
    Network,
    Scope,
    Symbol,
    Value,
    Wire,
    describe,
    is_network,
)
from cnndsl.layers.tensor import TensorType
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["Evaluator"]

_DECIDED_BY_FORM = frozenset({ast.Call, ast.Conditional})
"""Computing these could ask for a shape that only the network they stand for will have."""

MOST_ENTRIES = 100_000
"""Entries of a tuple, those of tuples inside it included."""

DEEPEST_TUPLE = 10
"""Tuples inside tuples."""


class Evaluator:
    """Computes the values of expressions in a scope."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.binder = Binder(context)
        self._program = context.program
        self._constants: dict[str, Value | None] = {}
        """Values of the file's definitions; None while one is being computed."""
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
        if kind in _DECIDED_BY_FORM and self._program.is_network(expression, scope):
            return Network(expression, scope)
        evaluate = self._by_type.get(kind)
        return evaluate(expression, scope, wire) if evaluate else Network(expression, scope)

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

    def count(self, expression: ast.Expression, scope: Scope, wire: Wire) -> int:
        """How often something is repeated.

        Raises:
            Failed: the value is no whole number of at least 0; reported.
        """
        value = self.value(expression, scope, wire)
        if is_whole(value) and value >= 0:
            return value
        message = f"a number of repetitions is whole and not negative, not {describe(value)}"
        help = ""
        if is_network(value):
            message, help = "a network cannot be repeated by a network", "networks are multiplied with `&`: `[A & B]`"
        elif isinstance(value, float):
            help = "round it with `//`, round, floor or ceil"
        raise self._context.error("bad-count", message, expression.span, label=f"is {_shown(value)}", help=help)

    def _name(self, name: ast.Name, scope: Scope, wire: Wire) -> Value:
        found = scope.find(name.name)
        if found is not None:
            return found
        if name.name in self._program.definitions:
            return self._definition(name, scope)
        if name.name in self._program.overrides:
            return self._override(name.name)
        if name.name in SHAPE_NAMES:
            return self._extent(name, wire)
        layer = self._program.layer(name.name)
        if layer is not None:
            return layer
        if name.name in self._program.symbols:
            return Symbol(name.name)
        raise Failed  # the check of names reported it

    def _definition(self, name: ast.Name, scope: Scope) -> Value:
        definition = self._program.definitions[name.name]
        if definition.parameters is not None:
            return Block(definition)
        alias = self._program.alias(name.name)
        if alias is not None:
            return Block(alias) if isinstance(alias, ast.Definition) else alias
        if self._program.is_network(definition.body):
            return Network(name, scope)
        if name.name in self._program.overrides:
            return self._override(name.name)
        if name.name not in self._constants:
            self._constants[name.name] = None
            try:
                self._constants[name.name] = self.value(definition.body, Scope({}), None)
            finally:
                if self._constants[name.name] is None:
                    del self._constants[name.name]
        value = self._constants[name.name]
        if value is None:
            message = f"`{name.name}` is defined by itself"
            raise self._context.error("endless-definition", message, name.span)
        return Network(name, scope) if isinstance(value, Network) else value

    def _override(self, name: str) -> Value:
        value = self._program.overrides[name]
        if value is None:
            raise Failed  # the text on the command line is no value, which is reported
        return value

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
        if any(isinstance(extent, str) for extent in size.extents):
            message = "open sizes are not compiled by this version yet"
            raise self._context.error("unsupported", message, size.span, help="write a number for each size")
        return tuple(extent for extent in size.extents if isinstance(extent, int))

    def _tuple(self, expression: ast.Tuple, scope: Scope, wire: Wire) -> tuple[Value, ...]:
        values = tuple([self.value(item, scope, wire) for item in expression.items])
        if _depth(values) > DEEPEST_TUPLE or _entries(values) > MOST_ENTRIES:
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
        definition = called.definition if isinstance(called, Block) else self._program.definitions.get(call.name)
        if called is not None and not isinstance(called, Block):
            if is_network(called):
                return Network(call, scope)
            message = f"`{call.name}` is {describe(called)} and cannot be called"
            raise self._context.error("bad-value", message, call.name_span)
        if definition is None:
            if call.name in FUNCTIONS:
                return self._function(call, scope, wire)
            raise Failed  # the check of names reported it
        names = self.arguments(definition, call.arguments, call.span, scope, wire)
        caller = self._context.enter(definition.name, call.span, is_block=False)
        try:
            value = self.value(definition.body, names, None)
        finally:
            self._context.leave(caller)
        return Network(call, scope) if is_network(value) else value

    def arguments(
        self, definition: ast.Definition, arguments: tuple[ast.Argument, ...], call: Span, scope: Scope, wire: Wire
    ) -> Scope:
        """The scope of a definition's body for one call of it. Defaults see the parameters before them.

        Raises:
            Failed: an argument is missing or wrong; reported.
        """
        bound = self.binder.definition(definition, arguments, call)
        names: dict[str, Value] = {}
        inner = Scope(names)
        for parameter in definition.parameters or ():
            if parameter.name in bound:
                names[parameter.name] = self._argument(bound[parameter.name].value, scope, wire)
            elif parameter.default is not None:
                names[parameter.name] = self.value(parameter.default, inner, wire)
        return inner

    def _argument(self, written: ast.Expression, scope: Scope, wire: Wire) -> Value:
        if starts_with_input(written):
            message = "networks with an INPUT of their own as arguments are not compiled by this version yet"
            raise self._context.error("unsupported", message, written.span)
        return self.value(written, scope, wire)

    def _function(self, call: ast.Call, scope: Scope, wire: Wire) -> Value:
        for argument in call.arguments:
            if argument.keyword is not None:
                message = f"{call.name} takes no keywords"
                raise self._context.error("unknown-argument", message, argument.span)
        arguments = tuple(self.value(argument.value, scope, wire) for argument in call.arguments)
        result: Value = self._compute(call.span, lambda: arithmetic.call(call.name, arguments))
        return result

    def _merge(self, merge: ast.Merge, scope: Scope, wire: Wire) -> Value:
        first = self.value(merge.terms[0], scope, wire)
        if is_network(first) or "&" in merge.operators:
            return Network(merge, scope)
        total = self._as_number(first, merge.terms[0])
        for operator, term in zip(merge.operators, merge.terms[1:], strict=True):
            right = self._as_number(self.value(term, scope, wire), term, "merges of networks stand in [ ]: `[A + B]`")
            total = self._combine(merge.span, operator, total, right)
        return total

    def _arithmetic(self, expression: ast.Arithmetic, scope: Scope, wire: Wire) -> Value:
        left = self.value(expression.left, scope, wire)
        if is_network(left) and expression.operator == "*":
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
            assert isinstance(value, int | float)
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
        left = self.value(expression.left, scope, wire)
        right = self.value(expression.right, scope, wire)
        result: bool = self._compute(expression.span, lambda: arithmetic.compare(expression.operator, left, right))
        return result

    def _compute(self, span: Span, compute: Callable[[], Any]) -> Any:
        try:
            return compute()
        except BadArithmetic as problem:
            raise self._context.error("bad-arithmetic", problem.message, span, help=problem.help) from None


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
    return f"a vector of {type}" if type.rank == 0 else f"a {type} map, which has one spatial axis"


def _shown(value: object) -> str:
    return str(value) if is_number(value) else describe(value)
