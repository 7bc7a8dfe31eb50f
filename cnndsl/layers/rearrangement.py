"""Rearrangement: values move or are left out, none is computed."""

from __future__ import annotations

from cnndsl.layers.attributes import Extents, Rejected, Whole
from cnndsl.layers.convolution import require_groups, require_map
from cnndsl.layers.layer import Example, Layer, Reject
from cnndsl.layers.lowering import ModuleCall, Slice, Step
from cnndsl.layers.tensor import TensorType, a_size, by_x

__all__ = ["Channels", "Crop", "Shuffle"]


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

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (ModuleCall("torch.nn.ChannelShuffle", {"groups": self.groups}),)


class Crop(Layer):
    """Centred crop to a spatial size; of an odd remainder, the larger part is cut off at the end."""

    words = ("CROP",)
    elsewhere = ("centercrop", "cropping")
    size = Extents("the size")

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

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        ranges = [
            ((outer - inner) // 2, (outer - inner) // 2 + inner)
            for inner, outer in zip(self.size, inputs[0].spatial, strict=True)
        ]
        return (Slice((None, *ranges)),)
