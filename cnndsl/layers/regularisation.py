"""Regularisation."""

from __future__ import annotations

from cnndsl.layers.attributes import Real
from cnndsl.layers.layer import Example, Layer, Reject
from cnndsl.layers.lowering import PARTS, ModuleCall, Step, options
from cnndsl.layers.saved import NOTHING, NUMBER_BYTES, Saved
from cnndsl.layers.tensor import TensorType

__all__ = ["DropPath", "Dropout", "Noise"]

_PERCENT = "for 50 percent write 0.5"


class _Dropping(Layer):
    """A layer that zeroes with probability `p`: what comes in times factors, which are kept."""

    def factors(self, output: TensorType) -> int:
        """How many factors there are for each sample."""
        raise NotImplementedError

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        if self.value("p") in (0, 1):  # torch passes on what comes in, or has one factor for all
            return Saved(batch=int(self.value("p")) * NUMBER_BYTES)
        return Saved(sample=self.factors(output) * NUMBER_BYTES)

    def is_view(self, inputs: tuple[TensorType, ...], output: TensorType, training: bool = False) -> bool:
        return super().is_view(inputs, output, training and self.value("p") > 0)


class Dropout(_Dropping):
    """Dropout: in training each value is zeroed with probability p, and the others are scaled by 1/(1 - p)."""

    words = ("DROPOUT",)
    p = Real("the probability", default=0.5, minimum=0, maximum=1, too_large=_PERCENT)

    examples = (
        Example("INPUT(4096) -> DROPOUT", "4096"),
        Example("INPUT(8x6x6) -> DROPOUT(0.2)", "8x6x6"),
    )
    rejects = (Reject("INPUT(8) -> DROPOUT(1.5)", "bad-argument"),)

    def factors(self, output: TensorType) -> int:
        return output.elements

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (ModuleCall("torch.nn.Dropout", options=options(p=(self.p, 0.5))),)


class DropPath(_Dropping):
    """Stochastic depth: in training a sample is zeroed with probability p, and the others are scaled by 1/(1 - p).

    Huang et al., 2016; at the end of a residual branch, `[f -> DROPPATH(0.1) + ID]`.
    """

    words = ("DROPPATH",)
    elsewhere = ("stochasticdepth",)
    p = Real("the probability", minimum=0, maximum=1, too_large=_PERCENT)

    examples = (
        Example("INPUT(96x7x7) -> [DWCONV(7) -> DROPPATH(0.1) + ID]", "96x7x7", 4_800, 230_496),
        Example("INPUT(8) -> DROPPATH(0.2)", "8"),
    )
    rejects = (
        Reject("INPUT(8) -> DROPPATH", "missing-argument"),
        Reject("INPUT(8) -> DROPPATH(-0.1)", "bad-argument"),
    )

    def factors(self, output: TensorType) -> int:
        return 1

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (ModuleCall(f"{PARTS}.DropPath", {"p": self.p}),)


class Noise(Layer):
    """Noise: in training a normal random number of mean 0 is added to every value."""

    words = ("NOISE",)
    elsewhere = ("gaussiannoise",)
    std = Real("the standard deviation", minimum=0)

    examples = (
        Example("INPUT(3x32x32) -> NOISE(0.1)", "3x32x32"),
        Example("INPUT(8) -> NOISE(1)", "8"),
    )
    rejects = (
        Reject("INPUT(8) -> NOISE", "missing-argument"),
        Reject("INPUT(8) -> NOISE(-1)", "bad-argument"),
    )

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (ModuleCall(f"{PARTS}.GaussianNoise", {"std": self.std}),)
