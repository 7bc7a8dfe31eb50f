"""Rules on windows and the maps that they slide over."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import prod

from cnndsl.analyses.lint.network import Finding, Network, is_convolution, window_of
from cnndsl.graph import Node
from cnndsl.layers.pooling import AveragePooling, MaxPooling, Pooling
from cnndsl.layers.reduction import AdaptivePooling, GlobalAveragePooling, GlobalMaxPooling
from cnndsl.layers.tensor import a_size, by_x
from cnndsl.layers.windows import Window, spans

__all__ = ["dropped_border", "kernel_beyond_map", "pools_nothing"]

_AXES = {1: ("position",), 2: ("row", "column"), 3: ("slice", "row", "column")}
_WINDOW_POOLINGS = (Pooling, MaxPooling, AveragePooling)
_POOLINGS = (*_WINDOW_POOLINGS, AdaptivePooling, GlobalAveragePooling, GlobalMaxPooling)


def dropped_border(network: Network) -> Iterator[Finding]:
    """A stride that leaves positions at the end of the map to no window.

    What lies in a gap between two windows, where the stride is larger than they are, is left out on purpose, and a gap
    at the end is no other.
    """
    for node in network:
        window = window_of(node)
        if window is None or not _is_closed(node):
            continue
        sizes = node.inputs[0].type.spatial
        unread = _unread(window, sizes, node.type.spatial)
        if any(unread):
            axis = next(axis for axis, count in enumerate(unread) if count)
            message = f"{a_size(window.kernel)} window with stride {_one(window.stride)} does not read {_last(unread)} "
            yield Finding(
                node, f"{message}of {a_size(sizes)} map", _remainder(window, sizes, axis), _help(node, window)
            )


def _unread(window: Window, sizes: tuple[int, ...], steps: tuple[int, ...]) -> tuple[int, ...]:
    """How many positions at the end of each axis no window reads; 0 where as many are left out elsewhere."""
    axes = zip(sizes, steps, window.kernel, window.stride, window.dilation, window.pairs(sizes), strict=True)
    found: list[int] = []
    for size, count, kernel, stride, dilation, (before, _) in axes:
        last = max(_last_read(size + before, count, stride, entry * dilation) for entry in range(kernel))
        unread = size + before - 1 - last
        found.append(unread if unread > _gap(kernel, stride, dilation) else 0)
    return tuple(found)


def _last_read(size: int, count: int, stride: int, offset: int) -> int:
    """The last position that an entry of a kernel reads, of those before the padding at the end."""
    return min(count - 1, (size - 1 - offset) // stride) * stride + offset


def _gap(kernel: int, stride: int, dilation: int) -> int:
    """How many positions beside each other no window reads, far from the ends."""
    read = sorted({entry * dilation % stride for entry in range(kernel)})
    return max(later - earlier - 1 for earlier, later in pairwise([*read, read[0] + stride]))


def _last(unread: tuple[int, ...]) -> str:
    """`the last row and the last 2 columns`."""
    named = [(count, word) for count, word in zip(unread, _AXES[len(unread)], strict=True) if count]
    told = [f"the last {word}" if count == 1 else f"the last {count} {word}s" for count, word in named]
    return " and ".join(told)


def _remainder(window: Window, sizes: tuple[int, ...], axis: int) -> str:
    size, stride = sizes[axis], window.stride[axis]
    span = spans(window.kernel, window.dilation)[axis]
    before, after = window.pairs(sizes)[axis]
    padding = f"2*{before}" if before == after else f"{before} + {after}"
    return f"({size} + {padding} - {span}) % {stride} = {(size + before + after - span) % stride}"


def _help(node: Node, window: Window) -> str:
    if isinstance(node.layer, _WINDOW_POOLINGS):
        return "write ceil=true, or give it a map of another size"
    return "write padding=same_upper, or give it a map of another size"


def kernel_beyond_map(network: Network) -> Iterator[Finding]:
    """A convolution that slides over a map smaller than its kernel, which only padding makes possible."""
    for node in network:
        window = window_of(node)
        if window is None or not is_convolution(node.layer) or not _is_closed(node):
            continue
        sizes = node.inputs[0].type.spatial
        reaches = spans(window.kernel, window.dilation)
        if any(reach > size for reach, size in zip(reaches, sizes, strict=True)):
            used, all = _weights_used(window, sizes, node.type.spatial), prod(window.kernel)
            dilated = f", {by_x(reaches)} with its dilation," if reaches != window.kernel else ""
            message = (
                f"{a_size(window.kernel)} kernel{dilated} is larger than the {by_x(sizes)} map that it slides over"
            )
            label = f"{used} of its {all} weights ever meet more than padding" if used < all else ""
            help = "take a smaller kernel, fewer strides before it, or a larger input"
            yield Finding(node, message, label, help)


def _weights_used(window: Window, sizes: tuple[int, ...], steps: tuple[int, ...]) -> int:
    """How many entries of the kernel lie over the map in some step."""
    used = 1
    axes = zip(sizes, steps, window.kernel, window.stride, window.dilation, window.pairs(sizes), strict=True)
    for size, count, kernel, stride, dilation, (before, _) in axes:
        starts = [step * stride - before for step in range(count)]
        used *= sum(any(0 <= start + entry * dilation < size for start in starts) for entry in range(kernel))
    return used


def pools_nothing(network: Network) -> Iterator[Finding]:
    """A pooling of a map that has one position."""
    for node in network:
        if (
            isinstance(node.layer, _POOLINGS)
            and node.input_types[0].spatial
            and set(node.input_types[0].spatial) == {1}
        ):
            message = f"{node.layer.word()} pools {a_size(node.input_types[0].spatial)} map, which has one position"
            help = "leave it out, or have fewer strides before it, or a larger input"
            yield Finding(node, message, help=help)


def _is_closed(node: Node) -> bool:
    """Whether all sizes of the map and of what leaves are numbers."""
    return all(isinstance(size, int) for size in (*node.inputs[0].type.spatial, *node.type.spatial))


def _one(numbers: tuple[int, ...]) -> str:
    return str(numbers[0]) if len(set(numbers)) == 1 else by_x(numbers)
