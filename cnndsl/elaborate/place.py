"""Layers are placed: arguments bound, what is left open filled in, shapes inferred, and a layer's no explained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import takewhile
from math import prod
from typing import Any, NamedTuple, TypeVar

from cnndsl.diagnostics import Label, perhaps
from cnndsl.elaborate.arithmetic import LARGEST
from cnndsl.elaborate.context import Context, Frame
from cnndsl.elaborate.draft import FIRST_FILTERS, Drafts, numbered
from cnndsl.elaborate.evaluate import Evaluator
from cnndsl.elaborate.open_sizes import OpenSizes
from cnndsl.elaborate.program import names_input
from cnndsl.elaborate.values import (
    UNKNOWN,
    Deferred,
    Draft,
    Failed,
    Scope,
    Symbol,
    Value,
    Wire,
    is_network,
    is_wire,
)
from cnndsl.layers import Filled, Given, Layer, Mismatch, Rejected, TensorType, structure
from cnndsl.layers import Value as ValueAttribute
from cnndsl.layers.attributes import Extents
from cnndsl.layers.extent import for_small_sizes, require_short
from cnndsl.layers.tensor import by_x
from cnndsl.source import Span
from cnndsl.syntax import ast

__all__ = ["Placer", "nothing_comes_in"]

OTHER_UNITS = 256
"""Units of a bare dense layer that is not the last."""

_STEPS_OF_A_LAYER = 25
"""Steps of binding a layer's arguments, or of inferring what leaves it."""

_MERGES: dict[str, type[Layer]] = {
    "+": structure.Add,
    "-": structure.Subtract,
    "&": structure.Multiply,
    ",": structure.Concat,
}

_SIZE = "size"
"""The attribute for which a value stands for its spatial size: `CROP(up)`."""

T = TypeVar("T")


class Dropped(NamedTuple):
    """What arrived at an element that does not read it, which is a mistake unless something else does."""

    wire: Draft
    span: Span
    frame: Frame


class Placer:
    """Places layers one behind the other and joins branches; its drafts are the network so far.

    Args:
        context: the file, its diagnostics, and where we are.
        evaluator: binds and computes the arguments of layers.
        force: computes a value that is not computed yet.
        classes: gives the units of a bare dense layer that is the last.
        last_dense: which bare dense layers, by number, are taken to be the last.
    """

    def __init__(
        self,
        context: Context,
        evaluator: Evaluator,
        force: Callable[[Deferred], Wire],
        classes: Callable[[Scope], int],
        last_dense: frozenset[int],
    ) -> None:
        self._context = context
        self._evaluator = evaluator
        self._force = force
        self._classes = classes
        self._last_dense = last_dense
        self._dropped: list[Dropped] = []
        self._sharing: dict[object, tuple[Draft, Span]] = {}
        self._kept: dict[Any, dict[str, object]] = {}
        self.open_sizes = OpenSizes(context)
        self._layers: dict[Any, Layer] = {}
        self._types: dict[Any, TensorType] = {}
        self._lost: set[Draft] = set()
        self.inputs: dict[str, int] = {}
        """The names of the inputs so far, each with how many wanted it."""
        self.input_name = ""
        """What `as` calls the next input; "" where it has no name."""
        self.drafts = Drafts()

    def lose(self, *wires: Wire) -> None:
        """Remember what flows into a mistake: what stands behind the mistake follows it too."""
        self._lost.update(wire for wire in wires if isinstance(wire, Draft))

    def pass_over(self, wire: Wire, span: Span) -> None:
        """Remember what arrives at an element that does not read it."""
        if isinstance(wire, Draft):
            self._dropped.append(Dropped(wire, span, self._context.frame))

    def check_dropped(self, outputs: Iterable[Draft]) -> None:
        """Report what arrived at an element that does not read it, and is read by nothing else."""
        if not self._dropped:
            return
        read = {before for draft in self.drafts.drafts for before in draft.inputs} | self._lost | set(outputs)
        for wire, span, frame in self._dropped:
            if wire not in read:
                read.add(wire)  # one mistake, however many elements pass it over
                self._context.frame = frame
                self._report_dropped(wire, span)

    def _report_dropped(self, wire: Draft, span: Span) -> None:
        others = (Label(wire.span, "nothing reads this"),)
        if names_input(span.text.partition("(")[0].strip()):
            message = "INPUT starts a path; what arrives here would be lost"
            self._context.error("input-inside", message, span, help="begin a new statement with it", others=others)
            return
        name = span.on_one_line
        message = f"`{name}` is a value and reads nothing; what arrives here would be lost"
        help = f"begin a new statement with `{name} -> ...`, or keep both: `[ID, {name}]`"
        self._context.error("lost-value", message, span, help=help, others=others)

    def place(
        self,
        kind: type[Layer],
        arguments: tuple[ast.Argument, ...],
        written: ast.Name | ast.Call,
        scope: Scope,
        wire: Wire,
    ) -> Wire:
        """The node of a layer, or what is wrong with its arguments or with what enters it."""
        starts = issubclass(kind, structure.Input)
        if starts:
            self.pass_over(wire, written.span)
            wire = None
        elif wire is None:
            raise nothing_comes_in(self._context, written.name, written.span)
        bound, values = self._arguments(kind, arguments, written, scope, wire)
        entering: tuple[Draft, ...] = (wire,) if isinstance(wire, Draft) else ()
        entering += self._given(kind, bound, values)
        self._reject_networks(kind, bound, values)
        places = {name: argument.span for name, argument in bound.items()}
        if starts:
            self._set_shape(values, places)
        filled = self._filled(kind, values, scope, wire, written.span)
        layer = self._rejecting(
            lambda: self._bound(kind, values, filled, wire, written.span), written.span, places, entering
        )
        if wire is UNKNOWN and layer.sets_width:
            self.drafts.followed |= self._lost
        if layer.transparent or wire is UNKNOWN:
            return wire
        draft = self._add(layer, entering, written.span, places)
        if starts:
            self.open_sizes.enter(draft.type)
        if "units" in layer.filled:
            self.drafts.bare_dense.append(draft)
            self._context.budget.is_guessed = True
        return draft

    def _arguments(
        self,
        kind: type[Layer],
        arguments: tuple[ast.Argument, ...],
        written: ast.Name | ast.Call,
        scope: Scope,
        wire: Wire,
    ) -> tuple[Mapping[str, ast.Argument], dict[str, Value]]:
        """The arguments that are written, or that the file's `default` gives, and their values."""
        defaults = scope.program.defaults.get(kind.word(), {})
        bound = self._evaluator.binder.layer(kind, arguments, written.span, frozenset(defaults))
        values = {name: self._argument(kind, name, each.value, scope, wire) for name, each in bound.items()}
        if not defaults:
            return bound, values
        file = Scope({}, scope.program)
        for name, argument in defaults.items():
            if name not in bound:
                values[name] = self._argument(kind, name, argument.value, file, None)
        return {**defaults, **bound}, values

    def _argument(self, kind: type[Layer], name: str, written: ast.Expression, scope: Scope, wire: Wire) -> Value:
        """The value of a layer's argument. Its attribute's words are words, unless this file gives them a meaning."""
        attribute = kind.attributes[name]
        if isinstance(written, ast.Name) and written.name in attribute.symbols:
            is_own = scope.find(written.name) is not None or written.name in scope.program.definitions
            return self._evaluator.value(written, scope, wire) if is_own else Symbol(written.name)
        if isinstance(attribute, ValueAttribute) or (name == _SIZE and isinstance(attribute, Extents)):
            return self._evaluator.argument(written, scope, wire)
        return self._evaluator.value(written, scope, wire)

    def _given(
        self, kind: type[Layer], bound: Mapping[str, ast.Argument], values: dict[str, Value]
    ) -> tuple[Draft, ...]:
        """The values among a layer's arguments, each in place of what it is for: itself, or its spatial size."""
        if not any(map(is_wire, values.values())):
            return ()
        given: list[Draft] = []
        for name in kind.attributes:
            value = values.get(name)
            if not is_wire(value):
                continue
            wire = self._force(value) if isinstance(value, Deferred) else value
            if not isinstance(wire, Draft):
                raise Failed
            attribute = kind.attributes[name]
            if isinstance(attribute, ValueAttribute):
                given.append(wire)
                types = tuple(before.type for before in wire.inputs)
                values[name] = Given(bound[name].value.span.text, wire.layer, types, wire.type)  # type: ignore[assignment]
            elif name == _SIZE and isinstance(attribute, Extents) and wire.type.rank:
                values[name] = wire.type.spatial
            else:
                message = f"{attribute.phrase} of {kind.word()} is no value of the network"
                raise self._context.error("bad-argument", message, bound[name].span, label=f"is {wire.type}")
        return tuple(given)

    def _new_input(self) -> str:
        """The name of a further input: what `as` calls it, else `input`, with a number where that is taken."""
        name = wanted = self.input_name or numbered("input", len(self.inputs))
        while name in self.inputs:
            self.inputs[wanted] += 1
            name = f"{wanted}_{self.inputs[wanted]}"
        self.inputs[name] = 1
        self.input_name = ""
        return name

    def _set_shape(self, values: dict[str, Value], places: dict[str, Span]) -> None:
        """Of an input, what is set from outside in place of what is written."""
        name = self._new_input()
        given = self._context.program.inputs
        shape = given.get(name, given.get(""))
        if shape is None:
            return
        written = values.get("shape")
        if isinstance(written, tuple) and isinstance(shape.value, tuple) and len(written) != len(shape.value):
            message = (
                f"`{name}` is {by_x(written)} in the file, a size of {len(written)} numbers, not {len(shape.value)}"
            )
            raise self._context.error("bad-override", message, shape.span, help="write the channels first, as there")
        values["shape"], places["shape"] = shape

    def _reject_networks(
        self, kind: type[Layer], bound: Mapping[str, ast.Argument], values: Mapping[str, Value]
    ) -> None:
        for name, value in values.items():
            inner = value if isinstance(value, tuple) else (value,)
            if any(is_network(each) or is_wire(each) for each in inner):
                message = f"{kind.attributes[name].phrase} of {kind.word()} is a value, not a network"
                raise self._context.error("bad-argument", message, bound[name].span)

    def _bound(
        self,
        kind: type[Layer],
        values: Mapping[str, Value],
        filled: Mapping[str, object],
        wire: Wire,
        span: Span,
    ) -> Layer:
        """The layer with its arguments bound; the same one for the same arguments.

        Raises:
            Rejected: an argument is not of its attribute's kind or range.
        """
        rank = wire.type.rank if isinstance(wire, Draft) else 0
        key = (kind, rank, *values, *map(_key, values.values()), *filled.items())
        found = self._layers.get(key)
        if found is None:
            self._context.step(span, _STEPS_OF_A_LAYER)
            with self.open_sizes.noting(kind, span):
                found = self._layers[key] = kind.bind(values, rank, filled)
        return found

    def _filled(
        self, kind: type[Layer], values: Mapping[str, Value], scope: Scope, wire: Wire, span: Span
    ) -> dict[str, object]:
        """What the language chooses for this place, of the attributes that have no argument."""
        filled: dict[str, object] = {}
        for name, attribute in kind.attributes.items():
            if name in values or not isinstance(attribute.default, Filled):
                continue
            if attribute.default is Filled.INPUT:
                filled[name] = self._bare_input(span)
            elif attribute.default is Filled.FILTERS:
                filled[name] = self.drafts.bare_filters(wire) if isinstance(wire, Draft) else FIRST_FILTERS
            elif attribute.default is Filled.UNITS:
                is_last = len(self.drafts.bare_dense) in self._last_dense
                filled[name] = self._classes(scope) if is_last else OTHER_UNITS
        return filled

    def _bare_input(self, span: Span) -> tuple[int, ...]:
        """The shape of the data that the network is for."""
        program = self._context.program
        program.is_filled_in = True
        if program.filling.input is None:
            message = f"INPUT needs its size here: {program.filling.why}"
            help = "write the size that they are brought to: `INPUT(3x224x224)`"
            raise self._context.error("missing-argument", message, span, help=help)
        return program.filling.input

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
        others = self._origins({first.span: drafts[0], culprit.span: drafts[mismatch.branch]})
        if culprit is not first:
            others = (Label(first.span, f"this branch gives {drafts[0].type}"), *others)
        place = span if culprit is first else culprit.span
        return self._context.error(
            "shape-mismatch", mismatch.message, place, label=here, help=mismatch.help, others=others
        )

    def _origins(self, ends: Mapping[Span, Draft]) -> tuple[Label, ...]:
        """Where branches that compute nothing, `ID`, got what they give: a layer of this block, or a call beside it."""
        here = self._context.frame.path
        labels: list[Label] = []
        for branch, end in ends.items():
            common = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(end.scope, here, strict=False))))
            beside = self.drafts.blocks.get(end.scope[: common + 1]) if common < len(end.scope) else None
            span = beside.span if beside else end.span
            is_inside = span.source is branch.source and branch.start <= span.start < branch.end
            if not is_inside:
                labels.append(Label(span, f"the {end.type} comes from here"))
        return tuple(labels)

    def _add(self, layer: Layer, inputs: tuple[Draft, ...], span: Span, places: Mapping[str, Span]) -> Draft:
        self._context.step_to_node(span, len(self.drafts.drafts), len(inputs))
        types = tuple(draft.type for draft in inputs)
        key = (layer, types)
        type = self._types.get(key)
        if type is None:
            self._context.step(span, _STEPS_OF_A_LAYER)
            with self.open_sizes.noting(layer, span):
                type = self._types[key] = self._rejecting(lambda: _inferred(layer, types), span, places, inputs)
            self._rejecting(lambda: self._check_size(layer, types, type, span), span, places, inputs)
        frame = self._context.frame
        name = frame.numbered(layer.word())
        if frame.home is None:
            return self.drafts.add(layer, inputs, type, frame.path, name, span, None)
        draft = self.drafts.add(layer, inputs, type, frame.path, name, span, (frame.home, frame.place(span)))
        self._check_sharing(draft)
        return draft

    def _check_sharing(self, draft: Draft) -> None:
        """What shares its weights needs the same ones: of the same names and shapes, and normalised alike."""
        call = self._call_that_shares(draft)
        first, place = self._sharing.setdefault(draft.weights, (draft, call))
        ours, theirs = self._weights(draft), self._weights(first)
        if ours is theirs:
            return
        differing = [name for name in {**ours, **theirs} if not _agree(ours.get(name), theirs.get(name))]
        if not differing:
            return
        name = differing[0]
        message = f"the {draft.layer.word()} in it shares its weights with the first use, which needs others"
        label, other = f"`{name}` is {_shown(ours.get(name))} here", f"and {_shown(theirs.get(name))} here"
        help = "give all uses the same widths, or take `shared` away"
        if name == _START:
            label, other = f"it begins as {draft.layer} here", f"and as {first.layer} here"
            help = "give all uses the same arguments, or take `shared` away"
        others = (Label(place, other), Label(draft.span, "for this"))
        raise self._context.error("shared-weights", message, call, label=label, others=others, help=help)

    def _weights(self, draft: Draft) -> dict[str, object]:
        """The shapes of all that a layer keeps; the same ones for the same layer where the same comes in."""
        types = tuple([before.type for before in draft.inputs])
        found = self._kept.get((draft.layer, types))
        if found is None:
            found = self._kept[draft.layer, types] = _weights(draft.layer, types)
        return found

    def _call_that_shares(self, draft: Draft) -> Span:
        """The use of what is shared, which tells more than the text that all uses have in common."""
        frame = self._context.frame
        while frame.caller is not None and frame.caller.home is not None:
            frame = frame.caller
        return frame.call or draft.span

    def _check_size(self, layer: Layer, types: tuple[TensorType, ...], type: TensorType, span: Span) -> None:
        """Nothing that is counted reaches 2^63: neither what leaves a layer nor what it learns.

        Where that depends on open sizes, they are taken for small ones.
        """
        counts = (type.elements, layer.macs(types, type), *map(prod, layer.parameters(types).values()))
        if max(map(for_small_sizes, counts)) > LARGEST:
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


def nothing_comes_in(context: Context, name: str, span: Span) -> Failed:
    """Report an element at the start of a flow that reads what comes in."""
    label = "this path does not start with INPUT"
    help = "write `->` at the start of this line to continue the path above it, or begin with `INPUT ->`"
    fix = perhaps(Span(span.source, span.start, span.start), "-> ")
    return context.error("missing-arrow", f"nothing comes into {name}", span, label=label, help=help, fix=fix)


_OPEN, _START = "open", "start"


def _weights(layer: Layer, types: tuple[TensorType, ...]) -> dict[str, object]:
    """The shapes of all that a layer keeps, and how it begins; buffers are also used as all its arguments say."""
    buffers = layer.buffers(types)
    kept: dict[str, object] = {**layer.parameters(types), **buffers}
    told = layer.attributes if buffers else layer.begins
    kept[_START] = str([layer.attributes[name].show(layer.value(name)) for name in told])
    if "bias" in layer.attributes and layer.value("bias") is None:
        kept["bias"] = _OPEN
    return kept


def _agree(ours: object, theirs: object) -> bool:
    return ours == theirs or _OPEN in (ours, theirs)


def _shown(shape: object) -> str:
    return by_x(shape) if isinstance(shape, tuple) else "absent" if shape is None else str(shape)


def _inferred(layer: Layer, types: tuple[TensorType, ...]) -> TensorType:
    type = layer.infer(types)
    for extent in type.shape:
        require_short(extent)
    return type


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
