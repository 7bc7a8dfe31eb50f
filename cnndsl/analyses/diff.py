"""How two networks differ: which layers were added, removed and changed.

Layers are aligned by structure: by what each computes and by what stands around it (the hashes of Weisfeiler and
Lehman, as networkx computes them), then by their places in the blocks, then by what each computes alone, and last by
the kind of layer. Order is kept: what stands before something stands before its partner.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from itertools import repeat
from typing import Literal, NamedTuple

from cnndsl.analyses.cost import NodeCost, cost
from cnndsl.graph import Graph, Node
from cnndsl.layers.tensor import TensorType
from cnndsl.resources import no_collections

__all__ = ["Difference", "Kind", "Pair", "difference"]

Kind = Literal["added", "removed", "changed", "resized", "same"]

_AROUND = 3
"""How far the surroundings reach by which layers are aligned first, in layers."""


class Pair(NamedTuple):
    """A layer before and after.

    Attributes:
        kind: "changed" where its arguments, what it reads or the number of its parameters differ; "resized" where
            only sizes do, as a consequence of something before it.
        before: the layer and its cost in the first network; None where it was added.
        after: those in the second; None where it was removed.
        changes: what of it is another, `stride 1 -> 2`.
    """

    kind: Kind
    before: NodeCost | None
    after: NodeCost | None
    changes: tuple[str, ...] = ()

    @property
    def params(self) -> int:
        """How many more parameters there are."""
        return (self.after.params if self.after else 0) - (self.before.params if self.before else 0)

    @property
    def macs(self) -> int:
        """How many more multiply-accumulates there are."""
        return (self.after.macs if self.after else 0) - (self.before.macs if self.before else 0)


class Difference:
    """Two networks side by side.

    Attributes:
        before: the first.
        after: the second.
        pairs: all layers of both, in an order that is that of both.
    """

    def __init__(self, before: Graph, after: Graph, pairs: tuple[Pair, ...]) -> None:
        self.before = before
        self.after = after
        self.pairs = pairs

    def count(self, kind: Kind) -> int:
        return sum(pair.kind == kind for pair in self.pairs)

    @cached_property
    def is_empty(self) -> bool:
        """Whether both compute the same, from inputs of the same sizes."""
        return all(pair.kind == "same" for pair in self.pairs) and _outputs(self.before) == _outputs(self.after)


@no_collections()
def difference(before: Graph, after: Graph) -> Difference:
    """Align two networks and say what differs.

    >>> from cnndsl import parse
    >>> one, two = (parse(f"INPUT(3x8x8) -> CONV(8) -> {more}GAP -> FC(2)").graph for more in ("", "RELU -> "))
    >>> [(pair.kind, pair.after.node.path) for pair in difference(one, two).pairs if pair.kind != "same"]
    [('added', 'relu1')]
    """
    aligned = list(_aligned(before.nodes, after.nodes, _keys(before), _keys(after)))
    for side in (0, 1):
        _slide(aligned, side)
    partners = _Partners(aligned)
    costs = {row.node: row for graph in (before, after) for row in cost(graph).rows}
    pairs = (_pair(costs.get(one), costs.get(two), partners) for one, two in aligned)  # type: ignore[arg-type]
    return Difference(before, after, tuple(pairs))


Aligned = tuple[Node | None, Node | None]
Key = Callable[[Node], Hashable]


def _keys(graph: Graph) -> tuple[Key, ...]:
    """By what layers are aligned, first of all first."""
    import networkx

    view = networkx.Graph(graph.to_networkx())
    hashes = networkx.weisfeiler_lehman_subgraph_hashes(
        view, node_attr="layer", iterations=_AROUND, include_initial_labels=True
    )

    def around(steps: int) -> Key:
        return lambda node: hashes[node.path][steps]

    return (
        *(around(steps) for steps in range(_AROUND, 1, -1)),
        lambda node: (node.path, str(node.layer)),
        around(1),
        lambda node: str(node.layer),
        lambda node: (node.path, node.layer.word()),
        lambda node: node.layer.word(),
    )


def _aligned(
    before: Sequence[Node], after: Sequence[Node], ours: Sequence[Key], theirs: Sequence[Key]
) -> Iterator[Aligned]:
    """Layers with their partners; between two pairs by one key the next key decides."""
    if not before or not after or not ours:
        yield from ((node, None) for node in before)
        yield from ((None, node) for node in after)
        return
    matcher = SequenceMatcher(None, [*map(ours[0], before)], [*map(theirs[0], after)], autojunk=False)
    start, begin = 0, 0
    for one, two, size in matcher.get_matching_blocks():  # the last one is empty, at the end of both
        yield from _aligned(before[start:one], after[begin:two], ours[1:], theirs[1:])
        yield from zip(before[one : one + size], after[two : two + size], strict=True)
        start, begin = one + size, two + size


def _slide(aligned: list[Aligned], side: int) -> None:
    """Let what only one network has begin with a layer that learns, where it may as well.

    Of `CONV -> RELU -> CONV -> RELU` beside `CONV -> RELU` the new part may be `RELU -> CONV` in the middle.
    """
    start = 0
    while start < len(aligned):
        end = start
        while end < len(aligned) and aligned[end][1 - side] is None:
            end += 1
        if end > start:
            _slide_one(aligned, start, end, side)
        start = max(end, start + 1)


def _slide_one(aligned: list[Aligned], start: int, end: int, side: int) -> None:
    for step in range(end - start):
        first = aligned[start - step][side] if start >= step else None
        if first is None or first.layer.parameters(first.input_types):
            break
        last, above = aligned[end - step - 1][side], aligned[start - step - 1] if start > step else (None, None)
        if None in above or last is None or not _alike(last, above[side]):
            return
    else:
        return
    nodes = [each[side] for each in aligned[start - step : end]]
    partners = [each[1 - side] for each in aligned[start - step : start]]
    others = [*repeat(None, end - start), *partners]
    pairs = zip(nodes, others, strict=True) if side == 0 else zip(others, nodes, strict=True)
    aligned[start - step : end] = list(pairs)


def _alike(one: Node, two: Node | None) -> bool:
    return two is not None and str(one.layer) == str(two.layer) and one.type == two.type


class _Partners:
    """What each layer stands beside in the other network."""

    def __init__(self, aligned: Sequence[Aligned]) -> None:
        self.of = {one: two for one, two in aligned if one is not None and two is not None}
        self._after = set(self.of.values())

    def read_before(self, node: Node) -> list[Node | None]:
        """The partners of what a layer reads; of what was removed those of what that read first."""
        return [self.of.get(each) for each in (_kept(read, self.of) for read in node.inputs) if each is not None]

    def read_after(self, node: Node) -> list[Node | None]:
        """What a layer reads; of what was added what that reads first."""
        return [_kept(read, self._after) for read in node.inputs]


def _kept(node: Node | None, kept: Mapping[Node, Node] | set[Node]) -> Node | None:
    while node is not None and node not in kept:
        node = node.inputs[0] if node.inputs else None
    return node


def _pair(before: NodeCost | None, after: NodeCost | None, partners: _Partners) -> Pair:
    if before is None or after is None:
        return Pair("removed" if after is None else "added", before, after)
    changes = (*_arguments(before.node, after.node), *_readings(before.node, after.node, partners))
    if changes or before.params != after.params:
        return Pair("changed", before, after, changes or (f"reads {_types(before.node)} -> {_types(after.node)}",))
    is_same = before.node.type == after.node.type and before.macs == after.macs
    return Pair("same" if is_same else "resized", before, after)


def _arguments(before: Node, after: Node) -> Iterator[str]:
    one, two = before.layer, after.layer
    if str(one) == str(two):
        return
    for name, attribute in one.attributes.items():
        if name in two.attributes and one.value(name) != two.value(name):
            yield f"{name} {attribute.show(one.value(name))} -> {two.attributes[name].show(two.value(name))}"


def _readings(before: Node, after: Node, partners: _Partners) -> Iterator[str]:
    then, now = partners.read_before(before), partners.read_after(after)
    if then == now:
        return
    if len(before.inputs) != len(after.inputs):
        yield f"inputs {len(before.inputs)} -> {len(after.inputs)}"
        return
    for place, (one, two) in enumerate(zip(then, now, strict=False)):
        if one is not two:
            yield f"reads {before.inputs[place].path} -> {after.inputs[place].path}"


def _types(node: Node) -> str:
    return ", ".join(map(str, node.input_types))


def _outputs(graph: Graph) -> list[tuple[str, TensorType]]:
    return [(end.name, end.node.type) for end in graph.outputs]
