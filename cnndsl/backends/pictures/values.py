"""What the style `volumes` shows of a network: the values whose shapes one looks at, and how one is made of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cnndsl.backends.pictures import labels
from cnndsl.backends.pictures.dot import shown_output
from cnndsl.backends.pictures.view import MERGES, Arrow, Box, Frame, View, view
from cnndsl.graph import Graph, Node
from cnndsl.layers import TensorType
from cnndsl.layers.structure import Concat, Input, Subtract

__all__ = ["MOST_VALUES", "Edge", "Part", "Span", "Value", "Values", "values"]

MOST_VALUES = 32
"""Volumes of a picture whose depth was left open: more do not fit on a slide."""

_WINDOWED = frozenset({"convolution", "pooling"})
"""Families whose layers are shown even where the shape stays."""

_MOVED = "rearrangement"
"""The family of what a shortcut may lead through without being a volume: it crops, or picks channels."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a branch gives to a concatenation: so many channels, coloured as the family of what made them."""

    channels: int
    family: str


@dataclass(slots=True, eq=False)
class Value:
    """A volume, or the sign of a merge.

    Attributes:
        box: where it is made: a layer, or a block that is not opened.
        node: the layer that makes it; None for a block in which several values would be shown.
        type: its shape.
        family: what colours it: the family of its layer; where others only meet, that of the first of them.
        before: what keeps the shape and stands between what it reads and its layer, where something else reads that.
        behind: what keeps the shape and follows it.
        times: how many copies of it there are, one behind the other.
        parts: of a concatenation what each branch gives, in order.
        names: what the network calls it, if it enters or leaves it there.
    """

    box: Box
    node: Node | None
    type: TensorType
    family: str
    times: int
    before: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    @property
    def sign(self) -> str:
        """`+`, where two maps meet and give one of the same shape; "" for a volume."""
        return labels.SIGNS.get(type(self.node.layer), "") if self.node else ""

    @property
    def is_input(self) -> bool:
        return self.node is not None and isinstance(self.node.layer, Input)


@dataclass(slots=True, eq=False)
class Edge:
    """How one value is read for another.

    Attributes:
        source: the place of what is read among the values.
        target: the place of what reads it.
        words: what the value goes through on the way, unless the target says so.
        passes_by: whether there is another way from the source to the target.
        has_lane: whether it lies among the others nevertheless, since an arc would cross what is above one of its ends.
        is_second: whether it is what a difference subtracts.
    """

    source: int
    target: int
    words: list[str]
    passes_by: bool = False
    has_lane: bool = False
    is_second: bool = False

    @property
    def is_arc(self) -> bool:
        """Whether it leads over the others."""
        return self.passes_by and not self.has_lane


@dataclass(frozen=True, slots=True)
class Span:
    """Values that belong together: a block that is opened, or the first of several copies of one.

    Attributes:
        label: its call, with how many there are.
        places: the first and the last of its values.
        level: how many spans are in it, one in the other.
        is_repeated: whether there are several copies.
    """

    label: str
    places: tuple[int, ...]
    level: int
    is_repeated: bool


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """All that is shown, each value behind those it is made of."""

    values: list[Value]
    edges: list[Edge]
    spans: list[Span]


def values(graph: Graph, depth: int | None = None, *, folded: bool = True) -> Values:
    """The values of a network.

    Args:
        graph: the network.
        depth: how many levels of blocks are opened, at least 1; None for all, and all copies of what repeats, where
            that gives no more than `MOST_VALUES`; otherwise for as many as give no more, and for one at least.
        folded: whether what repeats is shown once.
    """
    if depth is not None:
        return _Reading(view(graph, depth, folded=folded)).read()
    if sum(map(_is_volume, graph)) <= MOST_VALUES:
        return _Reading(view(graph, _deepest(graph), folded=False)).read()
    found = None
    for each in range(1, _deepest(graph) + 1):
        seen = view(graph, each, folded=folded)
        deeper = _Reading(seen).read()
        if found is not None and sum(not value.sign for value in deeper.values) > MOST_VALUES:
            break
        found = deeper
        if all(box.node for box in seen.boxes()):
            break
    assert found is not None
    return found


def _deepest(graph: Graph) -> int:
    """Levels at which every block is open; members that repeat together are a level of their own."""
    return 2 * max(len(node.scope) for node in graph) + 2


class _Reading:
    """Makes the values of a view."""

    def __init__(self, seen: View) -> None:
        self._view = seen
        self._values: list[Value] = []
        self._edges: dict[tuple[int, int], Edge] = {}
        self._at: dict[Box, tuple[int, list[str]]] = {}
        """For each box the place of the value that leaves it, and what that went through since it was shown."""

        self._reading: dict[Box, list[Arrow]] = {}
        self._readers: dict[Box, int] = {}
        for arrow in seen.arrows:
            self._reading.setdefault(arrow.target, []).append(arrow)
            self._readers[arrow.source] = self._readers.get(arrow.source, 0) + 1
        self._leaving = {box for _, box in seen.outputs}

    def read(self) -> Values:
        for box in self._view.boxes():
            self._box(box)
        for place, (_, box) in enumerate(self._view.outputs):
            self._values[self._at[box][0]].names.append(shown_output(self._view, place))
        edges = list(self._edges.values())
        _find_ways_around(len(self._values), edges)
        spans = list(_Spans(self._view, self._values).found())
        return Values(self._values, edges, spans)

    def _box(self, box: Box) -> None:
        shown = [node for node in _first_copy(box) if _is_shown(node)]
        arrows = self._reading.get(box, [])
        if len(arrows) == 1 and not shown:
            self._passed(box, arrows[0], [_words(box)])
        elif len(arrows) == 1 and box.family == _MOVED and arrows[0].is_skip and self._leads_past(box):
            self._passed(box, arrows[0], [labels.of_box(box, self._view.graph)])
        else:
            self._value(box, shown[0] if len(shown) == 1 else None, arrows)

    def _leads_past(self, box: Box) -> bool:
        return box.node is not None and all(each.is_skip for each in self._view.arrows if each.source is box)

    def _passed(self, box: Box, arrow: Arrow, words: list[str]) -> None:
        """A box that is no value of its own: what it does is said of the one before it, or on the way to the next."""
        place, already = self._at[arrow.source]
        keeps_shape = box.entry.leaving.type == arrow.type
        if keeps_shape and not already and self._readers[arrow.source] == 1 and arrow.source not in self._leaving:
            self._values[place].behind.extend(words)
            self._at[box] = place, []
        elif box in self._leaving:
            self._value(box, box.node, [arrow])
        else:
            self._at[box] = place, [*already, *words]

    def _value(self, box: Box, node: Node | None, arrows: Sequence[Arrow]) -> None:
        place = len(self._values)
        family = node.layer.family if node else box.family
        if node is not None and isinstance(node.layer, MERGES):
            family = self._values[self._at[arrows[0].source][0]].family
        value = Value(box, node, box.entry.leaving.type, family, box.entry.times)
        if node is not None and box.node is None:
            first = _first_copy(box)
            value.before.extend(each.layer.word() for each in first[: first.index(node)])
            value.behind.extend(each.layer.word() for each in first[first.index(node) + 1 :])
        if value.is_input:
            value.names.append(labels.of_box(box, self._view.graph))
        self._values.append(value)
        self._at[box] = place, []
        for arrow in arrows:
            self._edge(arrow, place)

    def _edge(self, arrow: Arrow, place: int) -> None:
        source, words = self._at[arrow.source]
        target = self._values[place]
        if target.node is not None and isinstance(target.node.layer, Concat):
            target.parts.append(Part(arrow.type.channels, self._values[source].family))
        found = self._edges.setdefault((source, place), Edge(source, place, []))
        found.words.extend(words)
        found.is_second = found.is_second or (arrow.position > 0 and target.sign == labels.SIGNS[Subtract])


def _first_copy(box: Box) -> tuple[Node, ...]:
    return box.entry.nodes[: len(box.entry.nodes) // box.entry.times]


def _is_shown(node: Node) -> bool:
    layer = node.layer
    return len(node.inputs) != 1 or layer.sets_width or layer.family in _WINDOWED or node.type != node.inputs[0].type


def _is_volume(node: Node) -> bool:
    return _is_shown(node) and type(node.layer) not in labels.SIGNS


def _words(box: Box) -> str:
    words = ", ".join(node.layer.word() for node in _first_copy(box))
    return f"{words} ×{box.entry.times}" if box.entry.times > 1 else words


def _find_ways_around(count: int, edges: Sequence[Edge]) -> None:
    """Note which edges pass by, with the values that each reaches as the bits of a number."""
    leaving: list[list[Edge]] = [[] for _ in range(count)]
    for edge in edges:
        leaving[edge.source].append(edge)
    reached = [0] * count
    for place in reversed(range(count)):
        for edge in leaving[place]:
            reached[place] |= reached[edge.target] | 1 << edge.target
        for edge in leaving[place]:
            others = (other for other in leaving[place] if other is not edge)
            edge.passes_by = any(reached[other.target] >> edge.target & 1 for other in others)


class _Spans:
    """Finds the blocks to be named: those of several copies; of the others those that hold no more than one of them."""

    def __init__(self, seen: View, values: Sequence[Value]) -> None:
        self._graph, self._members, self._values = seen.graph, seen.members, values
        self._places = {value.box: place for place, value in enumerate(values)}

    def found(self) -> Iterator[Span]:
        for member in self._members:
            yield from self._of(member)[1]

    def _of(self, member: Box | Frame) -> tuple[list[int], list[Span]]:
        """The values of a member, and the spans in it."""
        if isinstance(member, Box):
            return [self._places[member]] if member in self._places else [], []
        held: list[int] = []
        spans: list[Span] = []
        for each in member.members:
            more, further = self._of(each)
            held += more
            spans += further
        label, times = labels.of_frame(member, self._graph), member.entry.times
        if spans and not spans[-1].is_repeated and spans[-1].places == tuple(held) and label:
            spans.pop()
        if held and label and (times > 1 or (not spans and len(held) > 1)):
            level = 1 + max((span.level for span in spans), default=-1)
            spans.append(Span(label + self._leaving(member, held[-1]), tuple(held), level, times > 1))
        return held, spans

    def _leaving(self, frame: Frame, last: int) -> str:
        """What leaves the last copy, where that is not what leaves the first."""
        leaving = frame.entry.leaving.type
        is_other = frame.entry.times > 1 and leaving != self._values[last].type
        return f" → {labels.of_type(leaving)}" if is_other else ""
