"""A second reading of the language: short, without a word on mistakes, for right programs only.

It shares the parser and the layers with the compiler and nothing of what lies between, so that a program means what the
compiler makes of it only if two readings of `docs/language.md` agree.
"""

from __future__ import annotations

import math
import operator
from collections import ChainMap, Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial, reduce
from itertools import count
from typing import Any, NamedTuple

from cnndsl import source
from cnndsl.diagnostics import Diagnostics
from cnndsl.elaborate.prelude import prelude_file
from cnndsl.graph import Graph
from cnndsl.layers import Called, Filled, Given, Layer, TensorType, functions, layers_by_word, structure
from cnndsl.layers import Value as ValueAttribute
from cnndsl.layers.attributes import Extents
from cnndsl.syntax import ast, parse

__all__ = ["Network", "as_network", "read"]


class Network(NamedTuple):
    """What a network is, whatever its nodes are called and in whatever order they stand.

    Attributes:
        inputs: the number of each input, in the order of the text.
        outputs: name and number of each output, the main one first.
        nodes: layer, type, the nodes read, and which weights; numbered from the outputs on.
    """

    inputs: tuple[int | None, ...]
    outputs: tuple[tuple[str, int], ...]
    nodes: tuple[tuple[str, str, tuple[int, ...], int | None], ...]


class _Made:
    """A node of this reading."""

    def __init__(self, layer: Layer, inputs: tuple[_Made, ...], weights: object) -> None:
        self.layer = layer
        self.inputs = inputs
        self.weights = weights
        self.type: TensorType = layer.infer(self.input_types)

    @property
    def input_types(self) -> tuple[TensorType, ...]:
        return tuple(read.type for read in self.inputs)


class _File(NamedTuple):
    definitions: Mapping[str, ast.Definition]
    defaults: Mapping[str, ast.Call]
    parameters: Mapping[str, Any]
    used: Mapping[str, _Block]
    """What other files bring in."""


class _Names(NamedTuple):
    """The names of a body, those around it, and the file it stands in."""

    own: ChainMap[str, Any]
    file: _File

    def inner(self, names: Mapping[str, Any]) -> _Names:
        return _Names(self.own.new_child(dict(names)), self.file)


class _Text(NamedTuple):
    """A network that is not built yet."""

    expression: ast.Expression
    names: _Names


class _Block(NamedTuple):
    definition: ast.Definition
    file: _File


class _Shared(NamedTuple):
    network: Any
    home: object


class _Shapeless(Exception):
    """C, H or W where nothing comes in."""


class _Frame:
    """One call: to whom its weights belong, None where they are its own, and what tells them apart.

    Args:
        home: of the weights.
        origin: where the text of this call starts, if that is not the same for all calls that share their weights.
    """

    def __init__(self, home: tuple[object, ...] | None, origin: int = 0) -> None:
        self.home = home
        self.within: object = None
        self._origin = origin
        self._counts: Counter[object] = Counter()

    def place(self, text: ast.Expression) -> object:
        """Where something stands in the text, and the how manieth copy of it this is."""
        where = (self.within, text.span.source.name, text.span.start - self._origin)
        self._counts[where] += 1
        return where, self._counts[where]

    def inside(self, call: ast.Expression, home: tuple[object, ...] | None) -> _Frame:
        return _Frame(home or (None if self.home is None else (*self.home, self.place(call))))

    def copy(self, text: ast.Expression, number: int) -> AbstractContextManager[None]:
        """Build a copy of a repetition, or a row of a table."""
        return self.at((self.within, text.span.start - self._origin, number))

    @contextmanager
    def at(self, within: object) -> Iterator[None]:
        """Build what an argument is: the same text at different places."""
        before, self.within = self.within, within
        yield
        self.within = before


class _Later:
    """A value that is computed when it is first read."""

    def __init__(self, compute: Callable[[], _Made]) -> None:
        self.compute = compute
        self.made: _Made | None = None

    def get(self) -> _Made:
        self.made = self.made or self.compute()
        return self.made


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "round": lambda x: math.floor(x + 0.5),
    "floor": math.floor,
    "ceil": math.ceil,
    "sqrt": math.sqrt,
    "log2": math.log2,
    "range": lambda *bounds: tuple(range(*bounds)),
    "divisible": lambda x, by: next(
        found for found in (max(by, int(x + by / 2) // by * by) + step for step in (0, by)) if found >= 0.9 * x
    ),
}
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "==": operator.eq, "!=": operator.ne, "<": operator.lt,
    "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_MERGES = {"+": structure.Add, "-": structure.Subtract, "&": structure.Multiply, ",": structure.Concat}
_NETWORKS = (ast.Sequence, ast.Concatenation, ast.For, ast.Optional, ast.Label)


class _Reader:
    """Reads the flows of a file, or one model of it."""

    def __init__(self, file: ast.File, parameters: Mapping[str, Any], followed: frozenset[int]) -> None:
        self.file = _as_file(file, parameters)
        self.followed = followed
        self.prelude = _as_file(prelude_file(), {})
        self.layers = layers_by_word()
        self.asked: set[int] = set()
        self.made: list[_Made] = []

    # values

    def value(self, text: ast.Expression, names: _Names, wire: _Made | None, frame: _Frame) -> Any:
        """A number, word, tuple, value of the network, or text that is to be built where it is used."""
        match text:
            case ast.Number(value=value) | ast.String(value=value) | ast.Boolean(value=value):
                return value
            case ast.Size(extents=extents):
                return extents
            case ast.Tuple(items=items):
                return tuple(self.argument(item, names, wire, frame) for item in items)
            case ast.Name(name=name):
                return self.named(name, names, wire, frame)
        if self.is_network(text, names):
            return _Text(text, names)
        value = self.number(text, names, wire, frame)
        return int(value) if isinstance(value, float) and value.is_integer() else value

    def number(self, text: ast.Expression, names: _Names, wire: _Made | None, frame: _Frame) -> Any:
        def of(part: ast.Expression) -> Any:
            return self.value(part, names, wire, frame)

        match text := self.side(text, names, wire, frame):
            case ast.Negative(operand=operand):
                return -of(operand)
            case ast.Negation(operand=operand):
                return not of(operand)
            case ast.Arithmetic() | ast.Comparison():
                return _OPERATORS[text.operator](of(text.left), of(text.right))
            case ast.BooleanOperation(left=left, operator=word, right=right):
                return (of(left) and of(right)) if word == "and" else (of(left) or of(right))
            case ast.Merge(terms=(first, *others), operators=signs):
                pairs = zip(signs, others, strict=True)
                return reduce(lambda total, pair: _OPERATORS[pair[0]](total, of(pair[1])), pairs, of(first))
            case ast.Call():
                return self.computed(text, names, wire, frame)
            case ast.Name() | ast.Number() | ast.Boolean() | ast.String() | ast.Tuple() | ast.Size():
                return of(text)
        raise NotImplementedError(type(text))

    def computed(self, call: ast.Call, names: _Names, wire: _Made | None, frame: _Frame) -> Any:
        """The result of a function, built in or defined."""
        block = self.defined(call.name, names.file)
        if block is not None:
            inner = self.bound(block, call, names, wire, frame)
            return self.value(block.definition.body, inner, None, frame)
        values = tuple(self.value(argument.value, names, wire, frame) for argument in call.arguments)
        if call.name in functions():
            return Called(call.name, values)
        is_tuple = len(values) == 1 and isinstance(values[0], tuple)
        return _FUNCTIONS[call.name](*(values[0] if is_tuple else values))

    def named(self, name: str, names: _Names, wire: _Made | None, frame: _Frame) -> Any:
        if name in names.own:
            return names.own[name]
        definition = self.defined(name, names.file)
        if definition is not None:
            body = definition.definition.body
            if definition.definition.parameters is not None or self.is_network(body, _Names(ChainMap(), names.file)):
                return definition
            if name in names.file.parameters:
                return names.file.parameters[name]
            return self.value(body, _Names(ChainMap(), definition.file), None, frame)
        if name in names.file.parameters:
            return names.file.parameters[name]
        if name in ("C", "H", "W"):
            if wire is None:
                raise _Shapeless
            return wire.type.shape[0] if name == "C" else wire.type.spatial[-1 if name == "W" else -2]
        return self.layers.get(name.upper(), name)

    def defined(self, name: str, file: _File) -> _Block | None:
        if name in file.definitions:
            return _Block(file.definitions[name], file)
        if name in file.used:
            return file.used[name]
        shipped = self.prelude.definitions.get(name.upper())
        return _Block(shipped, self.prelude) if shipped and name.upper() not in file.definitions else None

    def argument(self, text: ast.Expression, names: _Names, wire: _Made | None, frame: _Frame) -> Any:
        """A value, where what is passed on reads nothing of what comes in."""
        value = self.value(text, names, wire, frame)
        if isinstance(value, _Text) and self.starts(text, names, wire, frame):
            return _Later(partial(self.later, text, names, frame, frame.within))
        return value

    def later(self, text: ast.Expression, names: _Names, frame: _Frame, within: object) -> _Made:
        with frame.at(within):
            made: _Made = self.build(text, names, None, frame)
        return made

    def is_network(self, text: ast.Expression, names: _Names) -> bool:
        match text:
            case ast.Group(inner=inner):
                return self.is_network(inner, names)
            case ast.Merge(terms=parts, operators=signs):
                return "&" in signs or any(self.is_network(part, names) for part in parts)
            case ast.Arithmetic(operator="*", left=left):
                return self.is_network(left, names)
            case ast.Conditional(then=then, otherwise=otherwise):
                return any(self.is_network(side, names) for side in (otherwise, then))
            case ast.Choice(options=(first, *_)):
                return self.is_network(first, names)
            case ast.Name(name=name) | ast.Call(name=name):
                if name in names.own:
                    return not isinstance(names.own[name], int | float | str | tuple)
                found = self.defined(name, names.file)
                if isinstance(text, ast.Call) and name in _FUNCTIONS and found is None:
                    return False
                if found is not None:
                    return self.makes_network(found)
                return name not in names.file.parameters and name.upper() in self.layers and name != "W"
        return isinstance(text, _NETWORKS)

    def makes_network(self, block: _Block) -> bool:
        """Whether a definition is a network; while that is asked, calls of itself say nothing."""
        body = block.definition.body
        if id(body) in self.asked:
            return False
        self.asked.add(id(body))
        found = self.is_network(body, _Names(ChainMap(), block.file))
        self.asked.remove(id(body))
        return found

    def side(self, text: ast.Expression, names: _Names, wire: _Made | None, frame: _Frame) -> ast.Expression:
        """What brackets, a `?`, a choice without a name or a conditional stand for."""
        match text:
            case ast.Group(inner=inner) | ast.Optional(inner=inner) | ast.Choice(options=(inner, *_)):
                return self.side(inner, names, wire, frame)
            case ast.Conditional(then=then, test=test, otherwise=otherwise):
                taken = then if self.value(test, names, wire, frame) else otherwise
                return self.side(taken, names, wire, frame)
        return text

    def starts(self, text: ast.Expression, names: _Names, wire: _Made | None, frame: _Frame) -> bool:
        """Whether a network starts with a value or INPUT, or merges such paths."""
        match text := self.side(text, names, wire, frame):
            case ast.Sequence(elements=(inner, *_)) | ast.Label(element=inner) | ast.Arithmetic(left=inner):
                return self.starts(inner, names, wire, frame)
            case ast.Concatenation(branches=parts) | ast.Merge(terms=parts):
                return all(self.starts(part, names, wire, frame) for part in parts)
            case ast.For(body=body):
                rows = self.rows(text, names, wire, frame)
                return all(self.starts(body, names.inner(row), wire, frame) for row in rows)
            case ast.Name(name=name):
                return name.upper() == "INPUT" or isinstance(names.own.get(name), _Made | _Later)
            case ast.Call():
                return self.call_starts(text, names, wire, frame)
        return False

    def call_starts(self, call: ast.Call, names: _Names, wire: _Made | None, frame: _Frame) -> bool:
        block = names.own[call.name] if call.name in names.own else self.defined(call.name, names.file)
        if not isinstance(block, _Block):
            return call.name.upper() == "INPUT"
        if not any(self.starts(argument.value, names, wire, frame) for argument in call.arguments):
            return False
        inner = self.bound(block, call, names, wire, frame)
        try:
            return self.starts(block.definition.body, inner, None, frame)
        except _Shapeless:  # what looks at the shape that comes in reads what comes in
            return False

    def model(self, definition: ast.Definition, frame: _Frame) -> _Names:
        """The parameters of a model: what is set from outside, and the defaults, each behind those before it."""
        inner = _Names(ChainMap({}), self.file)
        for parameter in definition.parameters or ():
            given = None if parameter.shared else self.file.parameters.get(parameter.name)
            if given is None:
                assert parameter.default is not None
                given = self.argument(parameter.default, inner, None, frame)
            inner.own[parameter.name] = _Shared(given, ((), parameter.name)) if parameter.shared else given
        return inner

    def bound(self, block: _Block, call: ast.Expression, names: _Names, wire: _Made | None, frame: _Frame) -> _Names:
        """The parameters of a call, each default behind those before it."""
        inner = _Names(ChainMap({}), block.file)
        parameters = block.definition.parameters or ()
        written = _by_name([parameter.name for parameter in parameters], call)
        for parameter in parameters:
            text = written.get(parameter.name)
            value = (
                self.argument(text, names, wire, frame)
                if text is not None
                else self.argument(parameter.default, inner, wire, frame)  # type: ignore[arg-type]
            )
            inner.own[parameter.name] = value
        return inner

    def rows(self, loop: ast.For, names: _Names, wire: _Made | None, frame: _Frame) -> list[dict[str, Any]]:
        rows = [self.argument(row, names, wire, frame) for row in loop.rows]
        if len(rows) == 1 and isinstance(rows[0], tuple):
            is_table = len(loop.names) == 1 or all(isinstance(row, tuple) for row in rows[0])
            rows = list(rows[0]) if is_table else rows
        return [dict(zip(loop.names, row if len(loop.names) > 1 else (row,), strict=True)) for row in rows]

    # networks

    def build(self, text: ast.Expression, names: _Names, wire: _Made | None, frame: _Frame) -> Any:
        """What leaves a network when a wire enters it."""
        match text := self.side(text, names, wire, frame):
            case ast.Sequence(elements=elements):
                return reduce(lambda entering, each: self.build(each, names, entering, frame), elements, wire)
            case ast.Concatenation(branches=branches):
                return self.joined(",", [self.build(branch, names, wire, frame) for branch in branches], frame)
            case ast.Merge(terms=terms, operators=signs):
                return self.merged(signs, [self.build(term, names, wire, frame) for term in terms], frame)
            case ast.Arithmetic(left=left, right=right):
                for number in range(self.value(right, names, wire, frame)):
                    with frame.copy(text, number):
                        wire = self.build(left, names.inner({}), wire, frame)
                return wire
            case ast.Label(element=element, name=name):
                names.own[name] = self.build(element, names, wire, frame)
                return names.own[name]
            case ast.For():
                return self.looped(text, names, wire, frame)
            case ast.Name(name=name):
                return self.used(self.named(name, names, wire, frame), text, names, wire, frame)
            case ast.Call(name=name):
                found = names.own[name] if name in names.own else self.defined(name, names.file)
                return self.used(found or self.layers[name.upper()], text, names, wire, frame)
        raise NotImplementedError(type(text))

    def looped(self, loop: ast.For, names: _Names, wire: _Made | None, frame: _Frame) -> Any:
        rows = self.rows(loop, names, wire, frame)
        if loop.join == "->":
            for number, row in enumerate(rows):
                with frame.copy(loop, number):
                    wire = self.build(loop.body, names.inner(row), wire, frame)
            return wire
        ends: list[_Made] = []
        for number, row in enumerate(rows):
            with frame.copy(loop, number):
                ends.append(self.build(loop.body, names.inner(row), wire, frame))
        return self.merged((loop.join,) * (len(ends) - 1), ends, frame)

    def merged(self, signs: tuple[str, ...], ends: list[_Made], frame: _Frame) -> _Made:
        if "-" not in signs:
            return self.joined(signs[0], ends, frame) if signs else ends[0]
        return reduce(
            lambda end, pair: self.joined(pair[0], [end, pair[1]], frame), zip(signs, ends[1:], strict=True), ends[0]
        )

    def joined(self, sign: str, ends: list[_Made], frame: _Frame) -> _Made:
        return ends[0] if len(ends) == 1 else self.add(_MERGES[sign]({}), tuple(ends), None, frame)

    def used(self, value: Any, text: ast.Expression, names: _Names, wire: _Made | None, frame: _Frame) -> Any:
        """What a name in a path stands for, with the arguments behind it."""
        if isinstance(value, _Made):
            return value
        if isinstance(value, _Later):
            return value.get()
        if isinstance(value, _Text):
            with frame.at(frame.place(text)):
                return self.build(value.expression, value.names, wire, frame)
        if isinstance(value, _Shared):
            return self.shared(value, text, names, wire)
        if isinstance(value, _Block):
            return self.called(value, text, names, wire, frame)
        return self.layer(value, text, names, wire, frame)

    def shared(self, value: _Shared, text: ast.Expression, names: _Names, wire: _Made | None) -> Any:
        if isinstance(value.network, _Text):
            return self.build(value.network.expression, value.network.names, wire, _Frame((value.home,)))
        return self.used(value.network, text, names, wire, _Frame((value.home,), text.span.start))

    def called(self, block: _Block, text: ast.Expression, names: _Names, wire: _Made | None, frame: _Frame) -> Any:
        definition = block.definition
        bound = self.bound(block, text, names, wire, frame)
        home = (id(definition),) if definition.shared else None
        inside = frame.inside(text, home)
        for parameter in definition.parameters or ():
            if parameter.shared:
                owner = inside.home or (object(),)
                bound.own[parameter.name] = _Shared(bound.own[parameter.name], (owner, parameter.name))
        return self.build(definition.body, bound, wire, inside)

    def layer(
        self, kind: type[Layer], text: ast.Expression, names: _Names, wire: _Made | None, frame: _Frame
    ) -> _Made | None:
        read = () if wire is None or kind is structure.Input else (wire,)
        attributes = list(kind.attributes)
        written = {name: (value, names, wire) for name, value in _by_name(attributes, text).items()}
        default = names.file.defaults.get(kind.word())
        if default is not None:
            outside = _Names(ChainMap(), names.file)
            given = _by_name(attributes, default)
            written = {name: (value, outside, None) for name, value in given.items()} | written
        values: dict[str, Any] = {}
        for name in attributes:
            if name in written:
                values[name], given = self.attribute(kind, name, *written[name], frame)
                read += given
        layer = kind.bind(values, read[0].type.rank if read else 0, self.filled(kind, values, wire))
        return wire if layer.transparent else self.add(layer, read, text, frame)

    def attribute(
        self, kind: type[Layer], name: str, text: ast.Expression, names: _Names, wire: _Made | None, frame: _Frame
    ) -> tuple[Any, tuple[_Made, ...]]:
        attribute = kind.attributes[name]
        value = self.argument(text, names, wire, frame)
        if isinstance(value, _Later):
            value = value.get()
        if isinstance(value, _Made) and isinstance(attribute, ValueAttribute):
            return Given(text.span.text, value.layer, value.input_types, value.type), (value,)
        if isinstance(value, _Made):
            assert isinstance(attribute, Extents)
            return value.type.spatial, ()
        return (text.name if isinstance(value, type) and isinstance(text, ast.Name) else value), ()

    def filled(self, kind: type[Layer], values: Mapping[str, Any], wire: _Made | None) -> dict[str, object]:
        """What a bare INPUT, CONV or FC is."""
        chosen: dict[str, object] = {}
        for name, attribute in kind.attributes.items():
            if name not in values and isinstance(attribute.default, Filled):
                if attribute.default is Filled.FILTERS:
                    assert wire is not None
                    chosen[name] = _bare_filters(wire)
                elif attribute.default is Filled.INPUT:
                    chosen[name] = (3, 32, 32)
                elif attribute.default is Filled.UNITS:
                    chosen[name] = 256 if len(self.bare_dense()) in self.followed else self.classes()
        return chosen

    def add(self, layer: Layer, read: tuple[_Made, ...], text: ast.Expression | None, frame: _Frame) -> _Made:
        is_shared = frame.home is not None and text is not None
        made = _Made(layer, read, (frame.home, frame.place(text)) if is_shared else object())
        self.made.append(made)
        return made

    def classes(self) -> int:
        given = any("classes" in names for names in (self.file.definitions, self.file.parameters, self.file.used))
        found: int = self.named("classes", _Names(ChainMap(), self.file), None, _Frame(None)) if given else 10
        return found

    def bare_dense(self) -> list[_Made]:
        return [made for made in self.made if "units" in made.layer.filled]

    def followed_dense(self) -> frozenset[int]:
        """Which bare dense layers, by number, have a layer behind them that sets the width."""
        behind = {
            before for made in self.made if made.layer.sets_width for read in made.inputs for before in _behind([read])
        }
        return frozenset(number for number, made in enumerate(self.bare_dense()) if made in behind)

    def fill_biases(self, outputs: Iterable[_Made]) -> None:
        """An open bias is absent where all that read any use of its weights are batch norms."""
        readers: dict[object, list[bool]] = {made.weights: [] for made in self.made}
        for made in self.made:
            for read in made.inputs:
                readers[read.weights].append(made.layer.removes_mean)
        for output in outputs:
            readers[output.weights].append(False)
        written = {each.weights: each.layer.value("bias") for each in self.made if _has_bias(each, is_open=False)}
        for made in self.made:
            if _has_bias(made, is_open=True):
                before = readers[made.weights]
                made.layer = made.layer.with_filled(bias=written.get(made.weights, not before or not all(before)))

    # files

    def network(self, model: ast.Definition | list[ast.Flow]) -> Network:
        names = _Names(ChainMap({}), self.file)
        ends: list[tuple[str, _Made, bool]] = []
        frame = _Frame(None)
        if isinstance(model, list):
            for flow in model:
                before = {id(made) for made in self.made}
                end = self.build(flow.expression, names, None, frame)
                ends.append((_label(flow.expression) or _named_value(flow.expression, names), end, id(end) in before))
        else:
            ends.append((_label(model.body), self.build(model.body, self.model(model, frame), None, frame), False))
        read = {id(before) for made in self.made for before in made.inputs}
        found = [(name, end) for name, end, is_old in ends if is_old or id(end) not in read]
        found = [each for place, each in enumerate(found) if all(each[1] is not end for _, end in found[:place])]
        self.fill_biases(end for _, end in found)
        given = {name for name, _ in found}
        free = (name for number in count(1) if (name := f"out{number if number > 1 else ''}") not in given)
        outputs = [(name or next(free), end) for name, end in found]
        outputs = [output for place, output in enumerate(outputs) if output not in outputs[:place]]
        inputs = [made for made in self.made if not made.inputs]
        return _numbered(inputs, outputs, lambda made: made.weights)


def read(file: ast.File, parameters: Mapping[str, Any]) -> list[Network]:
    """The networks of a right program: one for each model, in the order of the text."""
    flows = [
        flow for flow in file.flows if not isinstance(flow.expression, ast.Call) or flow.expression.name != "TRAIN"
    ]
    models: list[tuple[int, ast.Definition | list[ast.Flow]]] = [(flows[0].span.start, flows)] if flows else []
    models += [(each.span.start, each) for each in file.definitions if _begins_with_input(each.body)]
    return [_settled(file, parameters, model) for _, model in sorted(models, key=lambda each: each[0])]


def _settled(file: ast.File, parameters: Mapping[str, Any], model: ast.Definition | list[ast.Flow]) -> Network:
    """The network with the widths of its bare dense layers, which depend on what follows them."""
    followed: frozenset[int] | None = None
    found: frozenset[int] = frozenset()
    while found != followed:
        followed = found
        reader = _Reader(file, parameters, followed)
        network = reader.network(model)
        found = reader.followed_dense()
    return network


def as_network(graph: Graph) -> Network:
    """The same of what the compiler made."""
    outputs = [(end.name, end.node) for end in graph.outputs]
    return _numbered([end.node for end in graph.inputs], outputs, lambda node: node.shares or node)


def _numbered(inputs: list[Any], outputs: list[tuple[str, Any]], weights_of: Callable[[Any], object]) -> Network:
    numbers: dict[int, int] = {}
    weights: dict[object, int] = {}
    nodes: list[tuple[str, str, tuple[int, ...], int | None]] = []
    for node in _behind(end for _, end in outputs):
        has_weights = node.layer.parameters(node.input_types) or node.layer.buffers(node.input_types)
        which = weights.setdefault(weights_of(node), len(weights)) if has_weights else None
        numbers[id(node)] = len(nodes)
        read = tuple(numbers[id(before)] for before in node.inputs)
        nodes.append((str(node.layer), str(node.type), read, which))
    return Network(
        tuple(numbers.get(id(node)) for node in inputs),
        tuple((name, numbers[id(end)]) for name, end in outputs),
        tuple(nodes),
    )


def _behind(ends: Iterable[Any]) -> Iterator[Any]:
    """All nodes that lead to some ends, each behind those that it reads; it does not recurse, however long the path."""
    seen: set[int] = set()
    pending = [(end, False) for end in reversed(list(ends))]
    while pending:
        node, is_ready = pending.pop()
        if is_ready:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            pending.append((node, True))
            pending += [(before, False) for before in reversed(node.inputs)]


def _as_file(file: ast.File, parameters: Mapping[str, Any]) -> _File:
    definitions = {each.name: _chosen(each, parameters.get(each.name)) for each in file.definitions}
    calls = [each.call for each in file.statements if isinstance(each, ast.Default)]
    defaults = {call.name.upper(): call for call in calls if isinstance(call, ast.Call)}
    used: dict[str, _Block] = {}
    for each in file.statements:
        if isinstance(each, ast.Use):
            tree = parse(source.used(each.path, file.source), Diagnostics())
            assert tree is not None
            other = _as_file(tree, {})
            used |= {name: _Block(found, other) for name, found in other.definitions.items()}
    return _File(definitions, defaults, parameters, used)


def _chosen(definition: ast.Definition, side: Any) -> ast.Definition:
    """A switch as the side that is chosen."""
    body = definition.body
    if definition.parameters is not None or not isinstance(body, ast.Optional | ast.Choice):
        return definition
    if isinstance(body, ast.Optional):
        taken = ast.Name(body.span, "ID") if side in (False, "off") else body.inner
    elif isinstance(side, int):
        taken = body.options[side - 1]
    else:
        named = [each for each in body.options if isinstance(each, ast.Name | ast.Call) and each.name == side]
        taken = (named or body.options)[0]
    return ast.Definition(definition.span, definition.name, None, taken, definition.shared, definition.name_span)


def _by_name(parameters: list[str], call: ast.Expression) -> dict[str, ast.Expression]:
    arguments = call.arguments if isinstance(call, ast.Call) else ()
    positional = [argument.value for argument in arguments if argument.keyword is None]
    by_keyword = {argument.keyword: argument.value for argument in arguments if argument.keyword is not None}
    return dict(zip(parameters, positional, strict=False)) | by_keyword


def _bare_filters(wire: _Made) -> int:
    """64 at first, then what comes in, doubled where the map shrank since the last convolution, up to 512."""
    convolutions = [each for each in _behind([wire]) if _is_convolution(each)]
    if not convolutions:
        return 64
    channels = wire.type.channels
    return max(channels, min(2 * channels, 512)) if _shrank(wire) else channels


def _is_convolution(made: _Made) -> bool:
    return made.layer.sets_width and made.layer.family == "convolution"


def _shrank(made: _Made) -> bool:
    if _is_convolution(made):
        return False
    pairs = [pair for read in made.inputs for pair in zip(made.type.spatial, read.type.spatial, strict=False)]
    return any(now < before for now, before in pairs) or any(map(_shrank, made.inputs))


def _has_bias(made: _Made, is_open: bool) -> bool:
    return "bias" in made.layer.attributes and (made.layer.value("bias") is None) == is_open


def _named_value(text: ast.Expression, names: _Names) -> str:
    return text.name if isinstance(text, ast.Name) and text.name in names.own else ""


def _label(text: ast.Expression) -> str:
    """The name that `as` gives the end of a path."""
    match text:
        case ast.Sequence(elements=(*_, last)) | ast.Group(inner=last):
            return _label(last)
        case ast.Label(name=name):
            return name
    return ""


def _begins_with_input(text: ast.Expression) -> bool:
    match text:
        case ast.Sequence(elements=(first, *_)) | ast.Group(inner=first) | ast.Label(element=first):
            return _begins_with_input(first)
        case ast.Name(name=name) | ast.Call(name=name):
            return name.upper() == "INPUT"
    return False
