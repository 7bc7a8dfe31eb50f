"""Networks are expanded: blocks, repeats, branches and tables become nodes, each with the shape that leaves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import prod
from typing import Any, TypeVar

from cnndsl.diagnostics import Label
from cnndsl.elaborate.arithmetic import FUNCTIONS, LARGEST
from cnndsl.elaborate.binding import Binder
from cnndsl.elaborate.context import Abort, Context
from cnndsl.elaborate.draft import BARE_INPUT, FIRST_FILTERS, Drafts
from cnndsl.elaborate.evaluate import Evaluator
from cnndsl.elaborate.program import starts_with_input
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
from cnndsl.layers import Filled, Layer, Mismatch, Rejected, TensorType, structure
from cnndsl.layers.tensor import by_x
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["MOST_NODES", "Expander"]

MOST_NODES = 200_000
OTHER_UNITS = 256
"""Units of a bare dense layer that is not the last."""

_MERGES: dict[str, type[Layer]] = {
    "+": structure.Add,
    "-": structure.Subtract,
    "&": structure.Multiply,
    ",": structure.Concat,
}

T = TypeVar("T")


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
        self._binder = Binder(context)
        self._evaluator = Evaluator(context, self._binder)
        self._classes = classes
        self._last_dense = last_dense
        self._layers: dict[Any, Layer] = {}
        self._types: dict[Any, TensorType] = {}
        self._lost: set[Draft] = set()
        self.drafts = Drafts()
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
            self._lose(wire)
            return UNKNOWN

    def _lose(self, *wires: Wire) -> None:
        """Remember what flows into a mistake: what stands behind the mistake follows it too."""
        self._lost.update(wire for wire in wires if isinstance(wire, Draft))

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
        return self._join(",", ends, concatenation.branches, concatenation.span)

    def _bare_merge(self, merge: ast.Merge, scope: Scope, wire: Wire) -> Wire:
        self._reject_count_arithmetic(merge, scope, wire)
        operator, left, right = merge.operators[0], merge.terms[0], merge.terms[1]
        gap = Span(merge.span.source, left.span.end, right.span.start)
        start = gap.start + gap.text.index(operator)
        message = f"networks are joined by `{operator}` only inside [ ]"
        help = f"write `[{_one_word(_last(left))} {operator} {_one_word(_first(right))}]`"
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
        if "-" not in merge.operators:
            return self._join(merge.operators[0], ends, merge.terms, merge.span)
        end = ends[0]
        for operator, (before, term), right in zip(merge.operators, pairwise(merge.terms), ends[1:], strict=True):
            end = self._join(operator, [end, right], (before, term), merge.span)
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
        bodies = (loop.body,) * len(ends)
        if loop.join != "-":
            return self._join(loop.join, ends, bodies, loop.span)
        end = ends[0]
        for right in ends[1:]:
            end = self._join("-", [end, right], bodies[:2], loop.span)
        return end

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
            self._too_many(repeat.right.span)
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
            return self._place(value, arguments, written, scope, wire)
        raise self._value_in_path(value, span)

    def _block(
        self, definition: ast.Definition, arguments: tuple[ast.Argument, ...], call: Span, scope: Scope, wire: Wire
    ) -> Wire:
        """What leaves a call of a definition; its body sees its parameters and the file's definitions."""
        if wire is None and not starts_with_input(definition.body):
            raise self._nothing_comes_in(definition.name, call)
        names = self._evaluator.arguments(definition, arguments, call, scope, wire)
        caller = self._context.enter(definition.name, call, is_block=True)
        try:
            return self.expand(definition.body, names, wire)
        finally:
            self._context.leave(caller)

    def _nothing_comes_in(self, name: str, span: Span) -> Failed:
        label = "this path does not start with INPUT"
        help = "write `->` at the start of this line to continue the path above it, or begin with `INPUT ->`"
        return self._context.error("missing-arrow", f"nothing comes into {name}", span, label=label, help=help)

    # layers

    def _place(
        self,
        kind: type[Layer],
        arguments: tuple[ast.Argument, ...],
        written: ast.Name | ast.Call,
        scope: Scope,
        wire: Wire,
    ) -> Wire:
        """The node of a layer, or what is wrong with its arguments or with what enters it."""
        self._check_entry(kind, written, wire)
        bound = self._binder.layer(kind, arguments, written.span)
        values = {name: self._argument(kind, name, argument.value, scope, wire) for name, argument in bound.items()}
        self._reject_networks(kind, bound, values)
        entering = (wire,) if isinstance(wire, Draft) else ()
        places = {name: argument.span for name, argument in bound.items()}
        layer = self._rejecting(lambda: self._bound(kind, values, wire), written.span, places, entering)
        if wire is UNKNOWN and layer.sets_width:
            self.drafts.followed |= self._lost
        if layer.transparent or wire is UNKNOWN:
            return wire
        draft = self._add(layer, entering, written.span, places)
        if "units" in layer.filled:
            self.drafts.bare_dense.append(draft)
        return draft

    def _argument(self, kind: type[Layer], name: str, written: ast.Expression, scope: Scope, wire: Wire) -> Value:
        """The value of a layer's argument. A word of its attribute is that word, even if a layer has the name too."""
        value = self._evaluator.value(written, scope, wire)
        if isinstance(value, type) and isinstance(written, ast.Name) and written.name in kind.attributes[name].symbols:
            return Symbol(written.name)
        return value

    def _reject_networks(
        self, kind: type[Layer], bound: Mapping[str, ast.Argument], values: Mapping[str, Value]
    ) -> None:
        for name, value in values.items():
            if is_network(value):
                message = f"{kind.attributes[name].phrase} of {kind.word()} is a value, not a network"
                raise self._context.error("bad-argument", message, bound[name].span)

    def _check_entry(self, kind: type[Layer], written: ast.Name | ast.Call, wire: Wire) -> None:
        starts = issubclass(kind, structure.Input)
        if starts and wire is not None:
            message = "INPUT starts a path; what arrives here would be lost"
            raise self._context.error("input-inside", message, written.span, help="begin a new statement with it")
        if not starts and wire is None:
            raise self._nothing_comes_in(written.name, written.span)

    def _bound(self, kind: type[Layer], values: Mapping[str, Value], wire: Wire) -> Layer:
        """The layer with its arguments bound; the same one for the same arguments.

        Raises:
            Rejected: an argument is not of its attribute's kind or range.
        """
        filled = self._filled(kind, values, wire)
        rank = wire.type.rank if isinstance(wire, Draft) else 0
        key = (kind, rank, *values, *map(_key, values.values()), *filled.items())
        try:
            found = self._layers.get(key)
        except TypeError:  # a network among the arguments cannot be a key
            return kind.bind(values, rank, filled)
        if found is None:
            found = self._layers[key] = kind.bind(values, rank, filled)
        return found

    def _filled(self, kind: type[Layer], values: Mapping[str, Value], wire: Wire) -> dict[str, object]:
        """What the language chooses for this place, of the attributes that have no argument."""
        filled: dict[str, object] = {}
        for name, attribute in kind.attributes.items():
            if name in values or not isinstance(attribute.default, Filled):
                continue
            if attribute.default is Filled.INPUT:
                filled[name] = BARE_INPUT
            elif attribute.default is Filled.FILTERS:
                filled[name] = self.drafts.bare_filters(wire) if isinstance(wire, Draft) else FIRST_FILTERS
            elif attribute.default is Filled.UNITS:
                is_last = len(self.drafts.bare_dense) in self._last_dense
                filled[name] = self._classes() if is_last else OTHER_UNITS
        return filled

    def _join(self, operator: str, ends: list[Wire], branches: tuple[ast.Expression, ...], span: Span) -> Wire:
        """The node at which branches meet; of a single branch, its end."""
        if any(end is UNKNOWN for end in ends):
            self._lose(*ends)
            return UNKNOWN
        drafts = tuple(end for end in ends if isinstance(end, Draft))
        if len(drafts) == 1:
            return drafts[0]
        layer = self._layers.setdefault(operator, _MERGES[operator]({}))
        try:
            return self._add(layer, drafts, span, {})
        except Mismatch as mismatch:
            self._lose(*drafts)
            raise self._mismatch(mismatch, drafts, branches, span) from None

    def _mismatch(
        self, mismatch: Mismatch, drafts: tuple[Draft, ...], branches: tuple[ast.Expression, ...], span: Span
    ) -> Failed:
        """Both ends of a clash: the branch that does not fit, and the first one."""
        culprit, first = branches[mismatch.branch], branches[0]
        here = f"this branch gives {drafts[mismatch.branch].type}: {mismatch.label}"
        others = () if culprit is first else (Label(first.span, f"this branch gives {drafts[0].type}"),)
        place = span if culprit is first else culprit.span
        return self._context.error(
            "shape-mismatch", mismatch.message, place, label=here, help=mismatch.help, others=others
        )

    def _add(self, layer: Layer, inputs: tuple[Draft, ...], span: Span, places: Mapping[str, Span]) -> Draft:
        if len(self.drafts.drafts) >= MOST_NODES:
            self._too_many(span)
        types = tuple(draft.type for draft in inputs)
        key = (layer, types)
        type = self._types.get(key)
        if type is None:
            type = self._types[key] = self._rejecting(lambda: layer.infer(types), span, places, inputs)
            self._check_size(layer, types, type, span)
        frame = self._context.frame
        return self.drafts.add(layer, inputs, type, frame.path, frame.numbered(layer.word()), span)

    def _check_size(self, layer: Layer, types: tuple[TensorType, ...], type: TensorType, span: Span) -> None:
        """Nothing that is counted reaches 2^63: neither what leaves a layer nor what it learns."""
        counts = (type.elements, layer.macs(types, type), *map(prod, layer.parameters(types).values()))
        if max(counts) > LARGEST:
            message = f"{layer.word()} would give, learn or compute 2^63 numbers or more"
            raise self._context.error("number-too-large", message, span)

    def _rejecting(
        self, compute: Callable[[], T], span: Span, places: Mapping[str, Span], inputs: tuple[Draft, ...]
    ) -> T:
        """The result; a layer's no becomes a diagnostic where the attribute was written."""
        try:
            return compute()
        except Mismatch:
            raise
        except Rejected as rejected:
            place = places.get(rejected.attribute, span)
            others = _what_made_the_map(inputs) if rejected.code in ("window-too-large", "needs-map") else ()
            raise self._context.error(
                rejected.code, rejected.message, place, label=rejected.label, help=rejected.help, others=others
            ) from None

    # limits

    def _too_many(self, span: Span) -> None:
        message = f"the network would have more than {MOST_NODES:,} nodes"
        self._context.error("too-many-nodes", message, span)
        raise Abort


def _key(value: Value) -> object:
    """A value that is equal only to what is bound alike: `true` is not 1, also inside tuples."""
    return tuple(map(_key, value)) if isinstance(value, tuple) else (type(value), value)


def _is_all_tuples(table: tuple[Value, ...]) -> bool:
    return bool(table) and all(isinstance(row, tuple) for row in table)


def _what_made_the_map(inputs: tuple[Draft, ...]) -> tuple[Label, ...]:
    """The place that gave the map its spatial size."""
    if not inputs:
        return ()
    draft = inputs[0]
    while draft.inputs and draft.inputs[0].type.spatial == draft.type.spatial:
        draft = draft.inputs[0]
    made = f"the map {by_x(draft.type.spatial)}" if draft.type.rank else f"a vector of {draft.type}"
    return (Label(draft.span, f"this makes {made}"),)


def _first(path: ast.Expression) -> ast.Expression:
    return path.elements[0] if isinstance(path, ast.Sequence) else path


def _last(path: ast.Expression) -> ast.Expression:
    return path.elements[-1] if isinstance(path, ast.Sequence) else path


def _one_word(expression: ast.Expression) -> str:
    """The text of a branch, if it is short."""
    text = " ".join(expression.span.text.split())
    return text if len(text) <= 24 else "..."
