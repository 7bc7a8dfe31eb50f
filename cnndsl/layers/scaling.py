"""Factors and biases on their own, learned or constant."""

from __future__ import annotations

from cnndsl.layers.attributes import ChannelCount, Flag, Real, Rejected, Symbol
from cnndsl.layers.layer import Example, Layer, Reject, Shapes
from cnndsl.layers.lowering import PARTS, ModuleCall, Operator, Step, options
from cnndsl.layers.saved import NOTHING, Saved
from cnndsl.layers.tensor import TensorType

__all__ = ["Bias", "Scale"]

_AXES = ("depth", "height", "width")


class Bias(Layer):
    """Bias: a learned number, 0 at first, is added to every channel or to every element.

    With `units`, a single channel becomes as many, each with a bias of its own: what CORAL's ordinal ranks need, whose
    weights are shared (Cao et al., 2020). LeCun et al., 1989, have a bias for each element.
    """

    words = ("BIAS",)
    family = "dense"
    units = ChannelCount("the number of biases")
    per = Symbol("per", ("channel", "element"), default="channel")

    examples = (
        Example("INPUT(1) -> BIAS(9)", "9", 9),
        Example("INPUT(12x8x8) -> BIAS(per=element)", "12x8x8", 768),
        Example("INPUT(12x8x8) -> BIAS", "12x8x8", 12),
        Example("INPUT(1x5x4) -> BIAS(3)", "3x5x4", 3),
    )
    rejects = (
        Reject("INPUT(4) -> BIAS(9)", "bad-argument"),
        Reject("INPUT(4) -> BIAS(per=one)", "bad-argument"),
        Reject("INPUT(4) -> BIAS(0)", "bad-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        channels, spatial = inputs[0]
        if self.units is None:
            return inputs[0]
        if channels not in (1, self.units):
            message = f"{self.units} biases fit {self.units} channels or a single one, but {channels} come in"
            help = "leave the number out, or make one channel of them first: `FC(1)`, `CONV(1, 1)`"
            raise Rejected(message, attribute="units", label=f"{self.units} != {channels}", help=help)
        return TensorType(self.units, spatial)

    def parameters(self, inputs: tuple[TensorType, ...]) -> Shapes:
        return {"bias": _shape(self.infer(inputs), self.per)}

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (ModuleCall(f"{PARTS}.Bias", _named(_shape(output, self.per))),)


class Scale(Layer):
    """Scale: every channel, every element or all of it is multiplied by a learned factor, or by a constant one.

    SSD (Liu et al., 2016) has factors for channels that begin with 20, ConvNeXt's LayerScale (Touvron et al., 2021)
    with 1e-6; Inception-ResNet (Szegedy et al., 2016) a constant 0.17, `SCALE(0.17, train=false)`.
    """

    begins = ("value",)

    words = ("SCALE",)
    elsewhere = ("layerscale",)
    family = "dense"
    value_ = Real("the factor at the start", default=1)
    per = Symbol("per", ("channel", "one", "element"), default="channel")
    train = Flag("train", default=True)

    examples = (
        Example("INPUT(512x38x38) -> L2NORM -> SCALE(20)", "512x38x38", 512),
        Example("INPUT(96x7x7) -> SCALE(1e-6)", "96x7x7", 96),
        Example("INPUT(8x6x6) -> SCALE(0.17, train=false)", "8x6x6"),
        Example("INPUT(8x6x6) -> SCALE(per=one)", "8x6x6", 1),
        Example("INPUT(10) -> SCALE(2, element)", "10", 10),
    )
    rejects = (
        Reject("INPUT(8) -> SCALE(max)", "bad-argument"),
        Reject("INPUT(8) -> SCALE(per=8)", "bad-argument"),
        Reject("INPUT(8) -> SCALE(train=1)", "bad-argument"),
    )

    def parameters(self, inputs: tuple[TensorType, ...]) -> Shapes:
        return {"weight": _shape(inputs[0], self.per)} if self.train else {}

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return Saved((0,)) if self.train else NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        if not self.train:
            return (Operator("*", (0,), (self.value_,)),)
        return (ModuleCall(f"{PARTS}.Scale", _named(_shape(output, self.per)), options(start=(self.value_, 1))),)


def _shape(type: TensorType, per: str) -> tuple[int, ...]:
    """The shape of learned numbers that broadcasts over a type."""
    if per == "element":
        return type.shape
    return (type.channels, *(1,) * type.rank) if per == "channel" else (1,)


def _named(shape: tuple[int, ...]) -> dict[str, int]:
    """Extents under the names of their axes."""
    return dict(zip(("channels", *_AXES[len(_AXES) + 1 - len(shape) :]), shape, strict=True))
