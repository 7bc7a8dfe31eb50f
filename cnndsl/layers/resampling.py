"""Resampling: a map on a finer or coarser grid, its values taken from neighbours or mixed from them."""

from __future__ import annotations

from typing import Any

from cnndsl.layers.attributes import Extents, Flag, Rejected, Symbol
from cnndsl.layers.convolution import require_map
from cnndsl.layers.layer import Example, Layer, Reject
from cnndsl.layers.lowering import ModuleCall, Step, compact, options
from cnndsl.layers.reach import Reach, Reaches, Taps, pointwise, scaled
from cnndsl.layers.saved import NOTHING, Saved
from cnndsl.layers.tensor import TensorType

__all__ = ["Resize", "Upsample"]

_FAMILY = "rearrangement"

_RANKS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
"""How many axes a mode mixes values along; `nearest` mixes none and is for maps of any rank."""


_BEFORE = {"linear": 1, "bilinear": 1, "bicubic": 2, "trilinear": 1}
"""How many positions on each side of a place a mode mixes."""


class _Resampling(Layer):
    """A layer that becomes torch's Upsample."""

    mode = Symbol("the mode", ("nearest", *_RANKS), default="nearest")
    align = Flag("align", default=False)

    def _require_mode(self, inputs: tuple[TensorType, ...]) -> TensorType:
        """The map that enters.

        Raises:
            Rejected: it is no map, or not one for this mode.
        """
        entering = require_map(self, inputs)
        rank = entering.rank
        if _RANKS.get(self.mode, rank) != rank:
            fitting = ", ".join(["nearest", *(mode for mode, axes in _RANKS.items() if axes == rank)])
            message = f"{self.mode} mixes along {_RANKS[self.mode]} spatial axes, and {entering} has {rank}"
            raise Rejected(message, attribute="mode", help=f"write one of {fitting}")
        if self.align and self.mode == "nearest":
            message = "align says where mixed values lie, and nearest mixes none"
            raise Rejected(message, attribute="align", help="leave it out, or write another mode")
        return entering

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        sizes = enumerate(zip(inputs[0].spatial, output.spatial, strict=True))
        return (tuple(self._along(axis, *both) for axis, both in sizes),)

    def _along(self, axis: int, size: int, steps: int) -> Reaches:
        if size == steps:
            return pointwise(axis + 1)[axis]
        if self.mode == "nearest":
            return scaled(axis, size, steps, _nearest)
        before = _BEFORE[self.mode]
        if not self.align:
            return scaled(axis, size, steps, lambda i, a, b: _between((2 * i + 1) * a - b, 2 * b, before))
        if 1 in (size, steps):  # the first corner is all there is
            return (Reach(None, (Taps(0, 0),), 0),)
        return scaled(axis, size - 1, steps - 1, lambda i, a, b: _between(i * a, b, before))

    def _upsample(self, **target: tuple[Any, Any]) -> tuple[Step, ...]:
        how = options(mode=(self.mode, "nearest"), align_corners=(self.align or None, None))
        return (ModuleCall("torch.nn.Upsample", options={**target, **how}),)

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return NOTHING


def _nearest(position: int, size: int, steps: int) -> Taps:
    place = position * size // steps
    return Taps(place, place)


def _between(numerator: int, denominator: int, before: int) -> Taps:
    """What is mixed for a place: so many positions on each side of it, or the one on which it falls."""
    place, rest = divmod(numerator, denominator)
    return Taps(place - before + 1, place + before) if rest else Taps(place, place)


class Upsample(_Resampling):
    """Upsampling: every axis becomes `scale` times as long; new values are the nearest ones, or mixed from neighbours.

    With `align=true` the corners of both maps lie on each other, else their edges (PyTorch's align_corners).
    """

    words = ("UPSAMPLE",)
    elsewhere = ("upsampling", "upsamplingnearest", "upsamplingbilinear", "interpolate")
    family = _FAMILY
    scale = Extents("the scale", default=2)
    mode = _Resampling.mode
    align = _Resampling.align

    examples = (
        Example("INPUT(256x13x13) -> UPSAMPLE", "256x26x26"),
        Example("INPUT(8x4x6) -> UPSAMPLE(2x3, bilinear)", "8x8x18"),
        Example("INPUT(8x10) -> UPSAMPLE(3, linear, align=true)", "8x30"),
        Example("INPUT(4x2x3x4) -> UPSAMPLE(mode=trilinear)", "4x4x6x8"),
    )
    rejects = (
        Reject("INPUT(8) -> UPSAMPLE", "needs-map"),
        Reject("INPUT(8x4x4) -> UPSAMPLE(0)", "bad-argument"),
        Reject("INPUT(8x4x4) -> UPSAMPLE(1.5)", "bad-argument"),
        Reject("INPUT(8x4x4) -> UPSAMPLE(2, linear)", "bad-argument"),
        Reject("INPUT(8x4x4) -> UPSAMPLE(2, align=true)", "bad-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        channels, spatial = self._require_mode(inputs)
        return TensorType(channels, tuple(size * scale for size, scale in zip(spatial, self.scale, strict=True)))

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return self._upsample(scale_factor=(compact(self.scale), None))


class Resize(_Resampling):
    """Resizing to a spatial size, up or down; values are the nearest ones, or mixed from neighbours.

    With `align=true` the corners of both maps lie on each other, else their edges (PyTorch's align_corners).
    """

    words = ("RESIZE",)
    elsewhere = ("resizing",)
    family = _FAMILY
    size = Extents("the size", may_be_open=True)
    mode = _Resampling.mode
    align = _Resampling.align

    examples = (
        Example("INPUT(21x28x28) -> RESIZE(224, bilinear)", "21x224x224"),
        Example("INPUT(8x9x9) -> RESIZE(4x6)", "8x4x6"),
        Example("INPUT(8x9x9) -> RESIZE((H+1)//2, bicubic, align=true)", "8x5x5"),
    )
    rejects = (
        Reject("INPUT(8x4x4) -> RESIZE", "missing-argument"),
        Reject("INPUT(8) -> RESIZE(4)", "needs-map"),
        Reject("INPUT(8x4x4) -> RESIZE(8x8x8)", "bad-argument"),
        Reject("INPUT(8x4) -> RESIZE(8, bilinear)", "bad-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        return TensorType(self._require_mode(inputs).channels, self.size)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return self._upsample(size=(compact(self.size), None))
