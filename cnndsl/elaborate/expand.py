"""Networks are expanded: blocks, repeats, branches and tables become nodes, each with the shape that leaves it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from cnndsl import graph
from cnndsl.diagnostics import instead
from cnndsl.elaborate.arithmetic import FUNCTIONS
from cnndsl.elaborate.context import Context, Copy, Mark
from cnndsl.elaborate.draft import Drafts
from cnndsl.elaborate.evaluate import Evaluator
from cnndsl.elaborate.place import Placer, nothing_comes_in
from cnndsl.elaborate.program import names_input, starts_with_input
from cnndsl.elaborate.values import (
    UNKNOWN,
    Block,
    Deferred,
    Draft,
    Failed,
    Network,
    Scope,
    Shared,
    Symbol,
    Value,
    Wire,
    brief,
    describe,
    is_network,
    is_wire,
    plain,
)
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["Expander"]


class Expander:
    """Expands the flows of one model.

    Args:
        context: the file, its diagnostics, and where we are.
        classes: gives the units of a bare dense layer that is the last.
        last_dense: which bare dense layers, by number, are taken to be the last.

    Attributes:
        evaluator: computes values.
    """

    def __init__(self, context: Context, classes: Callable[[Scope], int], last_dense: frozenset[int]) -> None:
        self._context = context
        self.evaluator = Evaluator(context)
        self._placer = Placer(context, self.evaluator, self._force, classes, last_dense)
        self._naming: dict[int, bool] = {}
        self._repeatable: set[int] = set()
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
        return list(self._placer.inputs)

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

    def finish(self, outputs: list[Draft]) -> None:
        """Report what the whole network shows: what arrives where nothing reads it, and what open sizes have to be."""
        self._placer.check_dropped(outputs)
        self._placer.open_sizes.report()

    # forms

    def _sequence(self, sequence: ast.Sequence, scope: Scope, wire: Wire) -> Wire:
        for element in sequence.elements:
            wire = self.expand(element, scope, wire)
        return wire

    def _group(self, group: ast.Group, scope: Scope, wire: Wire) -> Wire:
        if isinstance(group.inner, ast.Merge):
            return self._merge(group.inner, scope, wire)
        if isinstance(group.inner, ast.Choice):
            return self._first(group.inner, scope, wire)
        return self.expand(group.inner, scope, wire)

    def _concatenation(self, concatenation: ast.Concatenation, scope: Scope, wire: Wire) -> Wire:
        ends = [
            self._merge(branch, scope, wire) if isinstance(branch, ast.Merge) else self.expand(branch, scope, wire)
            for branch in concatenation.branches
        ]
        return self._placer.join(",", ends, concatenation.branches, concatenation.span)

    def _bare_merge(self, merge: ast.Merge, scope: Scope, wire: Wire) -> Wire:
        self._reject_count_arithmetic(merge, scope, wire)
        if _last(merge.terms[0]).span in self._context.unknown:
            raise Failed  # `CONV3-64`: reported
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
            count = repeat.right.span.until(number.span)
            fix = instead(count, f"({count.text})")
            raise self._context.error("not-a-network", message, repeat.span.until(number.span), help=help, fix=fix)

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
        if isinstance(loop.body, ast.Merge):
            help = f"write `[[{brief(loop.body, 40)}] for ...]`"
            raise self._context.error("bare-merge", "a merge for each row stands in [ ]", loop.body.span, help=help)
        rows = self.evaluator.rows(loop, scope, wire)
        if loop.join == "->":
            for number, row in enumerate(rows):
                wire = self._copy(Copy(loop, number, len(rows), scope.inner(row)), loop.body, wire)
            return wire
        if not rows:
            message = f"a table without rows gives nothing to join with `{loop.join}`"
            raise self._context.error("bad-row", message, loop.span)
        copies = (Copy(loop, number, len(rows), scope.inner(row)) for number, row in enumerate(rows))
        ends = [self._copy(copy, loop.body, wire) for copy in copies]
        operators = (loop.join,) * max(1, len(ends) - 1)
        return self._join_terms(operators, ends, (loop.body,) * len(ends), loop.span)

    def _repeat(self, repeat: ast.Arithmetic, scope: Scope, wire: Wire) -> Wire:
        if repeat.operator != "*" or not self._is_repeatable(repeat, scope, wire):
            return self._not_a_network(repeat, scope, wire)
        count = self.evaluator.count(repeat, scope, wire)
        repeated = repeat.left
        names_values = self._names_values(repeated)
        for number in range(count):
            before = wire
            own = scope.inner({}) if names_values else scope
            wire = self._copy(Copy(repeat, number, count, own), repeated, wire)
            if wire is before and isinstance(wire, Draft) and self.evaluator.reads_nothing(repeated, scope, wire):
                message = "a value is the same each time: repeating it adds nothing"
                raise self._context.error("lost-value", message, repeat.span, help="repeat what reads it")
        return wire

    def _copy(self, copy: Copy, body: ast.Expression, wire: Wire) -> Wire:
        """A copy of a repetition, or a row of a table; in a shared block its weights are told apart by its number."""
        frame = self._context.frame
        before = use, start = frame.within
        if frame.home is not None:
            frame.within = ((use, copy.of.span.start - start, copy.number), start)
        frame.copies.append(copy)
        try:
            return self.expand(body, copy.scope, wire)
        finally:
            frame.copies.pop()
            frame.within = before

    def _names_values(self, body: ast.Expression) -> bool:
        """Whether `as` names something in a body, so that each copy of it needs names of its own."""
        if isinstance(body, ast.Arithmetic):  # copies of copies, which have names of their own
            return False
        if id(body) not in self._naming:
            self._naming[id(body)] = any(isinstance(node, ast.Label) for node in body.walk())
        return self._naming[id(body)]

    def _is_repeatable(self, repeat: ast.Arithmetic, scope: Scope, wire: Wire) -> bool:
        repeated, chain = repeat.left, [id(repeat)]
        if chain[0] in self._repeatable:
            return True
        while isinstance(repeated, ast.Arithmetic) and repeated.operator == "*":
            chain.append(id(repeated))
            repeated = repeated.left
        form = scope.program.is_network(repeated, scope)
        if form:
            self._repeatable.update(chain)  # by its form alone, so that it stays so
            return True
        value = self.evaluator.value(repeated, scope, wire)
        return is_network(value) or is_wire(value)

    def _conditional(self, conditional: ast.Conditional, scope: Scope, wire: Wire) -> Wire:
        is_true = self.evaluator.truth(conditional.test, scope, wire)
        taken = conditional.then if is_true else conditional.otherwise
        if isinstance(taken, ast.Sequence | ast.Merge):
            raise Failed  # the check of names reported it
        return self.expand(taken, scope, wire)

    def _label(self, label: ast.Label, scope: Scope, wire: Wire) -> Wire:
        if isinstance(label.element, ast.Name | ast.Call) and names_input(label.element.name):
            self._placer.input_name = label.name
        wire = self.expand(label.element, scope, wire)
        if wire is None:
            message = f"there is nothing to be called `{label.name}`"
            raise self._context.error("no-input", message, label.span, help="begin with INPUT or with a value")
        if label.name in scope.names and wire is not UNKNOWN and label.span not in self._context.unknown:
            message = f"`{label.name}` names two values: what names it is built twice"
            help = "name the value where the block is used, or pass it by another way"
            raise self._context.error("named-twice", message, label.span, help=help)
        scope.names[label.name] = wire
        if isinstance(wire, Draft):
            wire.called = wire.called or label.name
        return wire

    def _choice(self, choice: ast.Choice, scope: Scope, wire: Wire) -> Wire:
        """`A -> B | C` would lose what is behind the choice: as merges, choices of paths stand in brackets."""
        first, second = choice.options[:2]
        if any(isinstance(option, ast.Sequence) for option in choice.options):
            gap = Span(choice.span.source, first.span.end, second.span.start)
            start = gap.start + gap.text.index("|")
            help = f"write `[{brief(_last(first), 24)} | {brief(_first(second), 24)}]`, or better a switch of its own"
            message = "networks are chosen by `|` only inside [ ]"
            raise self._context.error("bare-merge", message, Span(gap.source, start, start + 1), help=help)
        return self._first(choice, scope, wire)

    def _first(self, choice: ast.Choice, scope: Scope, wire: Wire) -> Wire:
        return self.expand(self.evaluator.first(choice), scope, wire)

    def _not_a_network(self, expression: ast.Expression, scope: Scope, wire: Wire) -> Wire:
        if isinstance(expression, ast.Arithmetic) and scope.program.is_network(expression.right, scope):
            left, right = expression.left.span.text, expression.right.span.text
            fix = instead(expression.span, f"{right}*{left}") if expression.operator == "*" else None
            help = f"write `{right}*{left}`" if fix else ""
            message = "the number of repetitions stands behind the network"
            raise self._context.error("not-a-network", message, expression.span, help=help, fix=fix)
        value = self.evaluator.value(expression, scope, wire)
        raise self._value_in_path(value, expression.span)

    def _value_in_path(self, value: object, span: Span) -> Failed:
        message = f"{describe(value)} stands where a layer belongs"
        layer = self._context.program.layer(value) if isinstance(value, Symbol) else None
        help = f"pass the layer itself: write `{layer.word()}`" if layer else ""
        return self._context.error("not-a-network", message, span, help=help)

    # names and calls

    def _name(self, name: ast.Name, scope: Scope, wire: Wire) -> Wire:
        value = scope.find(name.name)
        if value is None:
            value = self.evaluator.value(name, scope, wire)
            block = scope.program.find(name.name)
            if block is not None and is_network(value):
                return self._block(block, (), name.span, scope, wire)
        return self._use(value, name, (), name.span, scope, wire)

    def _call(self, call: ast.Call, scope: Scope, wire: Wire) -> Wire:
        value = scope.find(call.name)
        if value is None:
            value = self.evaluator.called(call, scope)
        if value is None:
            if call.name in FUNCTIONS or call.name in scope.program.functions:
                return self._not_a_network(call, scope, wire)
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
        if isinstance(value, type):
            return self._placer.place(value, arguments, written, scope, wire)
        if isinstance(value, Block):
            return self._block(value, arguments, written.span, scope, wire)
        if not isinstance(value, Network | Shared) and not is_wire(value):
            raise self._value_in_path(value, span)
        if isinstance(value, Shared):
            return self._shared(value, written, arguments, scope, wire)
        if arguments:
            what = "a finished network" if isinstance(value, Network) else "a value"
            message = f"`{written.name}` is {what} and takes no arguments"
            raise self._context.error("too-many-arguments", message, written.span)
        if isinstance(value, Network):
            return self._network(value, span, wire)
        return self._read(value, span, wire)

    def _network(self, value: Network, use: Span, wire: Wire) -> Wire:
        """An argument is built where it is used; in a shared block its weights are told apart by that place."""
        frame = self._context.frame
        if frame.home is None:
            return self.expand(value.expression, value.scope, wire)
        before, frame.within = frame.within, (frame.place(use), value.expression.span.start)
        try:
            return self.expand(value.expression, value.scope, wire)
        finally:
            frame.within = before

    # values

    def _read(self, value: Value, span: Span, wire: Wire) -> Wire:
        """A value in a path: it starts there, so that what arrives has to be read by something else."""
        found = self._force(value) if isinstance(value, Deferred) else value
        if isinstance(wire, Draft) and found is not wire:
            self._placer.pass_over(wire, span)
        return found if isinstance(found, Draft) else UNKNOWN

    def _force(self, value: Deferred) -> Wire:
        """What a value is, computed when it is first read: in the block where it was written, before all inside it."""
        if value.wire is None:
            context = self._context
            before, context.frame = context.frame, value.frame
            within, value.frame.within = value.frame.within, value.within
            first = Mark(len(self.drafts.sequence))
            context.open.append(first)
            try:
                value.wire = UNKNOWN  # for what reads itself
                value.wire = self.expand(value.expression, value.scope, None)
            finally:
                context.open.pop()
                context.frame.within = within
                context.frame = before
            if value.wire is None:
                value.wire = UNKNOWN
                message = "nothing comes out of this value, not even an INPUT"
                context.error("no-input", message, value.expression.span)
            self._move_out(first.start, value)
        return value.wire

    def _move_out(self, first: int, value: Deferred) -> None:
        """Put the nodes of a value before the block in which it was read, so that a block's nodes stand together."""
        inside = self._context.open[self._context.open.index(value.place) + 1 :]
        if inside and first < len(self.drafts.sequence):
            count = self.drafts.move(first, inside[0].start)
            for mark in inside:
                mark.start += count

    # blocks

    def _block(self, block: Block, arguments: tuple[ast.Argument, ...], call: Span, scope: Scope, wire: Wire) -> Wire:
        """What leaves a call of a definition; its body sees its parameters and the definitions of its file."""
        definition = block.definition
        if call in self._context.unknown:
            raise Failed  # it has no end: the check of names reported it
        if definition.name in block.program.models:
            raise self.evaluator.model_as_value(definition.name, call)
        names = self.evaluator.arguments(block, arguments, call, scope, wire)
        if wire is None and not self.evaluator.reads_nothing(definition.body, names, None):
            if any(node.span in self._context.unknown for node in definition.body.walk()):
                raise Failed  # it may start with what that was meant to be
            raise nothing_comes_in(self._context, definition.name, call)
        sharing = id(definition) if definition.shared else None
        caller = self._context.enter(
            definition.name, call, is_block=True, sharing=sharing, start=len(self.drafts.sequence)
        )
        try:
            self.drafts.blocks[self._context.frame.path] = _as_block(definition, arguments, names, call)
            self.share(definition, names)
            return self.expand(definition.body, names, wire)
        finally:
            self._context.leave(caller)

    def share(self, definition: ast.Definition, names: Scope) -> None:
        """Let all uses of a `shared` parameter in this call have the same weights."""
        frame = self._context.frame
        for parameter in definition.parameters or ():
            value = names.names[parameter.name]
            if not parameter.shared or is_wire(value) or isinstance(value, Shared):
                continue
            if not isinstance(value, Network | Block | type):
                message = (
                    f"`{parameter.name}` of {definition.name} is shared, so it is a network, not {describe(value)}"
                )
                raise self._context.error("bad-argument", message, parameter.span)
            names.names[parameter.name] = Shared(value, parameter.name, frame.home or frame.path)

    def _shared(
        self, value: Shared, written: ast.Name | ast.Call, arguments: tuple[ast.Argument, ...], scope: Scope, wire: Wire
    ) -> Wire:
        """A use of a `shared` parameter: a block of its own, whose weights are those of the first use."""
        sharing = (value.home, value.parameter)
        caller = self._context.enter(
            value.parameter, written.span, is_block=True, sharing=sharing, start=len(self.drafts.sequence)
        )
        try:
            block = graph.Block(value.parameter, {}, frozenset(), written.span)
            frame = self._context.frame
            self.drafts.blocks[frame.path] = block
            if isinstance(value.network, Network) and not arguments:
                frame.within = ((), value.network.expression.span.start)
                return self.expand(value.network.expression, value.network.scope, wire)
            frame.within = ((), written.span.start)
            return self._use(value.network, written, arguments, written.span, scope, wire)
        finally:
            self._context.leave(caller)


def _as_block(definition: ast.Definition, arguments: tuple[ast.Argument, ...], names: Scope, call: Span) -> graph.Block:
    """What a graph keeps of a call."""
    parameters = [parameter.name for parameter in definition.parameters or ()]
    by_keyword = {argument.keyword for argument in arguments if argument.keyword}
    written = frozenset(parameters[: len(arguments) - len(by_keyword)]) | by_keyword
    return graph.Block(definition.name, {name: plain(names.names[name]) for name in parameters}, written, call)


def _first(path: ast.Expression) -> ast.Expression:
    return path.elements[0] if isinstance(path, ast.Sequence) else path


def _last(path: ast.Expression) -> ast.Expression:
    return path.elements[-1] if isinstance(path, ast.Sequence) else path
