"""The graph as nested blocks, each with the steps and blocks inside it and the wires between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from cnndsl.backends.torch.liberties import Liberties
from cnndsl.graph import Block, Graph, Node, Scope, hierarchy
from cnndsl.layers import TensorType
from cnndsl.layers.lowering import ModuleCall, Step

__all__ = ["ENTERING", "Instance", "Item", "Wire", "tree"]

ENTERING = -1
"""The item from which what enters a block comes."""


class Wire(NamedTuple):
    """A value inside a block: which item gives it (`ENTERING`: none, it enters), and which of its values it is."""

    item: int
    position: int = 0


class Item(NamedTuple):
    """A step or a block inside a block.

    Attributes:
        name: under which the block knows it.
        content: what it is.
        reads: the values that it takes.
        type: what leaves it, if that is known; of a block with several outputs the first.
        is_again: whether it is an item before it in the same block, used once more; then it has that one's name.
        origin: the path of the first use of the weights that it shares; () where it is the first.
        tensors: those of its weights that it shares; () where it shares all that it is made of.
        overwrites: whether it may write where it reads first.
    """

    name: str
    content: Step | Instance
    reads: tuple[Wire, ...]
    type: TensorType | None
    is_again: bool = False
    origin: tuple[str, ...] = ()
    tensors: tuple[str, ...] = ()
    overwrites: bool = False


class Tie(NamedTuple):
    """What is made at one path of a block and used at another too, in place of what is made there."""

    target: tuple[str, ...]
    origin: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Instance:
    """A block of the spec at its place, or the whole network.

    Attributes:
        block: the call that it came from; None for the network.
        inputs: the types of what enters.
        items: what is inside, in execution order.
        outputs: the values that leave.
        ties: what its parts share with each other, though they do not stand in one block.
    """

    block: Block | None
    inputs: tuple[TensorType, ...]
    items: tuple[Item, ...]
    outputs: tuple[Wire, ...]
    ties: list[Tie] = field(default_factory=list)
    height: int = field(init=False)
    """How many blocks are inside each other below it."""

    def __post_init__(self) -> None:
        self.height = 1 + max((child.height for child in self.children()), default=-1)

    def children(self) -> Iterator[Instance]:
        return (item.content for item in self.items if isinstance(item.content, Instance))

    def walk(self) -> Iterator[Instance]:
        """All blocks inside, those further in first, and itself."""
        for child in self.children():
            yield from child.walk()
        yield self

    def forget_sizes(self, other: Instance) -> None:
        """Keep the sizes that the other, which is like it, has too."""
        for one, another in zip(self.items, other.items, strict=True):
            if isinstance(one.content, Instance) and isinstance(another.content, Instance):
                one.content.forget_sizes(another.content)
        pairs = zip(self.items, other.items, strict=True)
        self.items = tuple(one if one.type == another.type else one._replace(type=None) for one, another in pairs)

    def is_like(self, other: Instance) -> bool:
        """Whether the other does the same with weights of the same names and shapes."""
        return (
            len(self.inputs) == len(other.inputs)
            and self.outputs == other.outputs
            and len(self.items) == len(other.items)
            and all(map(_is_alike, self.items, other.items))
        )


def _is_alike(one: Item, other: Item) -> bool:
    if (one.name, one.reads, one.is_again) != (other.name, other.reads, other.is_again):
        return False
    return _is_same(one.content, other.content)


def _is_same(one: Step | Instance, other: Step | Instance) -> bool:
    if isinstance(one, Instance) and isinstance(other, Instance):
        return one.is_like(other)
    return one == other


class _Value(NamedTuple):
    """What a node gives: its output, or, behind that, where a max pooling found its values."""

    node: Node
    position: int = 0


def tree(graph: Graph) -> Instance:
    """The network with its blocks inside it."""
    network = _Cutter(graph).network()
    _tie(network)
    return network


class _Cutter:
    """Cuts the nodes of a graph into blocks, whose nodes stand together, since elaboration goes depth first."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._overwriting = set(Liberties(graph).overwriting())
        self._made: dict[tuple[str, ...], Step | Instance] = {}
        """What stands at a path."""
        self._last_read: dict[_Value, int] = {}
        for node in graph:
            for read in _reads(node):
                self._last_read[read] = node.index
        for _, node in graph.outputs:
            self._last_read[_Value(node)] = len(graph)

    def network(self) -> Instance:
        inputs = [_Value(end.node) for end in self._graph.inputs]
        outputs = [_Value(end.node) for end in self._graph.outputs]
        return self._instance(hierarchy(self._graph), inputs, outputs)

    def _instance(self, scope: Scope, entering: list[_Value], leaving: list[_Value]) -> Instance:
        wires = {value: Wire(ENTERING, position) for position, value in enumerate(entering)}
        items: list[Item] = []
        firsts: dict[tuple[str, ...], str] = {}
        """The name of the item that uses weights first in this block, by the path of their first use of all."""
        for member in scope.members:
            if isinstance(member, Scope):
                item = self._block(member, wires, len(items))._replace(origin=_origin_of_block(member))
                items.append(self._shared(item, scope.path, firsts))
            elif member.inputs:
                steps = self._steps(member, wires, len(items))
                items += [self._shared(step, scope.path, firsts) for step in steps]
        types = tuple(value.node.type for value in entering)
        made = Instance(scope.block, types, tuple(items), tuple(wires[value] for value in leaving))
        self._made[scope.path] = made
        return made

    def _shared(self, item: Item, scope: tuple[str, ...], firsts: dict[tuple[str, ...], str]) -> Item:
        """An item that knows which weights it uses: those of an item before it, of another block's, or its own."""
        self._made[*scope, item.name] = item.content
        if not item.origin:
            firsts[*scope, item.name] = item.name
            return item
        first = self._made.get(item.origin)
        if first is None or not _is_same(item.content, first):
            is_step = isinstance(item.content, ModuleCall)
            return item if is_step else item._replace(origin=())  # what is inside it shares its weights one by one
        if isinstance(first, Instance) and isinstance(item.content, Instance):
            first.forget_sizes(item.content)
            item = item._replace(content=first)
        item = item._replace(tensors=())
        if item.origin in firsts:
            return item._replace(name=firsts[item.origin], origin=(), is_again=True)
        firsts[item.origin] = item.name
        return item

    def _block(self, scope: Scope, wires: dict[_Value, Wire], place: int) -> Item:
        nodes = list(scope.nodes())
        inside, end = set(nodes), nodes[-1].index
        entering = list(dict.fromkeys(read for node in nodes for read in _reads(node) if read.node not in inside))
        leaving = [value for node in nodes for value in _gives(node) if self._last_read.get(value, -1) > end]
        reads = tuple(wires[value] for value in entering)
        wires.update({value: Wire(place, position) for position, value in enumerate(leaving)})
        return Item(scope.path[-1], self._instance(scope, entering, leaving), reads, leaving[0].node.type)

    def _steps(self, node: Node, wires: dict[_Value, Wire], place: int) -> list[Item]:
        """What a node lowers to; the first step reads what the node reads, each further one the step before it."""
        items: list[Item] = []
        reads = tuple(wires[read] for read in _reads(node))
        steps = node.layer.lower(node.input_types, node.type)
        for step in steps:
            suffix = f"_{step.suffix}" if isinstance(step, ModuleCall) and step.suffix else ""
            is_last = step is steps[-1]
            type = node.type if is_last else None
            overwrites = is_last and node in self._overwriting
            item = Item(f"{node.name}{suffix}", step, reads, type, overwrites=overwrites)
            if node.shares and isinstance(step, ModuleCall) and not suffix:  # the step that holds the weights
                weights = tuple(node.layer.parameters(node.input_types))
                item = item._replace(origin=(*node.shares.scope, node.shares.name), tensors=weights)
            items.append(item)
            reads = (Wire(place + len(items) - 1),)
        wires[_Value(node)] = reads[0]
        if any(isinstance(step, ModuleCall) and step.results > 1 for step in steps):
            wires[_Value(node, 1)] = Wire(reads[0].item, 1)
        return items


def _reads(node: Node) -> list[_Value]:
    """What a node reads: of an unpooling's pooling not the values but where they were found."""
    if node.layer.reads_indices:
        return [*map(_Value, node.inputs[:-1]), _Value(node.inputs[-1], 1)]
    return [_Value(read) for read in node.inputs]


def _gives(node: Node) -> tuple[_Value, _Value]:
    return _Value(node), _Value(node, 1)


def _origin_of_block(scope: Scope) -> tuple[str, ...]:
    """The path of the block whose weights a block uses, all of them and for the same; () where it is the first."""
    depth = len(scope.path)
    origins: set[tuple[str, ...]] = set()
    for node in scope.nodes():
        if node.shares is None:
            if node.keeps:
                return ()
            continue
        inner = node.scope[depth:]
        outer = node.shares.scope[: len(node.shares.scope) - len(inner)]
        if (*outer, *inner) != node.shares.scope:
            return ()
        origins.add(outer)
    return origins.pop() if len(origins) == 1 else ()


def _tie(network: Instance) -> None:
    """Tell each block what its parts share with each other."""
    for target, origin in list(_shared_paths(network, ())):
        common = 0
        while target[common] == origin[common]:
            common += 1
        owner = network
        for name in target[:common]:
            inside = next(item.content for item in owner.items if item.name == name)
            assert isinstance(inside, Instance)
            owner = inside
        owner.ties.append(Tie(target[common:], origin[common:]))


def _shared_paths(instance: Instance, path: tuple[str, ...]) -> Iterator[Tie]:
    for item in instance.items:
        place = (*path, item.name)
        if item.tensors:
            yield from (Tie((*place, name), (*item.origin, name)) for name in item.tensors)
        elif item.origin:
            yield Tie(place, item.origin)
        elif isinstance(item.content, Instance) and not item.is_again:
            yield from _shared_paths(item.content, place)
