"""Layers are placed: arguments bound, what is left open filled in, shapes inferred, and a layer's no explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any, NoReturn, TypeVar

from cnndsl.diagnostics import Label
from cnndsl.elaborate.arithmetic import LARGEST
from cnndsl.elaborate.context import Abort, Context
from cnndsl.elaborate.draft import BARE_INPUT, FIRST_FILTERS, Drafts, numbered
from cnndsl.elaborate.evaluate import Evaluator
from cnndsl.elaborate.values import UNKNOWN, Draft, Failed, Scope, Symbol, Value, Wire, is_network
from cnndsl.layers import Filled, Layer, Mismatch, Rejected, TensorType, structure
from cnndsl.layers.tensor import by_x
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["MOST_NODES", "Placer", "nothing_comes_in"]

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


class Placer:
    """Places layers one behind the other and joins branches; its drafts are the network so far.

    Args:
        context: the file, its diagnostics, and where we are.
        evaluator: binds and computes the arguments of layers.
        classes: gives the units of a bare dense layer that is the last.
        last_dense: which bare dense layers, by number, are taken to be the last.
    """

    def __init__(
        self,
        context: Context,
        evaluator: Evaluator,
        classes: Callable[[], int],
        last_dense: frozenset[int],
    ) -> None:
        self._context = context
        self._evaluator = evaluator
        self._classes = classes
        self._last_dense = last_dense
        self._layers: dict[Any, Layer] = {}
        self._types: dict[Any, TensorType] = {}
        self._lost: set[Draft] = set()
        self.inputs: list[str] = []
        """The names of the inputs so far."""
        self.drafts = Drafts()

    def lose(self, *wires: Wire) -> None:
        """Remember what flows into a mistake: what stands behind the mistake follows it too."""
        self._lost.update(wire for wire in wires if isinstance(wire, Draft))

    def place(
        self,
        kind: type[Layer],
        arguments: tuple[ast.Argument, ...],
        written: ast.Name | ast.Call,
        scope: Scope,
        wire: Wire,
    ) -> Wire:
        """The node of a layer, or what is wrong with its arguments or with what enters it."""
        self._check_entry(kind, written, wire)
        bound = self._evaluator.binder.layer(kind, arguments, written.span)
        values = {name: self._argument(kind, name, argument.value, scope, wire) for name, argument in bound.items()}
        self._reject_networks(kind, bound, values)
        entering = (wire,) if isinstance(wire, Draft) else ()
        places = {name: argument.span for name, argument in bound.items()}
        if issubclass(kind, structure.Input):
            self._set_shape(values, places)
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

    def _set_shape(self, values: dict[str, Value], places: dict[str, Span]) -> None:
        """Of an input, what is set from outside in place of what is written."""
        name = numbered("input", len(self.inputs))
        self.inputs.append(name)
        given = self._context.program.inputs
        shape = given.get(name, given.get(""))
        if shape is not None:
            values["shape"], places["shape"] = shape

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
            raise nothing_comes_in(self._context, written.name, written.span)

    def _bound(self, kind: type[Layer], values: Mapping[str, Value], wire: Wire) -> Layer:
        """The layer with its arguments bound; the same one for the same arguments.

        Raises:
            Rejected: an argument is not of its attribute's kind or range.
        """
        filled = self._filled(kind, values, wire)
        rank = wire.type.rank if isinstance(wire, Draft) else 0
        key = (kind, rank, *values, *map(_key, values.values()), *filled.items())
        found = self._layers.get(key)
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

    def join(self, operator: str, ends: list[Wire], branches: tuple[ast.Expression, ...], span: Span) -> Wire:
        """The node at which branches meet; of a single branch, its end."""
        if any(end is UNKNOWN for end in ends):
            self.lose(*ends)
            return UNKNOWN
        if any(end is None for end in ends):
            raise self._context.error("no-input", "nothing comes out of a branch, not even an INPUT", span)
        drafts = tuple(end for end in ends if isinstance(end, Draft))
        if len(drafts) == 1:
            return drafts[0]
        layer = self._layers.setdefault(operator, _MERGES[operator]({}))
        try:
            return self._add(layer, drafts, span, {})
        except Mismatch as mismatch:
            self.lose(*drafts)
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
            self.too_many(span)
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

    def too_many(self, span: Span) -> NoReturn:
        """Report that the network is too large, and end its elaboration."""
        message = f"the network would have more than {MOST_NODES:,} nodes"
        self._context.error("too-many-nodes", message, span)
        raise Abort


def nothing_comes_in(context: Context, name: str, span: Span) -> Failed:
    """Report an element at the start of a flow that reads what comes in."""
    label = "this path does not start with INPUT"
    help = "write `->` at the start of this line to continue the path above it, or begin with `INPUT ->`"
    return context.error("missing-arrow", f"nothing comes into {name}", span, label=label, help=help)


def _key(value: Value) -> object:
    """A value that is equal only to what is bound alike: `true` is not 1, also inside tuples."""
    return tuple(map(_key, value)) if isinstance(value, tuple) else (type(value), value)


def _what_made_the_map(inputs: tuple[Draft, ...]) -> tuple[Label, ...]:
    """The place that gave the map its spatial size."""
    if not inputs:
        return ()
    draft = inputs[0]
    while draft.inputs and draft.inputs[0].type.spatial == draft.type.spatial:
        draft = draft.inputs[0]
    made = f"the map {by_x(draft.type.spatial)}" if draft.type.rank else f"a vector of {draft.type}"
    return (Label(draft.span, f"this makes {made}"),)
