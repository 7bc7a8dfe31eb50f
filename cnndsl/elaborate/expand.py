"""Networks are expanded: blocks, repeats, branches and tables become nodes, each with the shape that leaves it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from cnndsl import graph
from cnndsl.elaborate.arithmetic import FUNCTIONS
from cnndsl.elaborate.context import Context
from cnndsl.elaborate.draft import Drafts
from cnndsl.elaborate.evaluate import Evaluator
from cnndsl.elaborate.place import MOST_NODES, Placer, nothing_comes_in
from cnndsl.elaborate.program import starts_with_input
from cnndsl.elaborate.values import (
    UNKNOWN,
    Block,
    Failed,
    Network,
    Scope,
    Value,
    Wire,
    brief,
    describe,
    is_network,
    plain,
)
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["Expander"]


class Expander:
    """Expands the flows of one file.

    Args:
        context: the file, its diagnostics, and where we are.
        classes: gives the units of a bare dense layer that is the last.
        last_dense: which bare dense layers, by number, are taken to be the last.
    """

    def __init__(self, context: Context, classes: Callable[[], int], last_dense: frozenset[int]) -> None:
        self._context = context
        self._program = context.program
        self._evaluator = Evaluator(context)
        self._placer = Placer(context, self._evaluator, classes, last_dense)
        self._by_type: dict[type, Callable[[Any, Scope, Wire], Wire]] = {
            ast.Sequence: self._sequence,
            ast.Name: self._name,
            ast.Call: self._call,
            ast.Group: self._group,
            ast.Concatenation: self._concatenation,
            ast.Merge: self._bare_merge,
            ast.For: self._for,
            ast.Arithmetic: self._repeat,
            ast.Optional: lambda optional, scope, wire: self.expand(optional.inner, scope, wire),
            ast.Conditional: self._conditional,
            ast.Label: self._label,
            ast.Choice: self._choice,
        }

    @property
    def drafts(self) -> Drafts:
        """The network so far."""
        return self._placer.drafts

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs so far."""
        return self._placer.inputs

    def expand(self, expression: ast.Expression, scope: Scope, wire: Wire) -> Wire:
        """What leaves a piece of network when a wire enters it; unknown where it has a mistake, which is reported.

        Raises:
            Abort: a limit is reached; reported.
        """
        self._context.step(expression.span)
        expand = self._by_type.get(type(expression), self._not_a_network)
        try:
            return expand(expression, scope, wire)
        except Failed:
            self._placer.lose(wire)
            return UNKNOWN

    # forms

    def _sequence(self, sequence: ast.Sequence, scope: Scope, wire: Wire) -> Wire:
        for element in sequence.elements:
            wire = self.expand(element, scope, wire)
        return wire

    def _group(self, group: ast.Group, scope: Scope, wire: Wire) -> Wire:
        if isinstance(group.inner, ast.Merge):
            return self._merge(group.inner, scope, wire)
        return self.expand(group.inner, scope, wire)

    def _concatenation(self, concatenation: ast.Concatenation, scope: Scope, wire: Wire) -> Wire:
        ends = [
            self._merge(branch, scope, wire) if isinstance(branch, ast.Merge) else self.expand(branch, scope, wire)
            for branch in concatenation.branches
        ]
        return self._placer.join(",", ends, concatenation.branches, concatenation.span)

    def _bare_merge(self, merge: ast.Merge, scope: Scope, wire: Wire) -> Wire:
        self._reject_count_arithmetic(merge, scope, wire)
        operator, left, right = merge.operators[0], merge.terms[0], merge.terms[1]
        gap = Span(merge.span.source, left.span.end, right.span.start)
        start = gap.start + gap.text.index(operator)
        message = f"networks are joined by `{operator}` only inside [ ]"
        help = f"write `[{brief(_last(left), 24)} {operator} {brief(_first(right), 24)}]`"
        if operator == "-" and starts_with_input(left):
            help = "an arrow is written `->`"
        raise self._context.error("bare-merge", message, Span(gap.source, start, start + 1), help=help)

    def _reject_count_arithmetic(self, merge: ast.Merge, scope: Scope, wire: Wire) -> None:
        """`A*n-1` takes 1 from a network, not from its number of repetitions."""
        repeat, number = _last(merge.terms[0]), _first(merge.terms[1])
        if isinstance(number, ast.Number) and isinstance(repeat, ast.Arithmetic) and repeat.operator == "*":
            self.expand(merge.terms[0], scope, wire)  # for the mistakes in it
            help = f"write `*({repeat.right.span.text} {merge.operators[0]} {number.text})`"
            message = f"`{merge.operators[0]} {number.text}` applies to the network, not to its number of repetitions"
            raise self._context.error("not-a-network", message, repeat.span.until(number.span), help=help)

    def _merge(self, merge: ast.Merge, scope: Scope, wire: Wire) -> Wire:
        self._reject_count_arithmetic(merge, scope, wire)
        ends = [self.expand(term, scope, wire) for term in merge.terms]
        return self._join_terms(merge.operators, ends, merge.terms, merge.span)

    def _join_terms(
        self, operators: tuple[str, ...], ends: list[Wire], terms: tuple[ast.Expression, ...], span: Span
    ) -> Wire:
        """One node for all terms; where a difference is among them, one for each operator, left to right."""
        if "-" not in operators:
            return self._placer.join(operators[0], ends, terms, span)
        end = ends[0]
        for operator, pair, right in zip(operators, pairwise(terms), ends[1:], strict=False):  # of one row, nothing
            end = self._placer.join(operator, [end, right], pair, span)
        return end

    def _for(self, loop: ast.For, scope: Scope, wire: Wire) -> Wire:
        rows = self._rows(loop, scope, wire)
        if loop.join == "->":
            for row in rows:
                wire = self.expand(loop.body, Scope(row, scope), wire)
            return wire
        if not rows:
            message = f"a table without rows gives nothing to join with `{loop.join}`"
            raise self._context.error("bad-row", message, loop.span)
        ends = [self.expand(loop.body, Scope(row, scope), wire) for row in rows]
        operators = (loop.join,) * max(1, len(ends) - 1)
        return self._join_terms(operators, ends, (loop.body,) * len(ends), loop.span)

    def _rows(self, loop: ast.For, scope: Scope, wire: Wire) -> list[dict[str, Value]]:
        """The names of each row; computed once, where the loop is entered."""
        rows: list[tuple[Value, Span]] = [(self._evaluator.value(row, scope, wire), row.span) for row in loop.rows]
        table, span = rows[0]
        is_table = isinstance(table, tuple) and (len(loop.names) == 1 or _is_all_tuples(table))
        if len(rows) == 1 and isinstance(table, tuple) and is_table:
            rows = [(row, span) for row in table]
        return [self._row(loop, value, span) for value, span in rows]

    def _row(self, loop: ast.For, value: Value, span: Span) -> dict[str, Value]:
        names = loop.names
        if len(names) == 1:
            return {names[0]: value}
        entries = value if isinstance(value, tuple) else (value,)
        if len(entries) != len(names):
            message = f"this row has {len(entries)} entries for the {len(names)} names {', '.join(names)}"
            raise self._context.error("bad-row", message, span)
        return dict(zip(names, entries, strict=True))

    def _repeat(self, repeat: ast.Arithmetic, scope: Scope, wire: Wire) -> Wire:
        if repeat.operator != "*" or not self._is_repeatable(repeat, scope, wire):
            return self._not_a_network(repeat, scope, wire)
        count = self._evaluator.count(repeat.right, scope, wire)
        if count > MOST_NODES:
            self._placer.too_many(repeat.right.span)
        for _ in range(count):
            wire = self.expand(repeat.left, scope, wire)
        return wire

    def _is_repeatable(self, repeat: ast.Arithmetic, scope: Scope, wire: Wire) -> bool:
        repeated = repeat.left
        while isinstance(repeated, ast.Arithmetic) and repeated.operator == "*":
            repeated = repeated.left
        form = self._program.is_network(repeated, scope)
        return form if form is not None else is_network(self._evaluator.value(repeated, scope, wire))

    def _conditional(self, conditional: ast.Conditional, scope: Scope, wire: Wire) -> Wire:
        is_true = self._evaluator.truth(conditional.test, scope, wire)
        taken = conditional.then if is_true else conditional.otherwise
        if isinstance(taken, ast.Sequence | ast.Merge):
            raise Failed  # the check of names reported it
        return self.expand(taken, scope, wire)

    def _label(self, label: ast.Label, scope: Scope, wire: Wire) -> Wire:
        raise self._context.error("unsupported", "`as` is not compiled by this version yet", label.span)

    def _choice(self, choice: ast.Choice, scope: Scope, wire: Wire) -> Wire:
        raise self._context.error("unsupported", "switches are not compiled by this version yet", choice.span)

    def _not_a_network(self, expression: ast.Expression, scope: Scope, wire: Wire) -> Wire:
        if isinstance(expression, ast.Arithmetic) and self._program.is_network(expression.right, scope):
            left, right = expression.left.span.text, expression.right.span.text
            help = f"write `{right}*{left}`" if expression.operator == "*" else ""
            message = "the number of repetitions stands behind the network"
            raise self._context.error("not-a-network", message, expression.span, help=help)
        value = self._evaluator.value(expression, scope, wire)
        raise self._value_in_path(value, expression.span)

    def _value_in_path(self, value: object, span: Span) -> Failed:
        message = f"{describe(value)} stands where a layer belongs"
        return self._context.error("not-a-network", message, span)

    # names and calls

    def _name(self, name: ast.Name, scope: Scope, wire: Wire) -> Wire:
        value = scope.find(name.name)
        if value is None:
            value = self._evaluator.value(name, scope, wire)
            definition = self._program.definitions.get(name.name)
            if definition is not None and is_network(value):
                return self._block(definition, (), name.span, scope, wire)
        return self._use(value, name, (), name.span, scope, wire)

    def _call(self, call: ast.Call, scope: Scope, wire: Wire) -> Wire:
        value = scope.find(call.name)
        if value is None and call.name in self._program.definitions:
            definition = self._program.definitions[call.name]
            alias = self._program.alias(call.name) if definition.parameters is None else None
            if alias is None:
                return self._block(definition, call.arguments, call.span, scope, wire)
            value = Block(alias) if isinstance(alias, ast.Definition) else alias
        if value is None:
            if call.name in FUNCTIONS:
                return self._not_a_network(call, scope, wire)
            value = self._program.layer(call.name)
            if value is None:
                raise Failed  # the check of names reported it
        return self._use(value, call, call.arguments, call.name_span, scope, wire)

    def _use(
        self,
        value: Value,
        written: ast.Name | ast.Call,
        arguments: tuple[ast.Argument, ...],
        span: Span,
        scope: Scope,
        wire: Wire,
    ) -> Wire:
        """What a name in a path stands for, with the arguments written behind it."""
        if isinstance(value, Network):
            if arguments:
                message = f"`{written.name}` is a finished network and takes no arguments"
                raise self._context.error("too-many-arguments", message, written.span)
            return self.expand(value.expression, value.scope, wire)
        if isinstance(value, Block):
            return self._block(value.definition, arguments, written.span, scope, wire)
        if isinstance(value, type):
            return self._placer.place(value, arguments, written, scope, wire)
        raise self._value_in_path(value, span)

    def _block(
        self, definition: ast.Definition, arguments: tuple[ast.Argument, ...], call: Span, scope: Scope, wire: Wire
    ) -> Wire:
        """What leaves a call of a definition; its body sees its parameters and the file's definitions."""
        if wire is None and not starts_with_input(definition.body):
            raise nothing_comes_in(self._context, definition.name, call)
        names = self._evaluator.arguments(definition, arguments, call, scope, wire)
        caller = self._context.enter(definition.name, call, is_block=True)
        self.drafts.blocks[self._context.frame.path] = _as_block(definition, arguments, names, call)
        try:
            return self.expand(definition.body, names, wire)
        finally:
            self._context.leave(caller)


def _as_block(definition: ast.Definition, arguments: tuple[ast.Argument, ...], names: Scope, call: Span) -> graph.Block:
    """What a graph keeps of a call."""
    parameters = [parameter.name for parameter in definition.parameters or ()]
    by_keyword = {argument.keyword for argument in arguments if argument.keyword}
    written = frozenset(parameters[: len(arguments) - len(by_keyword)]) | by_keyword
    return graph.Block(definition.name, {name: plain(names.names[name]) for name in parameters}, written, call)


def _is_all_tuples(table: tuple[Value, ...]) -> bool:
    return bool(table) and all(isinstance(row, tuple) for row in table)


def _first(path: ast.Expression) -> ast.Expression:
    return path.elements[0] if isinstance(path, ast.Sequence) else path


def _last(path: ast.Expression) -> ast.Expression:
    return path.elements[-1] if isinstance(path, ast.Sequence) else path
