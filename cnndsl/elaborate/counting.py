"""Counts are multiplied up before anything is expanded: how many nodes a network has at the least.

What depends on a shape, on a value that is not known, or on a mistake counts for nothing, or as the smaller of two
sides: a count is never more than the nodes that a text without mistakes is expanded to. Copies are multiplied, and a
definition is looked at once for all calls with the same arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from cnndsl.elaborate.arithmetic import is_whole
from cnndsl.elaborate.budget import Budget
from cnndsl.elaborate.context import MOST_CALLS, Abort, Context, Mark
from cnndsl.elaborate.evaluate import Evaluator
from cnndsl.elaborate.models import Model
from cnndsl.elaborate.values import UNKNOWN, Block, Deferred, Failed, Network, Scope, Value, Wire, is_network, is_wire
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["least_nodes"]

_MOST_STEPS = 50_000
"""Steps of counting, beside two for each character of the file; what takes more is left to the limits of expansion."""

_MOST_COUNTED = 2**63 + 1
"""Nodes beyond which it is not worth telling how many they are."""

_MULTIPLYING = (ast.Arithmetic, ast.For, ast.Name, ast.Call)
"""What can stand for more nodes than are written."""

_LONGEST_KEY = 100
"""Entries of a tuple by which an argument is known again."""


def least_nodes(checked: Context, models: Sequence[Model]) -> list[int]:
    """How many nodes each model of a file has at the least.

    Raises:
        Abort: too many, all together; reported.
    """
    counter = _Counter(checked)
    counts: list[int] = []
    total = 0
    for model in models:
        before = total
        for part in _parts(counter, model):
            total += part.nodes
            if total > checked.budget.most_nodes:
                widest = part.widest or _Part(part.span, total)
                number = f"{widest.nodes:,}" if widest.nodes < _MOST_COUNTED else "more than 2^63"
                raise checked.too_many_nodes(widest.span, f"{number} nodes")
        counts.append(total - before)
    return counts


class _Part(NamedTuple):
    """A piece of text, how many nodes it stands for at the least, and its outermost part that alone has too many."""

    span: Span
    nodes: int
    widest: _Part | None = None


def _parts(counter: _Counter, model: Model) -> list[_Part]:
    """The statements of a model; none where one has a mistake or takes too many steps, which expansion reports."""
    try:
        return [counter.part(text, scope) for text, scope in model.texts(counter.context, counter.evaluator)]
    except (Failed, Abort):
        return []


class _Silent(Context):
    """Where counting is; what it finds wrong is left to expansion."""

    def error(self, *_: Any, **__: Any) -> Failed:
        return Failed()


class _Known(Evaluator):
    """Computes values without shapes: what cannot be known fails, and is passed on as unknown."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, in_doubt=True)

    def argument(self, expression: ast.Expression, scope: Scope, wire: Wire) -> Value:
        try:
            return super().argument(expression, scope, wire)
        except Failed:
            return UNKNOWN

    def compared(self, expression: ast.Expression, scope: Scope, wire: Wire) -> Value:
        value = super().compared(expression, scope, wire)
        if not _is_data(value):  # a sum with an unknown number looks like a network
            raise Failed
        return value


class _Body(Mark):
    """A text that is being counted, and the nodes of values that are written in it: built once whenever it is built."""

    __slots__ = ("level", "values")

    def __init__(self, level: int) -> None:
        super().__init__(0)
        self.level = level
        self.values = 0


class _Counter:
    """Counts the nodes of texts; all wires are unknown to it.

    Attributes:
        context: where counting is.
        evaluator: computes what is known without shapes.
    """

    def __init__(self, checked: Context) -> None:
        budget = Budget(checked.budget.most_nodes, _MOST_STEPS + 2 * len(checked.program.file.source.text))
        self.context = _Silent(checked.program, checked.diagnostics, budget)
        self.context.unknown = checked.unknown
        self.evaluator = _Known(self.context)
        self._statement: Span | None = None
        self._widest: _Part | None = None
        self._depth = 0
        self._certain = 0
        """The level of the bodies that are certainly built; whether values of those around them are, is open."""
        self._calls: dict[object, tuple[int, tuple[str, ...], Scope]] = {}
        """For calls, by definition and arguments: the nodes, the values among the arguments that are read, and what
        keeps the ids in the key from being given to something else."""
        self._networks: dict[object, tuple[int, Scope]] = {}
        """For pieces of network: the nodes, and what keeps the ids in the key."""
        self._independent: dict[int, bool] = {}
        self._by_type: dict[type, Callable[[Any, Scope], int]] = {
            ast.Sequence: lambda sequence, scope: self._sum(sequence.elements, scope),
            ast.Name: self._name,
            ast.Call: self._call,
            ast.Group: lambda group, scope: self._nodes(group.inner, scope),
            ast.Concatenation: self._concatenation,
            ast.Merge: self._merge,
            ast.For: self._for,
            ast.Arithmetic: self._repeat,
            ast.Optional: lambda optional, scope: self._nodes(optional.inner, scope),
            ast.Conditional: self._conditional,
            ast.Label: self._label,
            ast.Choice: lambda choice, scope: self._nodes(choice.options[0], scope),
        }

    def part(self, statement: ast.Expression, scope: Scope) -> _Part:
        """How many nodes a statement stands for.

        Raises:
            Abort: that takes too many steps.
        """
        self._statement, self._widest = statement.span, None
        nodes = self._body(statement, scope)
        return _Part(statement.span, nodes, self._widest)

    def _body(self, text: ast.Expression, scope: Scope) -> int:
        """The nodes of a text with those of the values that are written in it."""
        around = self.context.open
        body = _Body(len(around))
        around.append(body)
        try:
            nodes = self._nodes(text, scope)
        finally:
            around.pop()
        return nodes + body.values

    def _nodes(self, expression: ast.Expression, scope: Scope) -> int:
        """The nodes of a text without those of values; none where it has a mistake or cannot be known."""
        self.context.step(expression.span)
        kind = type(expression)
        count = self._by_type.get(kind)
        if count is None:
            return 0
        try:
            nodes = min(count(expression, scope), _MOST_COUNTED)
        except Failed:
            return 0
        if nodes > self.context.budget.most_nodes and kind in _MULTIPLYING:
            self._note(expression.span, nodes)
        return nodes

    def _note(self, span: Span, nodes: int) -> None:
        """Remember what has too many nodes: of what stands in the statement, the outermost."""
        statement, widest = self._statement, self._widest
        assert statement is not None
        is_inside = span.source is statement.source and statement.start <= span.start and span.end <= statement.end
        if is_inside and (widest is None or span.end - span.start > widest.span.end - widest.span.start):
            self._widest = _Part(span, nodes)

    # forms

    def _sum(self, expressions: Sequence[ast.Expression], scope: Scope) -> int:
        nodes = 0
        for expression in expressions:
            nodes += self._nodes(expression, scope)
        return nodes

    def _concatenation(self, concatenation: ast.Concatenation, scope: Scope) -> int:
        return self._sum(concatenation.branches, scope) + (len(concatenation.branches) > 1)

    def _merge(self, merge: ast.Merge, scope: Scope) -> int:
        return self._sum(merge.terms, scope) + _joins(merge.operators)

    def _for(self, loop: ast.For, scope: Scope) -> int:
        rows = self.evaluator.rows(loop, scope, UNKNOWN)
        if len(loop.rows) == len(rows) == 1 and any(value is UNKNOWN for value in rows[0].values()):
            raise Failed  # a table of any number of rows
        joins = 0 if loop.join == "->" else _joins((loop.join,) * (len(rows) - 1))
        if rows and self._is_independent(loop):
            return len(rows) * self._body(loop.body, scope.inner(rows[0])) + joins
        return sum([self._body(loop.body, scope.inner(row)) for row in rows]) + joins

    def _is_independent(self, loop: ast.For) -> bool:
        """Whether the text of a loop is the same for all rows."""
        if id(loop) not in self._independent:
            read = (node.name for node in loop.body.walk() if isinstance(node, ast.Name | ast.Call))
            self._independent[id(loop)] = not set(loop.names).intersection(read)
        return self._independent[id(loop)]

    def _repeat(self, repeat: ast.Arithmetic, scope: Scope) -> int:
        count = self.evaluator.value(repeat.right, scope, UNKNOWN) if repeat.operator == "*" else 0
        return count * self._body(repeat.left, scope.inner({})) if is_whole(count) and count > 0 else 0

    def _conditional(self, conditional: ast.Conditional, scope: Scope) -> int:
        try:
            is_true = self.evaluator.truth(conditional.test, scope, UNKNOWN)
        except Failed:
            return self._smaller(conditional, scope)
        return self._nodes(conditional.then if is_true else conditional.otherwise, scope)

    def _smaller(self, conditional: ast.Conditional, scope: Scope) -> int:
        before, self._certain = self._certain, len(self.context.open)
        try:
            return min(self._body(conditional.then, scope), self._body(conditional.otherwise, scope))
        finally:
            self._certain = before

    def _label(self, label: ast.Label, scope: Scope) -> int:
        nodes = self._nodes(label.element, scope)
        scope.names[label.name] = UNKNOWN
        return nodes

    # names and calls

    def _name(self, name: ast.Name, scope: Scope) -> int:
        value = scope.find(name.name)
        if value is None:
            value = self.evaluator.value(name, scope, UNKNOWN)
            block = scope.program.find(name.name)
            if block is not None and is_network(value):
                return self._block(block, (), name.span, scope)
        return self._use(value, name, (), scope)

    def _call(self, call: ast.Call, scope: Scope) -> int:
        value = scope.find(call.name)
        if value is None:
            value = self.evaluator.called(call, scope)
        return self._use(value, call, call.arguments, scope)

    def _use(
        self,
        value: Value | None,
        written: ast.Name | ast.Call,
        arguments: tuple[ast.Argument, ...],
        scope: Scope,
    ) -> int:
        if isinstance(value, type):
            return 0 if value.transparent else 1
        if isinstance(value, Block):
            return self._block(value, arguments, written.span, scope)
        if isinstance(value, Network):
            return self._network(value)
        if isinstance(value, Deferred):
            self._read(value)
        return 0

    def _network(self, value: Network) -> int:
        key = _key(value)
        if key not in self._networks:
            self._networks[key] = self._body(value.expression, value.scope), value.scope
        return self._networks[key][0]

    def _read(self, value: Deferred) -> None:
        """Count a value for the body in which it is written, if it is certainly built with that."""
        place = value.place
        if value.wire is None and isinstance(place, _Body) and place.level >= self._certain:
            value.wire = UNKNOWN
            place.values += self._body(value.expression, value.scope)

    def _block(self, block: Block, arguments: tuple[ast.Argument, ...], call: Span, scope: Scope) -> int:
        definition = block.definition
        if definition.name in block.program.models or call in self.context.unknown:
            raise Failed
        if self._depth >= MOST_CALLS:
            raise Failed if self._certain else Abort  # it contains itself without an end, which expansion reports
        inner = self.evaluator.arguments(block, arguments, call, scope, UNKNOWN)
        key = (id(definition), *map(_key, inner.names.values()))
        if key not in self._calls:
            self._calls[key] = 0, (), inner  # for what contains itself
            values = {name: value for name, value in inner.names.items() if _is_unread(value)}
            self._depth += 1
            try:
                nodes = self._body(definition.body, inner)
            finally:
                self._depth -= 1
            read = tuple(name for name, value in values.items() if not _is_unread(value))
            self._calls[key] = nodes, read, inner
            return nodes
        nodes, read, _ = self._calls[key]
        for name in read:
            value = inner.names[name]
            assert isinstance(value, Deferred)
            self._read(value)
        return nodes


def _joins(operators: Sequence[str]) -> int:
    """The nodes at which terms meet: one, or one for each operator where a difference is among them."""
    return len(operators) if "-" in operators else min(len(operators), 1)


def _is_unread(value: Value) -> bool:
    return isinstance(value, Deferred) and value.wire is None


def _is_data(value: Value) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_data, value))
    return not is_network(value) and not is_wire(value)


def _key(value: Value) -> object:
    """What is equal for arguments with which a call has the same nodes."""
    if isinstance(value, Network | Deferred):
        return id(value.expression), id(value.scope)
    if isinstance(value, Block):
        return id(value.definition)
    if isinstance(value, tuple):
        return tuple(map(_key, value)) if len(value) <= _LONGEST_KEY else id(value)
    return type(value), value
