"""What a picture shows of a network: boxes in frames, and the arrows between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from cnndsl.analyses.outline import REPEAT, Entry, outline
from cnndsl.graph import End, Graph, Node
from cnndsl.layers import TensorType
from cnndsl.layers.structure import Add, Concat, Multiply, Subtract

__all__ = ["MOST_BOXES", "Arrow", "Box", "Frame", "Mark", "View", "inside", "of_entries", "view"]

MOST_BOXES = 150
"""Lines of the outline of a picture whose depth was left open: more would not be looked at one by one."""

Mark = Literal["added", "removed", "changed"]
"""What became of a layer."""

MERGES = (Add, Subtract, Multiply, Concat)

_PASSING = "rearrangement"
"""The family of layers that a skip may lead through: they crop, or pick channels."""


@dataclass(slots=True, eq=False)
class Box:
    """A layer, or a block that is not opened; several copies of it, one behind the other, are one box.

    Attributes:
        entry: what it stands for.
        path: its name in the picture, which no other box or frame has.
        around: the frames it is in, the outermost first.
        text: what is written on it, where that is not its layer or call.
        is_end: whether it stands for a value that enters what is shown.
    """

    entry: Entry
    path: str
    around: tuple[Frame, ...]
    text: str = ""
    is_end: bool = False

    @property
    def node(self) -> Node | None:
        """The layer that it is, the first of several; None for a block."""
        return self.entry.node

    @property
    def family(self) -> str:
        """The family of its layer; of a block that of the first layer that has weights, or of the first."""
        return _family(self.entry)


@dataclass(slots=True, eq=False)
class Frame:
    """A block that is opened, or several copies of it, of which the first is shown.

    Attributes:
        members: what it consists of, in execution order.
        text: what is written on it, where that is not its call.
    """

    entry: Entry
    path: str
    around: tuple[Frame, ...]
    members: list[Box | Frame] = field(default_factory=list)
    text: str = ""

    @property
    def family(self) -> str:
        """The family of its first layer that has weights, or of the first."""
        return _family(self.entry)

    @property
    def is_repeat(self) -> bool:
        """Whether it stands for several members that repeat together, not for a block that has a name."""
        return self.entry.label == REPEAT


def _family(entry: Entry) -> str:
    return next((node for node in entry.nodes if node.keeps), entry.nodes[0]).layer.family


@dataclass(slots=True, eq=False)
class Arrow:
    """A value on its way.

    Attributes:
        type: of the value; of what leaves several copies, that of the last.
        position: which of the arguments of its target it is, from 0.
        is_skip: whether it passes by what others of its target's arguments come through.
    """

    source: Box
    target: Box
    type: TensorType
    position: int
    is_skip: bool = False


@dataclass(slots=True, eq=False)
class View:
    """What a picture shows.

    Attributes:
        members: what there is outside all frames, in execution order.
        arrows: in execution order of their targets.
        outputs: what leaves, and from which box.
        is_sized: whether the sizes of values are written at arrows.
        marks: in a picture of a difference what became of each node, of those that are not the same.
    """

    graph: Graph
    members: list[Box | Frame]
    arrows: list[Arrow]
    outputs: list[tuple[End, Box]]
    is_sized: bool = True
    marks: Mapping[Node, Mark] | None = None

    def mark(self, box: Box) -> Mark | None:
        """What became of a box; of a block that is not opened "changed", where not all of it became the same."""
        found = {(self.marks or {}).get(node) for node in box.entry.nodes}
        return found.pop() if len(found) == 1 else "changed"

    def boxes(self) -> Iterator[Box]:
        """All of them, in execution order."""
        return (each for each in self.all() if isinstance(each, Box))

    def frames(self) -> Iterator[Frame]:
        """All of them, each before those in it."""
        return (each for each in self.all() if isinstance(each, Frame))

    def all(self) -> Iterator[Box | Frame]:
        """Boxes and frames, each frame before what is in it."""
        return _all(self.members)


def view(graph: Graph, depth: int | None = None, *, folded: bool = True) -> View:
    """What a picture of a network shows.

    Args:
        graph: the network.
        depth: how many levels of blocks are opened, as `cnndsl check --depth` has it; None for as many as `MOST_BOXES`
            leave room for.
        folded: whether members of a chain that are alike, but for their channels, are drawn once.
    """
    return of_entries(graph, outline(graph, depth, most_lines=MOST_BOXES, alike="in a chain" if folded else "never"))


def of_entries(graph: Graph, entries: Iterable[Entry], further: Iterable[tuple[Node, Node]] = ()) -> View:
    """What a picture shows of a network whose outline this is.

    Args:
        graph: the network.
        entries: its outline.
        further: arrows from one node to another besides those of the network.
    """
    placing = _Placing()
    members = placing.members(entries, ())
    outputs = [(end, placing.boxes[end.node]) for end in graph.outputs]
    arrows = list(_arrows(graph, graph, placing))
    ends = {(arrow.source, arrow.target) for arrow in arrows}
    for read, node in further:
        source, target = placing.boxes[read], placing.boxes[node]
        if source is not target and (source, target) not in ends:
            ends.add((source, target))
            arrows.append(Arrow(source, target, read.type, len(node.inputs)))
    return View(graph, members, arrows, outputs)


def inside(graph: Graph, block: Entry, entries: Iterable[Entry]) -> View:
    """What a picture shows of a block by itself: of its first copy, whose outline this is.

    What enters from outside comes from boxes of their own, and what is read outside leaves as an output.
    """
    nodes = block.nodes[: len(block.nodes) // block.times]
    own = set(nodes)
    placing = _Placing()
    members = placing.members(entries, ())
    entering = list(dict.fromkeys(read for node in nodes for read in node.inputs if read not in own))
    for number, read in enumerate(entering, 1):
        name = "input" if len(entering) == 1 else f"input {number}"
        source = Box(Entry(name, name, 1, (read,), read), name, (), text=name, is_end=True)
        placing.boxes[read] = source
        members.insert(number - 1, source)
    readers = graph.readers()
    ends = {end.node for end in graph.outputs}
    leaving = [node for node in nodes if node in ends or not own.issuperset(readers[node])]
    outputs = [
        (End("out" if len(leaving) == 1 else f"output {number}", node), placing.boxes[node])
        for number, node in enumerate(leaving, 1)
    ]
    return View(graph, members, list(_arrows(graph, nodes, placing)), outputs)


def _all(members: Iterable[Box | Frame]) -> Iterator[Box | Frame]:
    for member in members:
        yield member
        if isinstance(member, Frame):
            yield from _all(member.members)


class _Placing:
    """Finds the box of each node.

    Attributes:
        boxes: where a node is shown: in its copy, where it is one of several.
        copies: for each node the entries that it is in of which there are several copies, and in which one it is.
    """

    def __init__(self) -> None:
        self.boxes: dict[Node, Box] = {}
        self.copies: dict[Node, dict[Entry, int]] = {}

    def members(self, entries: Iterable[Entry], around: tuple[Frame, ...]) -> list[Box | Frame]:
        return [self._member(entry, around) for entry in entries]

    def _member(self, entry: Entry, around: tuple[Frame, ...]) -> Box | Frame:
        if not entry.children:
            box = Box(entry, entry.path, around)
            self.boxes |= dict.fromkeys(entry.nodes, box)
            return box
        name = f"{entry.path} and what follows" if entry.label == REPEAT else entry.path
        frame = Frame(entry, name, around)
        frame.members.extend(self.members(entry.children, (*around, frame)))
        self._place_copies(entry)
        return frame

    def _place_copies(self, entry: Entry) -> None:
        if entry.times == 1:
            return
        length = len(entry.nodes) // entry.times
        for place, node in enumerate(entry.nodes):
            shown = entry.nodes[place % length]
            self.boxes[node] = self.boxes[shown]
            self.copies[node] = {**self.copies.get(shown, {}), entry: place // length}


def _arrows(graph: Graph, nodes: Iterable[Node], placing: _Placing) -> Iterator[Arrow]:
    """Those between boxes, each once; not those from one copy to the next, nor those in all copies but the first."""
    boxes, copies, skips = placing.boxes, placing.copies, _skips(graph)
    drawn: dict[object, Arrow] = {}
    for node in nodes:
        for position, read in enumerate(node.inputs):
            source, target = boxes[read], boxes[node]
            if source is target or not _is_drawn(copies.get(read, {}), copies.get(node, {})):
                continue
            key = source, target, position if target.node else read
            if key in drawn:
                drawn[key].type = read.type
            else:
                is_skip = target.node is not None and (read, node) in skips  # in a closed block one does not see it
                drawn[key] = Arrow(source, target, read.type, position, is_skip)
    yield from drawn.values()


def _is_drawn(source: Mapping[Entry, int], target: Mapping[Entry, int]) -> bool:
    return all(copy == target[entry] == 0 for entry, copy in source.items() if entry in target)


def _skips(graph: Graph) -> set[tuple[Node, Node]]:
    """The edges of branches that lead past a path: from a fork to where both meet, without a layer that computes."""
    readers = graph.readers()
    found: set[tuple[Node, Node]] = set()
    for node in graph:
        if not isinstance(node.layer, MERGES):
            continue
        branches = [_branch(read, node, readers) for read in node.inputs]
        for branch in branches:
            fork = branch[-1][0]
            others = [other for other in branches if other[-1][0] is not fork]
            if len(readers[fork]) > 1 and any(_leads_to(fork, other[-1][0]) for other in others):
                found.update(branch)
    return found


def _branch(read: Node, node: Node, readers: Mapping[Node, list[Node]]) -> list[tuple[Node, Node]]:
    """The edges that lead to a node through an input, back to where something computes or is read by others, too."""
    branch = [(read, node)]
    while _passes(branch[-1][0]) and len(readers[branch[-1][0]]) == 1:
        branch.append((branch[-1][0].inputs[0], branch[-1][0]))
    return branch


def _passes(node: Node) -> bool:
    return node.layer.family == _PASSING and len(node.inputs) == 1


def _leads_to(fork: Node, node: Node) -> bool:
    """Whether a node reads another, directly or through others; it is not that itself."""
    seen: set[Node] = set()
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if fork in each.inputs:
            return True
        new = [read for read in each.inputs if read.index > fork.index and read not in seen]
        seen.update(new)
        waiting.extend(new)
    return False
