"""Fully connected layers, and the way from a map to a vector."""

from __future__ import annotations

from cnndsl.layers.attributes import Filled, Flag, Whole
from cnndsl.layers.initialisation import Initialiser, initial, require_bias
from cnndsl.layers.layer import Example, Layer, Reject, Shapes
from cnndsl.layers.lowering import ModuleCall, Step, options
from cnndsl.layers.reach import Reaches, everywhere
from cnndsl.layers.saved import NOTHING, Saved
from cnndsl.layers.tensor import TensorType

__all__ = ["Flatten", "FullyConnected"]


class FullyConnected(Layer):
    """Fully connected: every unit weighs everything that comes in; a map is flattened first."""

    begins = ("init", "bias_init")

    words = ("FC",)
    elsewhere = ("linear", "dense", "fullyconnected", "innerproduct")
    sets_width = True
    units = Whole("the number of units", default=Filled.UNITS)
    bias = Flag("the bias", default=True)
    init = Initialiser("the initialisation of the weights")
    bias_init = Initialiser("the initialisation of the bias", has_fans=False)

    examples = (
        Example("INPUT(512x7x7) -> FC(4096)", "4096", 102_764_544, 102_760_448),
        Example("INPUT(84) -> FC(10, bias=false)", "10", 840, 840),
        Example("INPUT(84) -> FC(10, init=xavier, bias_init=zeros)", "10", 850, 840),
    )
    rejects = (
        Reject("INPUT(84) -> FC(0)", "bad-argument"),
        Reject("INPUT(84) -> FC(10, bias=auto)", "bad-argument"),
        Reject("INPUT(84) -> FC(7/2)", "bad-argument"),
        Reject("INPUT(84) -> FC(10, bias=false, bias_init=zeros)", "bad-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        require_bias(self)
        return TensorType(self.units)

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        return (everywhere(inputs[0]),)

    def parameters(self, inputs: tuple[TensorType, ...]) -> Shapes:
        weight: Shapes = {"weight": (self.units, inputs[0].elements)}
        return {**weight, "bias": (self.units,)} if self.bias else weight

    def macs(self, inputs: tuple[TensorType, ...], output: TensorType) -> int:
        return inputs[0].elements * self.units

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        sizes = {"in_features": inputs[0].elements, "out_features": self.units}
        start = initial(weight=self.init, bias=self.bias_init if self.bias else None)
        linear = ModuleCall("torch.nn.Linear", sizes, options(bias=(self.bias, True)), initial=start)
        return (linear,) if inputs[0].rank == 0 else (ModuleCall("torch.nn.Flatten", suffix="flatten"), linear)


class Flatten(Layer):
    """Flatten: a map as one long vector, channel after channel."""

    words = ("FLATTEN",)

    examples = (
        Example("INPUT(16x5x5) -> FLATTEN", "400"),
        Example("INPUT(16) -> FLATTEN", "16"),
    )
    rejects = (Reject("INPUT(16x5x5) -> FLATTEN(2)", "too-many-arguments"),)

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        return TensorType(inputs[0].elements)

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        return (everywhere(inputs[0]),)

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (ModuleCall("torch.nn.Flatten"),)
