"""The arithmetic of sliding windows, shared by convolution and pooling. All of it in whole numbers.

The size formula is the one of PyTorch's Conv2d and MaxPool2d documentation; `ceil` follows its rule that the last
window must start inside the input or its leading padding.
"""

from __future__ import annotations

from math import gcd
from typing import NamedTuple

from cnndsl.layers.attributes import Rejected
from cnndsl.layers.extent import Extent
from cnndsl.layers.reach import NOTHING, Reach, Reaches, Taps
from cnndsl.layers.tensor import a_size, by_x

__all__ = ["Pairs", "Window", "spans"]

Pairs = tuple[tuple[int, int], ...]
"""Padding (before, after) for each spatial axis."""


class Window(NamedTuple):
    """A window as it slides over the spatial axes: one entry an axis.

    Attributes:
        kernel: extent of the window, in positions.
        stride: how far it moves.
        dilation: distance between the positions it reads.
        padding: a word (`same`, `valid`, `full`, `same_upper`, `causal`) or pairs (before, after).
        ceil: whether a last window that reaches over the edge counts.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: str | Pairs
    ceil: bool = False

    def pairs(self, sizes: tuple[int, ...]) -> Pairs:
        """The padding as numbers, for a map of these spatial sizes.

        Raises:
            Rejected: `causal` on more than one axis.
        """
        if not isinstance(self.padding, str):
            return self.padding
        if self.padding == "valid":
            return tuple((0, 0) for _ in sizes)
        reaches = spans(self.kernel, self.dilation)
        if self.padding == "same":
            return tuple(_halves(reach - 1) for reach in reaches)
        if self.padding == "full":
            return tuple((reach - 1, reach - 1) for reach in reaches)
        if self.padding == "same_upper":
            return tuple(
                _halves(max(0, (-(-size // stride) - 1) * stride + reach - size))
                for size, stride, reach in zip(sizes, self.stride, reaches, strict=True)
            )
        if len(sizes) > 1:
            message = f"causal padding is for one axis of time, and this map has {len(sizes)} axes"
            raise Rejected(message, attribute="padding", help="write padding=same, or pairs (before, after)")
        return ((reaches[0] - 1, 0),)

    def slide(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        """Spatial sizes of the output for a map of these spatial sizes.

        Raises:
            Rejected: the window does not fit into the padded map.
        """
        if self.padding == "same_upper":
            return tuple(-(-size // stride) for size, stride in zip(sizes, self.stride, strict=True))
        reaches = spans(self.kernel, self.dilation)
        pairs = self.pairs(sizes)
        steps = tuple(map(self._steps, sizes, reaches, self.stride, pairs))
        if any(count < 1 for count in steps):
            raise self._too_large(sizes, pairs, reaches, steps)
        return steps

    def reach(self, sizes: tuple[int, ...]) -> tuple[Reaches, ...]:
        """What its steps over a map of these spatial sizes read."""
        ends = (reach - 1 for reach in spans(self.kernel, self.dilation))
        axes = zip(self.pairs(sizes), ends, self.dilation, self.stride, strict=True)
        return tuple(
            (Reach(axis, (Taps(-before, end - before, dilation),), stride),)
            for axis, ((before, _), end, dilation, stride) in enumerate(axes)
        )

    def reach_back(self, sizes: tuple[int, ...]) -> tuple[Reaches, ...]:
        """Which of its steps read a position of a map of these spatial sizes: what a transposed window reads."""
        return tuple(self._steps_along(axis, before) for axis, (before, _) in enumerate(self.pairs(sizes)))

    def _steps_along(self, axis: int, before: int) -> Reaches:
        if isinstance(before, Extent):
            return None
        phases = range(before, before + self.stride[axis])
        return (Reach(axis, tuple(self._steps_over(axis, position) for position in phases), 1),)

    def _steps_over(self, axis: int, position: int) -> Taps:
        """The steps that read a position of the padded map: those of each entry of the kernel that can lie there."""
        kernel, stride, dilation = self.kernel[axis], self.stride[axis], self.dilation[axis]
        shared = gcd(stride, dilation)
        apart = stride // shared
        least = next(
            (entry for entry in range(min(kernel, apart)) if (position - dilation * entry) % stride == 0), None
        )
        if least is None:
            return NOTHING
        most = least + (kernel - 1 - least) // apart * apart
        first, last = ((position - dilation * entry) // stride for entry in (most, least))
        return Taps(first, last, dilation // shared)

    def _steps(self, size: int, reach: int, stride: int, pair: tuple[int, int]) -> int:
        before, after = pair
        if not self.ceil:
            return (size + before + after - reach) // stride + 1
        return -(-(size + before + min(after + stride - reach, 0)) // stride)

    def _too_large(
        self, sizes: tuple[int, ...], pairs: Pairs, reaches: tuple[int, ...], steps: tuple[int, ...]
    ) -> Rejected:
        axis = next(axis for axis, count in enumerate(steps) if count < 1)
        size, pair, kernel, dilation = sizes[axis], pairs[axis], self.kernel[axis], self.dilation[axis]
        padding = f"2*{pair[0]}" if pair[0] == pair[1] else f"{pair[0]} + {pair[1]}"
        window = str(kernel) if dilation == 1 else f"{dilation}*({kernel} - 1) - 1"
        label = f"({size} + {padding} - {window})/{self.stride[axis]} + 1 < 1"
        dilated = f" with dilation {by_x(self.dilation)}" if any(step > 1 for step in self.dilation) else ""
        message = f"{a_size(self.kernel)} window{dilated} does not fit {a_size(sizes)} map"
        closed = [axis for axis, count in enumerate(sizes) if isinstance(count, int)]
        enough = max((-(-(reaches[axis] - sizes[axis]) // 2) for axis in closed), default=0)
        room = ((sizes[axis] + sum(pairs[axis]) - 1) // self.dilation[axis] + 1 for axis in closed)
        help = f"write padding={enough}, or a kernel of at most {min(room)}" if closed else ""
        return Rejected(message, attribute="kernel", code="window-too-large", label=label, help=help)


def spans(kernel: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[int, ...]:
    """How many positions a dilated kernel reaches over: d*(K-1) + 1 along each axis."""
    return tuple(step * (extent - 1) + 1 for extent, step in zip(kernel, dilation, strict=True))


def _halves(total: int) -> tuple[int, int]:
    """Half on each side, the odd one at the end."""
    return total // 2, total - total // 2
