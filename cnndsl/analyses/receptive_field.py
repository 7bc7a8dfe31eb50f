"""The receptive field of every node: which positions of the network's inputs one of its positions depends on.

Along each axis of an input it is the interval from the first position to the last, over all paths from the input to the
node. A path is one of the graph of nodes: channels are not told apart, so a layer that reads some channels reads the
paths of all. Each axis is looked at by itself. As is usual, intervals are not clipped at the borders, where they reach
into the padding. Layers count as they compute in evaluation: a batch norm reads one position, a group norm all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from cnndsl.analyses.field import Field, Unfollowed, joined, point, through
from cnndsl.graph import Graph, Node
from cnndsl.layers.extent import for_large_sizes, spelled
from cnndsl.layers.reach import Reaches, pointwise
from cnndsl.layers.rejected import Undecided
from cnndsl.resources import no_collections

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["Along", "Head", "NodeField", "ReceptiveFields", "head", "receptive_fields"]

Fields = tuple[Field | None, ...]
"""The field along each axis of an input; None where it is not known."""

UNKNOWN = "-"


@dataclass(frozen=True, slots=True)
class Along:
    """A receptive field along one axis of an input, in positions of that input.

    Attributes:
        size: from the first position that is read to the last, where that is most.
        stride: by how much the field moves on from one position of the node to the next, on average; None where it
            stays, as behind a pooling of the whole map, and where it moves on by different amounts on different paths.
        start: the first position that the node's first position reads, in the padding where it is negative; None where
            it reads nothing, or that is not known.
    """

    size: int
    stride: int | Fraction | None
    start: int | None


@dataclass(frozen=True, slots=True)
class NodeField:
    """The receptive field of a node.

    Attributes:
        node: the node.
        along: for each input that reaches it, by name, what is to be said of each axis of the input; None where nothing
            is known.
        fields: the same to the position.
    """

    node: Node
    along: Mapping[str, tuple[Along | None, ...]]
    fields: Mapping[str, Fields]

    def __str__(self) -> str:
        """`483 /32`, `5x9 /1x2`, `675` where it stays, `-` where nothing is known; with names for several inputs."""
        texts = {name: _text(axes) for name, axes in self.along.items() if axes}
        if len(texts) < 2:
            return next(iter(texts.values()), UNKNOWN)
        return ", ".join(f"{name} {text}" for name, text in texts.items())


@dataclass(frozen=True, slots=True)
class ReceptiveFields:
    """The receptive fields in a network: a row for each node, in execution order."""

    rows: tuple[NodeField, ...]


@no_collections()
def receptive_fields(graph: Graph) -> ReceptiveFields:
    """The receptive field of every node.

    >>> from cnndsl import parse
    >>> *_, last = receptive_fields(parse("INPUT(3x32x32) -> CONV(8, 5) -> POOL -> CONV(8, 3)").graph).rows
    >>> str(last), last.along["input"][0].start
    ('10 /2', -4)
    """
    names = {end.node: end.name for end in reversed(graph.inputs)}
    found: dict[Node, Mapping[str, Fields]] = {}
    for node in graph:
        found[node] = _reading(node, found) if node.inputs else {names[node]: _entering(node.type.rank)}
    measured = cache(_measured)
    along = {
        node: {name: tuple(measured(each, node.type.spatial) for each in axes) for name, axes in fields.items()}
        for node, fields in found.items()
    }
    return ReceptiveFields(tuple(NodeField(node, along[node], fields) for node, fields in found.items()))


class Head(NamedTuple):
    """Where a network leaves space, and how much of its input a position sees there.

    Attributes:
        node: the last node on the way to the main output whose field still moves from position to position: what a
            pooling of the whole map, or a dense layer, reads. Of several the one with the largest field.
        size: the positions of the input that its field spans, along the axis where that is least.
    """

    node: Node
    size: int


def head(graph: Graph) -> Head:
    """The head of a network.

    >>> from cnndsl import parse
    >>> str(head(parse("INPUT(3x32x32) -> CONV(8, 5) -> POOL -> CONV(8, 3) -> GAP -> FC(10)").graph).size)
    '10'

    Raises:
        LookupError: nothing on the way to the main output has a field that moves.
    """
    rows = {row.node: row for row in receptive_fields(graph).rows}
    found: list[Head] = []
    pending, seen = [graph.outputs[0].node], set[Node]()
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        axes = [axis for along in rows[node].along.values() for axis in along]
        moving = [axis for axis in axes if axis is not None and axis.stride is not None]
        if axes and len(moving) == len(axes):
            found.append(Head(node, min(axis.size for axis in moving)))
        else:
            pending += node.inputs
    if not found:
        raise LookupError("no map of this network has a receptive field that moves from position to position")
    return max(found, key=lambda each: for_large_sizes(each.size))


def _entering(rank: int) -> Fields:
    """Of an input: each position is itself."""
    return tuple(Field((point(axis),)) for axis in range(rank))


def _reading(node: Node, found: Mapping[Node, Mapping[str, Fields]]) -> Mapping[str, Fields]:
    ways: dict[str, list[Fields]] = {}
    for read, reaches in zip(node.inputs, _reaches(node), strict=True):
        for name, fields in found[read].items():
            ways.setdefault(name, []).append(_through(fields, reaches))
    return {name: _joined(fields) for name, fields in ways.items()}


def _reaches(node: Node) -> tuple[tuple[Reaches, ...], ...]:
    types = node.input_types
    try:
        return node.layer.reach(types, node.type)
    except Undecided:
        return tuple((None,) * each.rank for each in types)


def _through(fields: Fields, reaches: tuple[Reaches, ...]) -> Fields:
    return fields if reaches is pointwise(len(reaches)) else tuple(_one_through(field, reaches) for field in fields)


def _one_through(field: Field | None, reaches: tuple[Reaches, ...]) -> Field | None:
    try:
        return None if field is None else through(field, reaches)
    except (Unfollowed, Undecided):
        return None


def _joined(ways: list[Fields]) -> Fields:
    first, *others = ways
    return first if all(other is first for other in others) else tuple(map(_one_joined, zip(*ways, strict=True)))


def _one_joined(ways: tuple[Field | None, ...]) -> Field | None:
    known = [field for field in ways if field is not None]
    try:
        return joined(known) if len(known) == len(ways) else None
    except (Unfollowed, Undecided):
        return None


def _measured(field: Field | None, extents: tuple[int, ...]) -> Along | None:
    try:
        return None if field is None else Along(field.size(extents), field.stride, _start(field, len(extents)))
    except (Unfollowed, Undecided):
        return None


def _start(field: Field, rank: int) -> int | None:
    try:
        first = field.at((0,) * rank)
    except Undecided:
        return None
    return first and first[0]


def _text(axes: tuple[Along | None, ...]) -> str:
    if all(along is None for along in axes):
        return UNKNOWN
    sizes = _for_all([UNKNOWN if along is None else spelled(along.size) for along in axes])
    if all(along is None or along.stride is None for along in axes):
        return sizes
    strides = [UNKNOWN if along is None or along.stride is None else f"{float(along.stride):.4g}" for along in axes]
    return f"{sizes} /{_for_all(strides)}"


def _for_all(texts: list[str]) -> str:
    """One text for all axes, where they agree."""
    return texts[0] if len(set(texts)) == 1 else "x".join(texts)
