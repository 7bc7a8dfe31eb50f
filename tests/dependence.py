"""What depends on what, found in two ways that know nothing of strands: by torch's gradients, and position by position.

Both look at a slice of a node, all that has one place along one of its axes, and along one axis of what it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import pytest
from meta import NodeModule, build

from cnndsl.analyses.field import Field, Interval, hull
from cnndsl.graph import Graph, Node
from cnndsl.layers.reach import Reach, Reaches

torch = pytest.importorskip("torch")
F = torch.nn.functional

Place = tuple[int | None, int]
"""An axis of a node and a place along it; of a vector None, and 0."""


def places(node: Node, most: int = 10_000) -> list[Place]:
    """The places along the axes of a node: all, or so many of an axis at its ends and in its middle."""
    if not node.type.spatial:
        return [(None, 0)]
    found = []
    for axis, size in enumerate(node.type.spatial):
        third = min(most, size) // 3 + 1
        some = {*range(third), *range(size // 2, size // 2 + third), *range(size - third, size)}
        found += [(axis, place) for place in sorted(some) if 0 <= place < size]
    return found


# By layers: what one layer reads of the positions that there are


def taps_at(reach: Reach, place: int) -> range:
    """The positions that a place along its axis reads, padding included."""
    rounds, phase = divmod(place, len(reach.taps)) if reach.axis is not None else (0, 0)
    first, last, step = reach.taps[phase]
    moved = rounds * reach.advance
    return range(first + moved, last + moved + 1, step)


def read_along(reaches: Reaches, place: Place, output: Sequence[int], size: int) -> set[int]:
    """What a slice of the output of these extents reads along an axis of this size."""
    assert reaches is not None
    found: set[int] = set()
    for reach in reaches:
        is_other = reach.axis not in (None, place[0])
        for each in range(output[reach.axis]) if is_other and reach.axis is not None else (place[1],):
            found.update(taps_at(reach, each))
    return {position for position in found if 0 <= position < size}


# By positions: what a whole network reads


class ByPositions:
    """The hull that slices of nodes read of the inputs, one position after the other.

    With `clipped` positions in the padding read nothing, at every node on the way, as it is in truth.
    """

    def __init__(self, graph: Graph, clipped: bool) -> None:
        self._names = {end.node: end.name for end in graph.inputs}
        self._clipped = clipped
        self._reaches = cache(lambda node: node.layer.reach(node.input_types, node.type))
        self.drivers = cache(self._drivers)
        self._at = cache(self._hull)
        for node in graph:
            for name in self._names.values():
                for axis in range(3):
                    self.drivers(node, name, axis)

    def at(self, node: Node, name: str, along: int, place: Place) -> Interval | None:
        """What a slice of a node reads along an axis of an input."""
        return hull(
            self._at(node, name, along, driver, each)
            for driver in self.drivers(node, name, along)
            for each in _each(node, driver, place)
        )

    def _drivers(self, node: Node, name: str, along: int) -> frozenset[int | None]:
        """The axes of a node on which it depends what is read along an axis of an input."""
        if not node.inputs:
            is_there = self._names[node] == name and along < node.type.rank
            return frozenset({along}) if is_there else frozenset()
        return frozenset(driver for _, _, driver, _ in self._ways(node, name, along))

    def _ways(self, node: Node, name: str, along: int) -> Iterator[tuple[Node, int | None, int | None, Reach | None]]:
        """A node that is read, its axis, the axis of the reader, and how they belong together."""
        for read, reaches in zip(node.inputs, self._reaches(node), strict=True):
            for axis in self.drivers(read, name, along):
                if axis is None:
                    yield read, None, None, None
                else:
                    yield from ((read, axis, reach.axis, reach) for reach in reaches[axis])

    def _hull(self, node: Node, name: str, along: int, driver: int | None, place: int) -> Interval | None:
        if not node.inputs:
            return place, place
        found = []
        for read, axis, leaving, reach in self._ways(node, name, along):
            if leaving != driver:
                continue
            if axis is None or reach is None:
                found.append(self._at(read, name, along, None, 0))
                continue
            inside = range(read.type.spatial[axis])
            taps = (tap for tap in taps_at(reach, place) if not self._clipped or tap in inside)
            found += [self._at(read, name, along, axis, tap) for tap in taps]
        return hull(found)


def field_at(field: Field, node: Node, place: Place) -> Interval | None:
    """What a field says of a slice."""
    return hull(strand.at(each) for strand in field.strands for each in _each(node, strand.axis, place))


def _each(node: Node, driver: int | None, place: Place) -> Iterable[int]:
    """The places along an axis that belong to a slice."""
    if driver is None:
        return (0,)
    return (place[1],) if driver == place[0] else range(node.type.spatial[driver])


# By torch


def touched(gradient: torch.Tensor, axis: int) -> set[int]:
    """The places along a spatial axis where a gradient is not zero.

    Rounding leaves about 1e-16 of weights that are zero, as those of an interpolation that falls on a position.
    """
    sizes = gradient.abs().transpose(0, axis + 2).flatten(1).amax(1)
    return set((sizes > 1e-13 * sizes.max()).nonzero().flatten().tolist()) if sizes.max() > 0 else set()


def gradients(leaving: torch.Tensor, place: Place, leaves: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The gradients of a slice, whose values are weighted at random so that none cancel."""
    part = leaving if place[0] is None else leaving.select(place[0] + 2, place[1])
    total = (part * torch.rand_like(part).add(0.5)).sum()
    found = torch.autograd.grad(total, leaves, retain_graph=True, allow_unused=True)
    return [torch.zeros_like(leaf) if each is None else each for leaf, each in zip(leaves, found, strict=True)]


def run_positive(graph: Graph) -> tuple[list[torch.Tensor], dict[Node, torch.Tensor]]:
    """The inputs and all values of the network of the same paths that is linear with positive weights.

    In it a gradient is zero where there is no path, and nowhere else.
    """
    values: dict[Node, torch.Tensor] = {}
    leaves = []
    for node, module in build(graph).items():
        if not node.inputs:
            values[node] = torch.rand(1, *node.type.shape, dtype=torch.float64, requires_grad=True)
            leaves.append(values[node])
            continue
        values[node] = _positive(node, module)(*(values[read] for read in node.inputs))
        assert values[node].shape[1:] == node.type.shape
    return leaves, values


def _positive(node: Node, module: NodeModule) -> Callable[..., torch.Tensor]:
    layer, word = node.layer, node.layer.word()
    if word in _LINEAR:
        return lambda *inputs: _LINEAR[word](node, *inputs)
    if layer.family in ("activation", "regularisation", "normalisation") or word in ("SCALE", "BIAS"):
        return lambda entering: entering + torch.zeros(node.type.shape)
    module.double()
    for weight in (*module.parameters(), *module.buffers()):
        weight.data = torch.rand_like(weight).add(0.5) / max(weight[0].numel(), 1)
    return module


def _merge(node: Node, *inputs: torch.Tensor) -> torch.Tensor:
    return sum((each[(..., *(None,) * (node.type.rank + 2 - each.dim()))] for each in inputs), torch.zeros(()))


def _with_mean(node: Node, entering: torch.Tensor) -> torch.Tensor:
    """Running statistics are none of the positions."""
    axes = tuple(range(2, entering.dim()))
    is_fixed = node.layer.word() == "INSTANCENORM" and node.layer.running
    return entering if is_fixed or not axes else entering + entering.mean(axes, keepdim=True)


def _pool(node: Node, entering: torch.Tensor) -> torch.Tensor:
    """The sum of every window."""
    window, channels = node.layer.window, entering.shape[1]
    sides: list[int] = []
    pairs = window.pairs(node.input_types[0].spatial)
    extents = zip(entering.shape[2:], node.type.spatial, window.kernel, window.stride, pairs, strict=True)
    for size, steps, kernel, stride, (before, _) in extents:
        sides = [before, (steps - 1) * stride + kernel - size - before, *sides]
    weights = torch.ones(channels, 1, *window.kernel, dtype=torch.float64)
    convolve = getattr(F, f"conv{node.type.rank}d")
    return convolve(F.pad(entering, sides), weights, stride=window.stride, groups=channels)


def _unpool(node: Node, entering: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
    """Every value in all places of its window."""
    window, channels = node.layer._pooling().window, entering.shape[1]
    weights = torch.ones(channels, 1, *window.kernel, dtype=torch.float64)
    paint = getattr(F, f"conv_transpose{node.type.rank}d")
    painted = paint(entering + pooled, weights, stride=window.stride, groups=channels)
    sides: list[int] = []
    for size, wanted, (before, _) in zip(
        painted.shape[2:], node.type.spatial, window.pairs(node.type.spatial), strict=True
    ):
        sides = [-before, wanted - size + before, *sides]
    return F.pad(painted, sides)


def _resample(node: Node, entering: torch.Tensor) -> torch.Tensor:
    """Along each axis the sizes of the weights that torch mixes with."""
    layer = node.layer
    for axis, (size, wanted) in enumerate(zip(entering.shape[2:], node.type.spatial, strict=True)):
        mode = {"bilinear": "linear", "trilinear": "linear"}.get(layer.mode, layer.mode)
        points = torch.eye(size, dtype=torch.float64)[None]
        align = {} if mode == "nearest" else {"align_corners": layer.align}
        if mode == "bicubic":
            weights = F.interpolate(points[..., None], size=(wanted, 1), mode=mode, **align)[0, ..., 0]
        else:
            weights = F.interpolate(points, size=wanted, mode=mode, **align)[0]
        weights = torch.where(weights.abs() > 1e-9, weights.abs(), 0)
        entering = torch.tensordot(entering, weights, ([axis + 2], [0])).movedim(-1, axis + 2)
    return entering


def _filter(node: Node, entering: torch.Tensor) -> torch.Tensor:
    (step,) = node.layer.lower(node.input_types, node.type)
    kernel = torch.tensor(step.args["kernel"], dtype=torch.float64).abs()
    channels = entering.shape[1]
    return F.conv2d(entering, kernel.expand(channels, 1, 3, 3), padding=1, groups=channels)


def _pad(node: Node, entering: torch.Tensor) -> torch.Tensor:
    pairs = (node.layer.value("channels"), *node.layer.size[: node.type.rank])
    return F.pad(entering, [side for pair in reversed(pairs) for side in pair])


def _adaptive(node: Node, entering: torch.Tensor) -> torch.Tensor:
    return getattr(F, f"adaptive_avg_pool{node.type.rank}d")(entering, node.type.spatial)


_LINEAR: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("ADD", "SUBTRACT", "MULTIPLY"), _merge),
    **dict.fromkeys(("GN", "INSTANCENORM"), _with_mean),
    **dict.fromkeys(("POOL", "MAXPOOL", "AVGPOOL"), _pool),
    **dict.fromkeys(("RESIZE", "UPSAMPLE"), _resample),
    **dict.fromkeys(("GAP", "GMP"), lambda node, entering: entering.flatten(2).mean(2)),
    "ADAPTIVEPOOL": _adaptive,
    "CHANNELPOOL": lambda node, entering: entering.unflatten(1, (node.type.channels, -1)).mean(2),
    "FILTER": _filter,
    "PAD": _pad,
    "UNPOOL": _unpool,
}
