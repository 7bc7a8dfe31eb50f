"""Fixed filters: the kernels of image processing that courses show before any is learned."""

from __future__ import annotations

from typing import NamedTuple

from cnndsl.layers.attributes import Symbol
from cnndsl.layers.convolution import require_plane
from cnndsl.layers.layer import Example, Layer, Reject, Shapes
from cnndsl.layers.lowering import PARTS, ModuleCall, Step, options
from cnndsl.layers.reach import Reach, Reaches, Taps
from cnndsl.layers.tensor import TensorType

__all__ = ["Filter"]


class _Kernel(NamedTuple):
    """The rows of a kernel, and the number that they are divided by."""

    rows: tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]
    divisor: int = 1

    @property
    def taps(self) -> tuple[Taps, Taps]:
        """The rows and the columns that are not all zero, counted from the middle."""
        return _used(self.rows), _used(tuple(zip(*self.rows, strict=True)))


def _used(lines: tuple[tuple[int, ...], ...]) -> Taps:
    first, *others = (place - 1 for place, line in enumerate(lines) if any(line))
    return Taps(first, others[-1], others[0] - first) if others else Taps(first, first)


_KERNELS = {
    "identity": _Kernel(((0, 0, 0), (0, 1, 0), (0, 0, 0))),
    "edges": _Kernel(((-1, -1, -1), (-1, 8, -1), (-1, -1, -1))),
    "laplace": _Kernel(((0, 1, 0), (1, -4, 1), (0, 1, 0))),
    "corners": _Kernel(((1, 0, -1), (0, 0, 0), (-1, 0, 1))),
    "sharpen": _Kernel(((0, -1, 0), (-1, 5, -1), (0, -1, 0))),
    "box": _Kernel(((1, 1, 1), (1, 1, 1), (1, 1, 1)), 9),
    "gauss": _Kernel(((1, 2, 1), (2, 4, 2), (1, 2, 1)), 16),
    "prewittx": _Kernel(((1, 0, -1), (1, 0, -1), (1, 0, -1))),
    "prewitty": _Kernel(((1, 1, 1), (0, 0, 0), (-1, -1, -1))),
    "sobelx": _Kernel(((1, 0, -1), (2, 0, -2), (1, 0, -1))),
    "sobely": _Kernel(((1, 2, 1), (0, 0, 0), (-1, -2, -1))),
}


class Filter(Layer):
    """Fixed filter: a known 3x3 kernel over every channel by itself, with zeros around the map.

    `edges` weighs all eight neighbours, `laplace` four (the second derivative), `corners` the diagonal ones (the mixed
    derivative); `prewittx` and `sobelx` find vertical edges, `prewitty` and `sobely` horizontal ones (Prewitt, 1970;
    Sobel & Feldman, 1968). The kernels are laid over the map as they are printed, as those of CONV are. They are a
    buffer, and their products count.
    """

    words = ("FILTER",)
    family = "convolution"
    is_frozen = True
    name = Symbol("the kernel", tuple(_KERNELS))

    examples = (
        Example("INPUT(3x32x32) -> FILTER(edges)", "3x32x32", 0, 27_648),
        Example("INPUT(1x8x8) -> FILTER(gauss)", "1x8x8", 0, 576),
        Example("INPUT(1x8x8) -> [FILTER(sobelx), FILTER(sobely)]", "2x8x8", 0, 1_152),
    )
    rejects = (
        Reject("INPUT(3x8x8) -> FILTER", "missing-argument"),
        Reject("INPUT(3x8x8) -> FILTER(same)", "bad-argument"),
        Reject("INPUT(3x8) -> FILTER(box)", "needs-map"),
        Reject("INPUT(3) -> FILTER(box)", "needs-map"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        return require_plane(self, inputs)

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        return (tuple((Reach(axis, (taps,), 1),) for axis, taps in enumerate(_KERNELS[self.name].taps)),)

    def buffers(self, inputs: tuple[TensorType, ...]) -> Shapes:
        return {"weight": (inputs[0].channels, 1, 3, 3)}

    def macs(self, inputs: tuple[TensorType, ...], output: TensorType) -> int:
        return 9 * output.elements

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        kernel = _KERNELS[self.name]
        sizes = {"channels": inputs[0].channels, "kernel": kernel.rows}
        return (ModuleCall(f"{PARTS}.FixedFilter", sizes, options(divisor=(kernel.divisor, 1))),)
