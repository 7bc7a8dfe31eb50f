"""Rearrangement: values move or are left out, none is computed."""

from __future__ import annotations

from itertools import permutations

from cnndsl.layers.attributes import REQUIRED, Extents, Rejected, Shape, Symbol, Whole
from cnndsl.layers.conditions import agree
from cnndsl.layers.convolution import require_groups, require_map, require_plane
from cnndsl.layers.layer import Example, Layer, Reject
from cnndsl.layers.lowering import FunctionCall, ModuleCall, Operand, Slice, Step
from cnndsl.layers.reach import Reach, Reaches, Taps, everywhere, shifted
from cnndsl.layers.saved import NOTHING, Saved
from cnndsl.layers.tensor import TensorType, a_size, by_x

__all__ = ["Channels", "Crop", "Permute", "PixelShuffle", "Reshape", "Shuffle"]

_AXES = {1: "CW", 2: "CHW", 3: "CDHW"}
"""The letters of the axes of a map, by its rank."""

_ORDERS = tuple("".join(order) for axes in _AXES.values() for order in permutations(axes))


class Channels(Layer):
    """A range of channels: from the first, counted from 0, up to but not including the second."""

    words = ("CHANNELS",)
    from_ = Whole("the first channel", minimum=0)
    to = Whole("the channel behind the last", minimum=1)

    examples = (
        Example("INPUT(116x28x28) -> CHANNELS(58, 116)", "58x28x28"),
        Example("INPUT(10) -> CHANNELS(0, 4)", "4"),
    )
    rejects = (
        Reject("INPUT(3x8x8) -> CHANNELS(2, 9)", "out-of-range"),
        Reject("INPUT(3x8x8) -> CHANNELS(2, 2)", "out-of-range"),
        Reject("INPUT(3x8x8) -> CHANNELS(0)", "missing-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        entering = inputs[0]
        if self.to > entering.channels:
            message = f"there is no channel {self.to - 1} among {entering.channels} channels"
            help = f"they are counted from 0: write at most {entering.channels}"
            raise Rejected(message, attribute="to", code="out-of-range", help=help)
        if self.from_ >= self.to:
            message = f"no channel lies between {self.from_} and {self.to}"
            raise Rejected(message, attribute="from", code="out-of-range", help="the second number is not included")
        return TensorType(self.to - self.from_, entering.spatial)

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (Slice(((self.from_, self.to),)),)


class Shuffle(Layer):
    """Channel shuffle: the channels of the groups in turn (Zhang et al., ShuffleNet, 2017)."""

    words = ("SHUFFLE",)
    elsewhere = ("channelshuffle",)
    groups = Whole("the number of groups")

    examples = (Example("INPUT(116x28x28) -> SHUFFLE(2)", "116x28x28"),)
    rejects = (
        Reject("INPUT(116x28x28) -> SHUFFLE(3)", "groups"),
        Reject("INPUT(116) -> SHUFFLE(2)", "needs-map"),
        Reject("INPUT(116x28x28) -> SHUFFLE", "missing-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        entering = require_map(self, inputs)
        require_groups(self.groups, entering.channels, entering.channels)
        return entering

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (ModuleCall("torch.nn.ChannelShuffle", {"groups": self.groups}),)


class Crop(Layer):
    """Centred crop to a spatial size; of an odd remainder, the larger part is cut off at the end."""

    words = ("CROP",)
    elsewhere = ("centercrop", "cropping")
    size = Extents("the size", may_be_open=True)

    examples = (
        Example("INPUT(64x136x136) -> CROP(104)", "64x104x104"),
        Example("INPUT(3x9x9) -> CROP(4x9)", "3x4x9"),
        Example("INPUT(3x20) -> CROP(7)", "3x7"),
    )
    rejects = (
        Reject("INPUT(3x8x8) -> CROP(9)", "out-of-range"),
        Reject("INPUT(3) -> CROP(1)", "needs-map"),
        Reject("INPUT(3x8x8) -> CROP(0)", "bad-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        entering = require_map(self, inputs)
        if any(inner > outer for inner, outer in zip(self.size, entering.spatial, strict=True)):
            message = f"{by_x(self.size)} cannot be cut out of {a_size(entering.spatial)} map"
            raise Rejected(message, attribute="size", code="out-of-range")
        return TensorType(entering.channels, self.size)

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        return (tuple(shifted(axis, first) for axis, (first, _) in enumerate(self._ranges(inputs[0]))),)

    def _ranges(self, entering: TensorType) -> list[tuple[int, int]]:
        """What is kept along each axis, up to but not including the second number."""
        befores = ((outer - inner) // 2 for inner, outer in zip(self.size, entering.spatial, strict=True))
        return [(before, before + inner) for before, inner in zip(befores, self.size, strict=True)]

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (Slice((None, *self._ranges(inputs[0]))),)


class PixelShuffle(Layer):
    """Pixel shuffle: r*r channels become one that is r times as high and wide (Shi et al., 2016)."""

    words = ("PIXELSHUFFLE",)
    elsewhere = ("depthtospace", "subpixelconv")
    r = Whole("the factor")

    examples = (
        Example("INPUT(64x32x32) -> CONV(12) -> PIXELSHUFFLE(2)", "3x64x64", 6_924, 7_077_888),
        Example("INPUT(9x4x5) -> PIXELSHUFFLE(3)", "1x12x15"),
    )
    rejects = (
        Reject("INPUT(9x4x4) -> PIXELSHUFFLE(2)", "groups"),
        Reject("INPUT(4x8) -> PIXELSHUFFLE(2)", "needs-map"),
        Reject("INPUT(4x8x8) -> PIXELSHUFFLE(0)", "bad-argument"),
        Reject("INPUT(4x8x8) -> PIXELSHUFFLE", "missing-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        channels, (height, width) = require_plane(self, inputs)
        area = self.r * self.r
        if channels % area:
            label = f"{channels} % ({self.r}*{self.r}) = {channels % area}"
            message = f"{area} channels become one, and {channels} cannot be divided by that"
            raise Rejected(message, attribute="r", code="groups", label=label)
        return TensorType(channels // area, (height * self.r, width * self.r))

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        return (tuple((Reach(axis, (Taps(0, 0),) * self.r, 1),) for axis in range(2)),)

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (ModuleCall("torch.nn.PixelShuffle", {"upscale_factor": self.r}),)


class Reshape(Layer):
    """Reshape: the same values in the same order, as another map or vector."""

    words = ("RESHAPE",)
    elsewhere = ("view", "unflatten")
    size = Shape("the new shape", default=REQUIRED)

    examples = (
        Example("INPUT(100) -> FC(8*4*4) -> RESHAPE(8x4x4)", "8x4x4", 12_928, 12_800),
        Example("INPUT(8x4x4) -> RESHAPE(16x8)", "16x8"),
        Example("INPUT(8x4x4) -> RESHAPE(128)", "128"),
    )
    rejects = (
        Reject("INPUT(8x4x4) -> RESHAPE(8x5x4)", "shape-mismatch"),
        Reject("INPUT(8x4x4) -> RESHAPE(8x0x4)", "bad-argument"),
        Reject("INPUT(8x4x4) -> RESHAPE", "missing-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        channels, *spatial = self.size
        leaving = TensorType(channels, tuple(spatial))
        if not agree(leaving.elements, inputs[0].elements):
            message = f"{inputs[0]} has {inputs[0].elements} values, and {leaving} has {leaving.elements}"
            label = f"{inputs[0].elements} != {leaving.elements}"
            raise Rejected(message, attribute="size", code="shape-mismatch", label=label)
        return leaving

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        """The last axes stay what they are while their sizes do; a position may read all of the others."""
        entering = inputs[0]
        axes = list(everywhere(entering))
        for back in range(1, min(entering.rank, output.rank) + 1):
            if entering.spatial[-back] != output.spatial[-back]:
                break
            axes[-back] = shifted(output.rank - back, 0)
        return (tuple(axes),)

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        unflatten = ModuleCall("torch.nn.Unflatten", {"dim": 1, "unflattened_size": self.size})
        if output.rank == 0:
            return (ModuleCall("torch.nn.Flatten"),)
        return (unflatten,) if inputs[0].rank == 0 else (ModuleCall("torch.nn.Flatten", suffix="flatten"), unflatten)


class Permute(Layer):
    """Permutation of the axes, channels included: `HWC` has the rows as channels and the channels as columns.

    The letters name the axes of what comes in, C D H W, C H W or C W, in their new order.
    """

    words = ("PERMUTE",)
    elsewhere = ("transpose",)
    order = Symbol("the order of the axes", _ORDERS)

    examples = (
        Example("INPUT(3x8x9) -> PERMUTE(HWC)", "8x9x3"),
        Example("INPUT(3x8) -> PERMUTE(WC)", "8x3"),
        Example("INPUT(2x3x4x5) -> PERMUTE(CWHD)", "2x5x4x3"),
    )
    rejects = (
        Reject("INPUT(3x8x9) -> PERMUTE(WC)", "bad-argument"),
        Reject("INPUT(3x8x9) -> PERMUTE(3)", "bad-argument"),
        Reject("INPUT(3) -> PERMUTE(WC)", "needs-map"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        entering = require_map(self, inputs)
        if len(self.order) != len(entering.shape):
            message = f"the order of {entering} is one of {_AXES[entering.rank]}, not `{self.order}`"
            raise Rejected(message, attribute="order", help="name every axis once")
        channels, *spatial = (entering.shape[axis] for axis in self._axes(entering))
        return TensorType(channels, tuple(spatial))

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        """What becomes the channels is read whole."""
        whole = everywhere(inputs[0])
        places = map(self._axes(inputs[0]).index, range(1, inputs[0].rank + 1))
        return (tuple(shifted(place - 1, 0) if place else whole[axis] for axis, place in enumerate(places)),)

    def _axes(self, entering: TensorType) -> tuple[int, ...]:
        """For each new axis the old one, channels being 0."""
        return tuple(map(_AXES[entering.rank].index, self.order))

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        order = (0, *(axis + 1 for axis in self._axes(inputs[0])))
        return (FunctionCall("torch.permute", (Operand.INPUT, order)),)
