"""Blocks that have the same form become one class; in what they differ become arguments of its constructor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, NamedTuple

from cnndsl.backends.torch.arguments import Arguments, Unfit
from cnndsl.backends.torch.definitions import definition_of, in_order
from cnndsl.backends.torch.library import Library
from cnndsl.backends.torch.names import Names, camel
from cnndsl.backends.torch.runs import Body, Carried, Least, Literal, Piece, Run, folded
from cnndsl.backends.torch.tree import ENTERING, Instance, Item, Tie, Wire
from cnndsl.backends.torch.variants import Lacking, aligned, at_places, goes_on
from cnndsl.layers import TensorType
from cnndsl.layers.lowering import FunctionCall, ModuleCall, Operator, Slice, Step

__all__ = ["Loop", "ModuleClass", "Part", "classes", "ends", "outputs_of"]

_CALLS = ModuleCall | FunctionCall


@dataclass(slots=True, eq=False)
class Part:
    """An item of a class.

    Attributes:
        piece: the item, as the first instance has it; what it reads are numbers of values.
        place: the number of the first value that it gives.
        called: how Python names the class or function that it calls; "" where it calls none, or a class of the source.
        arguments: Python expressions for what the item is made with, by name; without those that equal defaults.
        made: the class of a block.
        type: what leaves it, where that is the same for all instances.
        overwrites: whether it may write where it reads first, in all instances.
        condition: a Python expression that tells whether an instance has it; "" where all have it.
        passes: which of the values that it reads stands in its place where it is not there.
    """

    piece: Piece
    place: int
    called: str
    arguments: dict[str, str]
    made: ModuleClass | None
    type: TensorType | None
    overwrites: bool
    condition: str = ""
    passes: int = 0

    @property
    def item(self) -> Item:
        return self.piece.item

    @property
    def is_module(self) -> bool:
        """Whether the class keeps it; functions are only called."""
        return bool(self.piece.word)

    @property
    def is_skipped_in_forward(self) -> bool:
        """Whether some instances lack it and `forward` has to see to that; in place of a module stands another one."""
        return bool(self.condition) and not self.is_module


@dataclass(slots=True, eq=False)
class Loop:
    """Parts of a class that stand there several times, one behind the other.

    Attributes:
        parts: as they are the first time; where arguments change from time to time, `i` counts from 0.
        first: the number of the first ones' names.
        stop: the number behind that of the last ones' names, or, where `i` counts from 0, how often they stand there,
            as an expression.
        count: how often they stand there; 0 where that differs from instance to instance.
        counts_from_zero: whether `i` does, and not from the number of the first ones' names.
        carried: what one time hands to the next; these values have the numbers from `place` on.
        place: the number of the first of its values.
    """

    parts: tuple[Part, ...]
    first: int
    stop: str
    count: int
    counts_from_zero: bool
    carried: tuple[Carried, ...]
    place: int

    def modules(self) -> list[Part]:
        return [part for part in self.parts if part.is_module]

    def range(self, stop: str) -> str:
        """The range of `i`, with an expression for its end."""
        return f"range({stop if self.counts_from_zero else f'{self.first}, {stop}'})"


@dataclass(slots=True, eq=False)
class ModuleClass:
    """A class of the generated source.

    Attributes:
        definition: the name of the definition; "" for the network.
        name: its name in Python.
        parameters: of its constructor, with their types as they are annotated.
        parts: what is inside, in execution order.
        inputs: how many values enter.
        outputs: the values that leave.
        is_chain: whether every part reads just what leaves the part before it.
        ties: what its parts share with each other.
    """

    definition: str
    name: str
    parameters: dict[str, str]
    parts: tuple[Part | Loop, ...]
    inputs: int
    outputs: tuple[Wire, ...]
    is_chain: bool
    ties: tuple[Tie, ...]

    def all_parts(self) -> Iterator[Part]:
        """Its parts, those of loops once."""
        for part in self.parts:
            yield from part.parts if isinstance(part, Loop) else (part,)

    def modules(self) -> list[Part]:
        """Those of all parts that it keeps."""
        return [part for part in self.all_parts() if part.is_module]


class _Made(NamedTuple):
    """What is known of an instance once its class is."""

    made: ModuleClass
    arguments: dict[str, Any]


class _Member(NamedTuple):
    """An instance of a class, and its runs in the order of the class, or what stands in place of one that it lacks."""

    instance: Instance
    runs: tuple[Run | Lacking, ...]


class _Form(NamedTuple):
    """Instances of one definition that have the same inside, but for values."""

    instances: list[Instance]
    bodies: list[Body]

    def members(self) -> list[_Member]:
        return [_Member(instance, body.runs) for instance, body in zip(self.instances, self.bodies, strict=True)]

    @property
    def size(self) -> int:
        return sum(len(run.pieces) for run in self.bodies[0].runs)


class _Group(NamedTuple):
    """Forms that can be one class, first the one that lacks nothing, and the members of that class."""

    forms: list[_Form]
    members: list[_Member]


def classes(network: Instance, name: str, library: Library) -> list[ModuleClass]:
    """The classes of a network, each behind those it uses, the network's own last.

    Args:
        network: its blocks.
        name: what the model is called.
        library: the names of what its steps call.
    """
    finder = _Finder(library)
    for instances in in_order(network):
        finder.find(instances)
    whole = finder.class_of(network)
    names = Names(library.names)
    whole.name = names.fresh(camel(name))
    names.fresh(outputs_of(whole))
    found = list(_used(whole))
    for made in found[:-1]:
        made.name = names.fresh(camel(made.definition))
    return found


def _used(whole: ModuleClass) -> Iterator[ModuleClass]:
    """The classes that one uses, each behind those that it uses itself, and last the one."""
    seen: dict[ModuleClass, None] = {}

    def visit(made: ModuleClass) -> None:
        for part in made.all_parts():
            if part.made is not None and part.made not in seen:
                visit(part.made)
        seen[made] = None

    visit(whole)
    return iter(seen)


def outputs_of(network: ModuleClass) -> str:
    """The name of the tuple that a network with several outputs gives."""
    return f"{network.name}Outputs"


def ends(axis: int) -> tuple[str, str]:
    """The names of the first and the last number of a slice's range along an axis."""
    return f"axis{axis}_start", f"axis{axis}_stop"


class _Finder:
    """Finds classes, those of inner blocks first."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._made: dict[Instance, _Made] = {}
        self._bodies: dict[tuple[Instance, bool, Least], Body] = {}

    def class_of(self, instance: Instance) -> ModuleClass:
        """The class of an instance, once it is found."""
        return self._made[instance].made

    def find(self, instances: Sequence[Instance]) -> None:
        """Find the classes of the blocks of a definition, whose inner blocks have theirs."""
        for group in self._groups(instances):
            self._make(group)
        self._bodies.clear()

    def _groups(self, instances: Sequence[Instance]) -> list[_Group]:
        least = self._least(instances)
        forms: dict[object, _Form] = {}
        for instance in instances:
            body = self._body(instance, _is_chain(instance), least)
            form = forms.setdefault(_form_of_body(instance, body), _Form([], []))
            form.instances.append(instance)
            form.bodies.append(body)
        groups: list[_Group] = []
        for form in sorted(forms.values(), key=lambda each: -each.size):
            if not any(self._joins(group, form, least) for group in groups):
                groups.append(_Group([form], form.members()))
        return groups

    def _joins(self, group: _Group, form: _Form, least: Least) -> bool:
        """Whether a form only lacks what the first one of a group has; from here on it is of that group."""
        whole, body = group.forms[0].instances[0], group.forms[0].bodies[0]
        members: list[_Member] = []
        if any(each.ties or len(each.inputs) != len(whole.inputs) for each in (whole, *form.instances)):
            return False
        if body.is_chain and not form.bodies[0].is_chain:
            return False
        if form.bodies[0].is_chain == body.is_chain:
            bodies, places = form.bodies, [aligned(body, form.bodies[0])] * len(form.bodies)
        else:  # those that were like each other as chains need not be so otherwise
            bodies = [self._body(instance, body.is_chain, least) for instance in form.instances]
            places = [aligned(body, each) for each in bodies]
        for instance, each, at in zip(form.instances, bodies, places, strict=True):
            if at is None:
                return False
            members.append(_Member(instance, at_places(each, at)))
        group.members.extend(members)
        group.forms.append(form)
        return True

    def _least(self, instances: Iterable[Instance]) -> Least:
        """How often parts must stand there to be a loop: twice is written out, unless some of the blocks have more."""
        bodies = (self._body(instance, False, Least()) for instance in instances if not _is_chain(instance))
        runs = [run for body in bodies for run in body.runs]
        times = 3 if {run.count for run in runs} == {1, 2} else 2
        return Least(times, 2 if any(run.grows for run in runs) else 3)

    def _body(self, instance: Instance, is_chain: bool, least: Least) -> Body:
        key = (instance, is_chain, Least() if is_chain else least)
        if key not in self._bodies:
            pieces = [self._piece(item) for item in instance.items]
            self._bodies[key] = folded(pieces, instance.outputs, is_chain, key[-1])
        return self._bodies[key]

    def _piece(self, item: Item) -> Piece:
        word, number, suffix = _named(item)
        content = item.content
        form = id(self._made[content].made) if isinstance(content, Instance) else _form(content)
        return Piece(item, word, number, suffix, form, tuple(self._literals(item)))

    def _literals(self, item: Item) -> Iterator[Literal]:
        match item.content:
            case Instance():
                yield from (Literal(name, value) for name, value in self._made[item.content].arguments.items())
            case ModuleCall(args=args, options=options):
                yield from (Literal(name, value) for name, value in args.items())
                yield from (Literal(name, value, default) for name, (value, default) in options.items())
            case Slice(ranges):
                kept = [(axis, both) for axis, both in enumerate(ranges) if both]
                yield from (Literal(*end) for axis, both in kept for end in zip(ends(axis), both, strict=True))

    def _make(self, group: _Group) -> None:
        """Make the class of a group; if that is none that people would write, one of each form."""
        try:
            self._class(group.forms[0].bodies[0], group.members)
        except Unfit:
            for form in group.forms:
                self._class(form.bodies[0], form.members())

    def _class(self, body: Body, members: Sequence[_Member]) -> None:
        """Make the class of some instances; what they differ in becomes its parameters."""
        first = members[0].instance
        arguments = Arguments([member.instance for member in members], self._library.names)
        columns = zip(*(member.runs for member in members), strict=True)
        follows = [False, *map(goes_on, body.runs, body.runs[1:])] if body.is_chain else [False] * len(body.runs)
        parts = tuple(chain.from_iterable(map(self._run, body.runs, follows, columns, repeat(arguments))))
        inputs, ties = len(first.inputs), tuple(first.ties)
        annotations = arguments.annotations()
        made = ModuleClass(definition_of(first), "", annotations, parts, inputs, body.outputs, body.is_chain, ties)
        for row, member in enumerate(members):
            self._made[member.instance] = _Made(made, arguments.values(row))

    def _run(
        self, whole: Run, follows: bool, column: Sequence[Run | Lacking], arguments: Arguments
    ) -> tuple[Part | Loop, ...]:
        """What all instances have of a run; one that goes on with what it `follows` can be there no times."""
        runs = {row: run for row, run in enumerate(column) if isinstance(run, Run)}
        place = whole.place + len(whole.carried)
        parts = tuple(
            self._part(piece, number, place + number, runs, arguments) for number, piece in enumerate(whole.pieces)
        )
        counts = [run.count if isinstance(run, Run) else 0 for run in column]
        if not follows and set(counts) == {0, 1}:
            part = parts[0]
            part.condition = arguments.condition([count > 0 for count in counts], f"has_{part.item.name}")
            part.passes, *others = {run.passes for run in column if isinstance(run, Lacking)}
            if others:
                raise Unfit
        elif not follows and 0 in counts:
            raise Unfit
        is_once = set(counts) == {1} or parts[0].condition
        return parts if is_once else (_loop(whole, parts, counts, runs, arguments),)

    def _part(self, piece: Piece, number: int, place: int, runs: Mapping[int, Run], arguments: Arguments) -> Part:
        """What all instances have of a piece of a run."""
        column = {row: run.pieces[number] for row, run in runs.items()}
        written: dict[str, str] = {}
        for at, each in enumerate(piece.literals):
            begins = {row: one.literals[at] for row, one in column.items()}
            grows = {row: run.steps[number][at] for row, run in runs.items() if run.count > 1}
            if any(one.value != one.default for one in begins.values()) or any(grows.values()):
                values = {row: one.value for row, one in begins.items()}
                written[each.name] = _progression(values, grows, each.name, arguments)
        content = piece.item.content
        called = self._library.name(content.path) if isinstance(content, _CALLS) else ""
        made = self._made[content].made if isinstance(content, Instance) else None
        type = piece.item.type if all(one.item.type == piece.item.type for one in column.values()) else None
        overwrites = all(one.item.overwrites for one in column.values())
        return Part(piece, place, called, written, made, type, overwrites)


def _progression(begins: Mapping[int, Any], grows: Mapping[int, int], name: str, arguments: Arguments) -> str:
    """An expression for a value that may change from time to time; then `i` in it counts from 0."""
    begin = arguments.expression(begins, name)
    if not any(grows.values()):
        return begin
    step = arguments.expression(grows, f"{name}_step")
    if step.lstrip("-").isdigit():
        sign, factor = ("-", step[1:]) if step.startswith("-") else ("+", step)
        return f"{begin} {sign} i" if factor == "1" else f"{begin} {sign} {factor} * i"
    return f"{begin} + ({step}) * i" if " " in step else f"{begin} + {step} * i"


def _loop(
    whole: Run, parts: tuple[Part, ...], counts: Sequence[int], runs: Mapping[int, Run], arguments: Arguments
) -> Loop:
    first = next(piece.number for piece in whole.pieces if piece.word)
    grows = any(run.grows for run in runs.values())
    stops = dict(enumerate(count if grows else first + count for count in counts))
    stop = arguments.expression(stops, "count" if grows else "stop")
    return Loop(parts, first, stop, counts[0] if len(set(counts)) == 1 else 0, grows, whole.carried, whole.place)


def _form_of_body(instance: Instance, body: Body) -> object:
    """What instances of one class have in common, but for what some of them may lack."""
    runs = tuple(_form_of_run(run, body.is_chain) for run in body.runs)
    return len(instance.inputs), body.is_chain or body.outputs, runs, tuple(instance.ties)


def _form_of_run(run: Run, is_chain: bool) -> object:
    pieces = tuple(piece.kind for piece in run.pieces)
    reads = () if is_chain else (run.count == 1, run.carried, tuple(piece.item.reads for piece in run.pieces))
    return pieces, reads


def _form(step: Step) -> object:
    """What steps have in common that differ in the values they are made with alone."""
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


def _named(item: Item) -> tuple[str, int, str]:
    """The parts of a name: `bottleneck12` is `bottleneck` and 12; functions have none."""
    if not isinstance(item.content, Instance | ModuleCall):
        return "", 0, ""
    suffix = f"_{item.content.suffix}" if isinstance(item.content, ModuleCall) and item.content.suffix else ""
    found = re.fullmatch(r"(.*?)(\d+)", item.name.removesuffix(suffix))
    assert found, item.name
    return found[1], int(found[2]), suffix
