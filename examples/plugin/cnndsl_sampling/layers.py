"""The declarations. cnndsl imports this module each time that it starts: nothing heavy is imported here."""

from __future__ import annotations

from math import prod

from cnndsl.layers import Example, Layer, Reject, Rejected, Shapes, TensorType, Value
from cnndsl.layers.attributes import Symbol, Whole
from cnndsl.layers.convolution import require_map
from cnndsl.layers.lowering import ModuleCall, Step, options
from cnndsl.layers.reach import Reaches, everywhere, pointwise
from cnndsl.layers.windows import Window

__all__ = ["BlurPooling", "GridSampling"]


class BlurPooling(Layer):
    """Anti-aliased subsampling: the map is blurred by a binomial kernel, then every stride-th position is kept.

    Zhang, "Making convolutional networks shift-invariant again", 2019. The edges are mirrored; the kernel is a buffer,
    the same for every channel. `POOL(2, 1) -> BLURPOOL` is the paper's max pooling.
    """

    words = ("BLURPOOL",)
    elsewhere = ("blurpool",)
    family = "pooling"
    kernel = Whole("the kernel", default=3)
    stride = Whole("the stride", default=2)

    examples = (
        Example("INPUT(64x56x56) -> BLURPOOL", "64x28x28", 0, 451_584),
        Example("INPUT(8x9x9) -> BLURPOOL(4, 1)", "8x9x9", 0, 10_368),
        Example("INPUT(8x30) -> BLURPOOL(5)", "8x15", 0, 600),
        Example("INPUT(2x4x4x4) -> BLURPOOL(2, 3)", "2x2x2x2", 0, 128),
    )
    rejects = (
        Reject("INPUT(64) -> BLURPOOL", "needs-map"),
        Reject("INPUT(8x2x2) -> BLURPOOL(5)", "window-too-large"),
        Reject("INPUT(8x8x8) -> BLURPOOL(0)", "bad-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        entering = require_map(self, inputs)
        if any(size <= self.kernel // 2 for size in entering.spatial):
            message = f"a map of {entering} has too few positions to mirror {self.kernel // 2} of them at its edges"
            raise Rejected(message, attribute="kernel", code="window-too-large")
        return TensorType(entering.channels, self._window(entering.rank).slide(entering.spatial))

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        return (self._window(output.rank).reach(inputs[0].spatial),)

    def _window(self, rank: int) -> Window:
        return Window((self.kernel,) * rank, (self.stride,) * rank, (1,) * rank, "same")

    def buffers(self, inputs: tuple[TensorType, ...]) -> Shapes:
        entering = inputs[0]
        return {"kernel": (entering.channels, 1, *(self.kernel,) * entering.rank)}

    def macs(self, inputs: tuple[TensorType, ...], output: TensorType) -> int:
        return prod(self.buffers(inputs)["kernel"]) * prod(output.spatial)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        entering = inputs[0]
        sizes = {"channels": entering.channels, "kernel_size": self.kernel}
        path = f"cnndsl_sampling.modules.BlurPool{entering.rank}d"
        return (ModuleCall(path, sizes, options(stride=(self.stride, 2))),)


class GridSampling(Layer):
    """Sampling at given places: a named map says for every position of the output where its value comes from.

    The map has a channel for each axis, the last axis first, with -1 at the first edge and 1 at the last; beyond them
    are zeros. With the places computed from the input it is a spatial transformer (Jaderberg et al., 2015).
    """

    words = ("GRIDSAMPLE",)
    elsewhere = ("gridsampler",)
    grid = Value("the places")
    mode = Symbol("between positions", ("bilinear", "nearest"), default="bilinear")

    examples = (
        Example("INPUT(3x8x8) as x -> CONV(2) -> TANH as places\nx -> GRIDSAMPLE(places)", "3x8x8", 56, 3_456),
        Example("INPUT(2x4x4) as places\nINPUT(3x9x9) -> GRIDSAMPLE(places, mode=nearest)", "3x4x4"),
        Example("INPUT(3x2x4x4) as places\nINPUT(1x8x8x8) -> GRIDSAMPLE(places)", "1x2x4x4"),
    )
    rejects = (
        Reject("INPUT(3x8x8) -> GRIDSAMPLE", "missing-argument"),
        Reject("INPUT(3x8x8) as places\nINPUT(3x8x8) -> GRIDSAMPLE(places)", "shape-mismatch"),
        Reject("INPUT(1x8) as places\nINPUT(3x8) -> GRIDSAMPLE(places)", "shape-mismatch"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        entering, grid = inputs
        if entering.rank not in (2, 3):
            message = f"GRIDSAMPLE samples maps of two or three axes, and {entering} comes in"
            raise Rejected(message, code="shape-mismatch")
        if (grid.rank, grid.channels) != (entering.rank, entering.rank):
            message = f"the places in {entering} are a map with {entering.rank} channels and axes, not {grid}"
            raise Rejected(message, attribute="grid", code="shape-mismatch")
        return TensorType(entering.channels, grid.spatial)

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        """The places may be anywhere in the map."""
        entering, _ = inputs
        return everywhere(entering), pointwise(output.rank)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        written = options(mode=(self.mode, "bilinear"))
        return (ModuleCall("cnndsl_sampling.modules.GridSample", options=written),)
