"""Blocks that have the same form become one class; in what they differ become arguments of its constructor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cnndsl.backends.torch.formulas import Column, Formula, formula, is_constant
from cnndsl.backends.torch.library import Library
from cnndsl.backends.torch.names import Names, camel
from cnndsl.backends.torch.tree import ENTERING, Instance, Item, Tie, Wire
from cnndsl.layers import TensorType
from cnndsl.layers.lowering import FunctionCall, ModuleCall, Operator, Slice, Step

__all__ = ["ModuleClass", "Part", "classes", "ends", "literal", "numbered", "outputs_of"]

_NEEDED = object()
"""The default of an argument that has none."""

_CALLS = ModuleCall | FunctionCall

_PLAIN = (bool, int, float, str, tuple)


@dataclass(slots=True, eq=False)
class Part:
    """An item of a class.

    Attributes:
        item: the item, as the first instance has it.
        called: how Python names the class or function that it calls; "" where it calls none, or a class of the source.
        arguments: Python expressions for what the item is made with, by name; without those that equal defaults.
        made: the class of a block.
        stop: of a block that stands here several times, one behind the other, the number behind the last of its names,
            as an expression; "" where it stands once.
        count: how often it stands here; 0 where that differs from instance to instance.
        type: what leaves it, where that is the same for all instances.
    """

    item: Item
    called: str
    arguments: dict[str, str]
    made: ModuleClass | None
    stop: str
    count: int
    type: TensorType | None


@dataclass(slots=True, eq=False)
class ModuleClass:
    """A class of the generated source.

    Attributes:
        name: its name in Python.
        parameters: of its constructor, with their types as they are annotated.
        parts: what is inside, in execution order.
        inputs: how many values enter.
        outputs: the values that leave.
        is_chain: whether every part reads just what leaves the part before it.
        ties: what its parts share with each other.
    """

    name: str
    parameters: dict[str, str]
    parts: tuple[Part, ...]
    inputs: int
    outputs: tuple[Wire, ...]
    is_chain: bool
    ties: tuple[Tie, ...]


class _Literal(NamedTuple):
    """A value that an item is made with."""

    name: str
    value: Any
    default: Any = _NEEDED


class _Run(NamedTuple):
    """Blocks of one class with the same arguments one behind the other, or a single item."""

    item: Item
    length: int


class _Made(NamedTuple):
    """What is known of an instance once its class is."""

    made: ModuleClass
    arguments: dict[str, Any]


def classes(network: Instance, name: str, library: Library) -> list[ModuleClass]:
    """The classes of a network, each behind those it uses, the network's own last.

    Args:
        network: its blocks.
        name: what the model is called.
        library: the names of what its steps call.
    """
    finder = _Finder(library)
    order = {instance: place for place, instance in enumerate(dict.fromkeys(network.walk()))}
    by_height: dict[int, list[Instance]] = {}
    for instance in order:
        by_height.setdefault(instance.height, []).append(instance)
    found: list[tuple[int, str, ModuleClass]] = []
    for _, instances in sorted(by_height.items()):
        for group in finder.groups(instances):
            block = group[0].block
            found.append((order[group[0]], block.definition if block else name, finder.class_of(group)))
    names = Names(library.names)
    *_, (_, _, whole) = found
    whole.name = names.fresh(camel(name))
    names.fresh(outputs_of(whole))
    found.sort(key=lambda each: each[0])
    for _, definition, made in found[:-1]:
        made.name = names.fresh(camel(definition))
    return [made for _, _, made in found]


def outputs_of(network: ModuleClass) -> str:
    """The name of the tuple that a network with several outputs gives."""
    return f"{network.name}Outputs"


def ends(axis: int) -> tuple[str, str]:
    """The names of the first and the last number of a slice's range along an axis."""
    return f"start{axis}", f"stop{axis}"


def literal(value: Any) -> str:
    """A value as Python writes it."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    if isinstance(value, float) and not abs(value) < float("inf"):
        return f'float("{value}")'
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)


class _Finder:
    """Finds classes, those of inner blocks first."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._made: dict[Instance, _Made] = {}
        self._runs: dict[Instance, list[_Run]] = {}

    def groups(self, instances: Sequence[Instance]) -> Iterator[list[Instance]]:
        """The instances of one form together; the blocks inside them have their classes already."""
        groups: dict[object, list[Instance]] = {}
        for instance in instances:
            is_chain = _is_chain(instance)
            runs = self._folded(instance) if is_chain else [_Run(item, 1) for item in instance.items]
            self._runs[instance] = runs
            definition = instance.block.definition if instance.block else None
            form = tuple(self._form(run, is_chain) for run in runs)
            ends = len(instance.inputs), () if is_chain else instance.outputs
            key = (definition, *ends, is_chain, form, tuple(instance.ties))
            groups.setdefault(key, []).append(instance)
        yield from groups.values()

    def class_of(self, group: Sequence[Instance]) -> ModuleClass:
        """The class of some instances of one form; what they differ in becomes its parameters."""
        first = group[0]
        arguments = _Arguments(group, self._library.names)
        parts = [self._part(pieces, arguments) for pieces in zip(*map(self._runs.get, group), strict=True)]
        used = arguments.used()
        annotations = {name: _annotation(column) for name, column in used.items()}
        is_chain = _is_chain(first)
        made = ModuleClass("", annotations, tuple(parts), len(first.inputs), first.outputs, is_chain, tuple(first.ties))
        for number, instance in enumerate(group):
            values = {name: column[number] for name, column in used.items()}
            self._made[instance] = _Made(made, values)
        return made

    def _part(self, runs: Sequence[_Run], arguments: _Arguments) -> Part:
        """An item as all instances have it."""
        first = runs[0].item
        made = self._made[first.content].made if isinstance(first.content, Instance) else None
        written: dict[str, str] = {}
        for places in zip(*(self._literals(run.item) for run in runs), strict=True):
            column = tuple(place.value for place in places)
            if any(place.value != place.default for place in places):
                written[places[0].name] = arguments.expression(column, places[0].name)
        counts = tuple(run.length for run in runs)
        stop = ""
        if made is not None and counts != (1,) * len(counts):
            _, number = numbered(first.name)
            stop = arguments.expression(tuple(number + count for count in counts), "stop")
        type = first.type if all(run.item.type == first.type for run in runs) else None
        called = self._library.name(first.content.path) if isinstance(first.content, _CALLS) else ""
        return Part(first, called, written, made, stop, counts[0] if is_constant(counts) else 0, type)

    def _literals(self, item: Item) -> list[_Literal]:
        match item.content:
            case Instance():
                return [_Literal(name, value) for name, value in self._made[item.content].arguments.items()]
            case ModuleCall(args=args, options=options):
                by_keyword = [_Literal(name, value, default) for name, (value, default) in options.items()]
                return [*(_Literal(name, value) for name, value in args.items()), *by_keyword]
            case Slice(ranges):
                kept = [(axis, both) for axis, both in enumerate(ranges) if both]
                return [_Literal(*end) for axis, both in kept for end in zip(ends(axis), both, strict=True)]
        return []

    def _form(self, run: _Run, is_chain: bool) -> object:
        """What instances of one class have in common of an item: all but the values it is made with."""
        item = run.item
        reads = () if is_chain else item.reads
        content = item.content
        form = id(self._made[content].made) if isinstance(content, Instance) else _form(content)
        return item.name, reads, item.is_again, form

    def _folded(self, instance: Instance) -> list[_Run]:
        """The items of a chain, equal blocks one behind the other taken together."""
        runs: list[_Run] = []
        for item in instance.items:
            if runs and self._continues(runs[-1], item):
                runs[-1] = _Run(runs[-1].item, runs[-1].length + 1)
            else:
                runs.append(_Run(item, 1))
        return runs

    def _continues(self, run: _Run, item: Item) -> bool:
        before, content = run.item.content, item.content
        if item.is_again:
            return False
        if not isinstance(before, Instance) or not isinstance(content, Instance):
            return False
        word, number = numbered(run.item.name)
        return self._made[before] == self._made[content] and numbered(item.name) == (word, number + run.length)


class _Arguments:
    """What a group of instances is called with: the parameters of their definition, and what they cannot tell."""

    def __init__(self, group: Sequence[Instance], taken: Iterable[str]) -> None:
        self._names = Names(taken)
        self._known: dict[str, Column] = {}
        self._used: set[str] = set()
        blocks = [instance.block for instance in group]
        if len(group) > 1:
            entering = [instance.inputs[0] for instance in group]
            name = "in_channels" if any(type.rank for type in entering) else "in_features"
            self._add(name, tuple(type.channels for type in entering))
            for name in blocks[0].arguments if blocks[0] else ():
                column = tuple(block.arguments[name] for block in blocks if block)
                if all(type(value) in _PLAIN for value in column):
                    self._add(name, column)

    def _add(self, name: str, column: Column) -> str:
        fresh = self._names.fresh(name.lower() if name[0].isupper() else name)  # classes have capitals
        self._known[fresh] = column
        return fresh

    def expression(self, column: Column, name: str) -> str:
        """A Python expression for a column; a parameter of its own where it follows from no other."""
        if is_constant(column):
            return literal(column[0])
        found = formula(column, self._known)
        if found is None:
            fresh = self._add(name, column)
            found = Formula(fresh, (fresh,))
        self._used.update(found.names)
        return found.text

    def used(self) -> Mapping[str, Column]:
        """The columns that the expressions so far need, by name."""
        return {name: column for name, column in self._known.items() if name in self._used}


def _form(step: Step) -> object:
    match step:
        case ModuleCall(path, args, options, without):
            return path, tuple(args), tuple(options), without, tuple(step.initial.items()), step.results
        case FunctionCall(path, args, kwargs):
            return path, repr(args), repr(kwargs)
        case Operator():
            return step
        case Slice(ranges):
            return tuple(both is None for both in ranges)


def _is_chain(instance: Instance) -> bool:
    """Whether every item takes just what leaves the item before it, and all of them are modules."""
    items = instance.items
    last = Wire(len(items) - 1) if items else Wire(ENTERING)
    return (
        len(instance.inputs) == 1
        and instance.outputs == (last,)
        and all(item.reads == (Wire(place - 1),) for place, item in enumerate(items))
        and all(_is_module(item.content) and not item.is_again for item in items)
    )


def _is_module(content: Step | Instance) -> bool:
    if isinstance(content, Instance):
        return len(content.outputs) == 1
    return isinstance(content, ModuleCall) and content.results == 1


def numbered(name: str) -> tuple[str, int]:
    """The parts of a name: `bottleneck12` is `bottleneck` and 12."""
    found = re.fullmatch(r"(.*?)(\d+)", name)
    assert found, name
    return found[1], int(found[2])


def _annotation(column: Column) -> str:
    return " | ".join(sorted({_type(value) for value in column}))


def _type(value: Any) -> str:
    if isinstance(value, tuple):
        return f"tuple[{', '.join(map(_type, value))}]"
    return type(value).__name__
