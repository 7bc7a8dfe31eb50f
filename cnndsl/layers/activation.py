"""Activations: a function of every value, or (softmax) of the values at a position."""

from __future__ import annotations

from typing import ClassVar

from cnndsl.layers.attributes import Real, Symbol
from cnndsl.layers.layer import Example, Layer, Reject, Shapes
from cnndsl.layers.lowering import FunctionCall, ModuleCall, Step, options
from cnndsl.layers.saved import Saved
from cnndsl.layers.tensor import TensorType

__all__ = [
    "Absolute",
    "Elu",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "LeakyRelu",
    "LogSoftmax",
    "Mish",
    "ParametricRelu",
    "Relu",
    "Relu6",
    "Selu",
    "Sigmoid",
    "Silu",
    "Softmax",
    "Softplus",
    "Tanh",
]


class _Elementwise(Layer):
    """An activation that is a module of torch; `arguments` pairs torch's names with our attributes."""

    module: ClassVar[str]
    arguments: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.words and not cls.examples:
            word = cls.words[0]
            cls.examples = (
                Example(f"INPUT(8x6x6) -> {word}", "8x6x6"),
                Example(f"INPUT(8) -> {word}", "8"),
            )
        if cls.words and not cls.rejects:
            cls.rejects = (Reject(f"INPUT(8) -> {cls.words[0]}(1, 2, 3)", "too-many-arguments"),)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        written = {
            torch_name: (self.value(name), self.attributes[name].default) for torch_name, name in self.arguments.items()
        }
        return (ModuleCall(f"torch.nn.{self.module}", options=written),)


class Relu(_Elementwise):
    """Rectified linear unit: max(0, x)."""

    words = ("RELU",)
    module = "ReLU"

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return Saved(output=True)


class Relu6(_Elementwise):
    """ReLU that stops at 6: min(max(0, x), 6)."""

    words = ("RELU6",)
    module = "ReLU6"


class LeakyRelu(_Elementwise):
    """Leaky ReLU: x above 0, slope * x below."""

    words = ("LEAKYRELU",)
    module = "LeakyReLU"
    arguments: ClassVar = {"negative_slope": "slope"}
    slope = Real("the slope", default=0.01)

    examples = (
        Example("INPUT(8x6x6) -> LEAKYRELU", "8x6x6"),
        Example("INPUT(8x6x6) -> LEAKYRELU(0.2)", "8x6x6"),
    )
    rejects = (Reject("INPUT(8) -> LEAKYRELU(same)", "bad-argument"),)


class ParametricRelu(Layer):
    """Parametric ReLU: leaky ReLU with a learned slope, one for all channels or one for each (He et al., 2015)."""

    begins = ("slope",)

    words = ("PRELU",)
    per = Symbol("per", ("one", "channel"), default="one")
    slope = Real("the slope at the start", default=0.25)

    examples = (
        Example("INPUT(8x6x6) -> PRELU", "8x6x6", 1),
        Example("INPUT(8x6x6) -> PRELU(channel)", "8x6x6", 8),
        Example("INPUT(8) -> PRELU(slope=0.1)", "8", 1),
    )
    rejects = (Reject("INPUT(8) -> PRELU(max)", "bad-argument"),)

    def _count(self, inputs: tuple[TensorType, ...]) -> int:
        return inputs[0].channels if self.per == "channel" else 1

    def parameters(self, inputs: tuple[TensorType, ...]) -> Shapes:
        return {"weight": (self._count(inputs),)}

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        written = options(num_parameters=(self._count(inputs), 1), init=(self.slope, 0.25))
        return (ModuleCall("torch.nn.PReLU", options=written),)


class Elu(_Elementwise):
    """Exponential linear unit: x above 0, alpha * (exp(x) - 1) below (Clevert et al., 2015)."""

    words = ("ELU",)
    module = "ELU"
    arguments: ClassVar = {"alpha": "alpha"}
    alpha = Real("alpha", default=1.0)


class Selu(_Elementwise):
    """Scaled ELU, whose constants keep mean and variance (Klambauer et al., 2017)."""

    words = ("SELU",)
    module = "SELU"


class Gelu(_Elementwise):
    """Gaussian error linear unit: x * P(X <= x), exactly or by tanh (Hendrycks & Gimpel, 2016)."""

    words = ("GELU",)
    module = "GELU"
    arguments: ClassVar = {"approximate": "approximate"}
    approximate = Symbol("approximate", ("none", "tanh"), default="none")

    examples = (
        Example("INPUT(8x6x6) -> GELU", "8x6x6"),
        Example("INPUT(8x6x6) -> GELU(approximate=tanh)", "8x6x6"),
    )
    rejects = (Reject("INPUT(8) -> GELU(same)", "bad-argument"),)


class Silu(_Elementwise):
    """Sigmoid linear unit, also called swish: x * sigmoid(x)."""

    words = ("SILU",)
    elsewhere = ("swish",)
    module = "SiLU"


class Mish(_Elementwise):
    """Mish: x * tanh(softplus(x)) (Misra, 2019)."""

    words = ("MISH",)
    module = "Mish"


class HardSwish(_Elementwise):
    """Hard swish: x * min(max(0, x + 3), 6) / 6 (Howard et al., 2019)."""

    words = ("HSWISH",)
    elsewhere = ("hardswish",)
    module = "Hardswish"


class Sigmoid(_Elementwise):
    """Logistic function: 1 / (1 + exp(-x))."""

    words = ("SIGMOID",)
    module = "Sigmoid"

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return Saved(output=True)


class HardSigmoid(_Elementwise):
    """Hard sigmoid: min(max(0, x + 3), 6) / 6."""

    words = ("HSIGMOID",)
    elsewhere = ("hardsigmoid",)
    module = "Hardsigmoid"


class Tanh(_Elementwise):
    """Hyperbolic tangent."""

    words = ("TANH",)
    module = "Tanh"

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return Saved(output=True)


class Softplus(_Elementwise):
    """Softplus: log(1 + exp(beta * x)) / beta; linear where beta * x is above the threshold."""

    words = ("SOFTPLUS",)
    module = "Softplus"
    arguments: ClassVar = {"beta": "beta", "threshold": "threshold"}
    beta = Real("beta", default=1.0)
    threshold = Real("the threshold", default=20.0)

    examples = (Example("INPUT(8x6x6) -> SOFTPLUS(2, threshold=10)", "8x6x6"),)
    rejects = (Reject("INPUT(8) -> SOFTPLUS(true)", "bad-argument"),)


class _OverChannels(Layer):
    """A function of all channels at a position."""

    module: ClassVar[str]

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return Saved(output=True)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (ModuleCall(f"torch.nn.{self.module}", options=options(dim=(1, None))),)


class Softmax(_OverChannels):
    """Softmax over the channels: positive, and 1 in sum, at each position."""

    words = ("SOFTMAX",)
    module = "Softmax"

    examples = (Example("INPUT(10) -> SOFTMAX", "10"), Example("INPUT(21x8x8) -> SOFTMAX", "21x8x8"))
    rejects = (Reject("INPUT(10) -> SOFTMAX(1)", "too-many-arguments"),)


class LogSoftmax(_OverChannels):
    """Logarithm of the softmax over the channels."""

    words = ("LOGSOFTMAX",)
    module = "LogSoftmax"

    examples = (Example("INPUT(10) -> LOGSOFTMAX", "10"),)
    rejects = (Reject("INPUT(10) -> LOGSOFTMAX(1)", "too-many-arguments"),)


class Absolute(Layer):
    """Absolute value."""

    words = ("ABS",)

    examples = (Example("INPUT(8x6x6) -> ABS", "8x6x6"),)
    rejects = (Reject("INPUT(8) -> ABS(1)", "too-many-arguments"),)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (FunctionCall("torch.abs"),)


class Identity(Layer):
    """Identity: passes its input on, and leaves no trace in the graph."""

    words = ("ID",)
    elsewhere = ("identity",)
    transparent = True

    examples = (Example("INPUT(8x6x6) -> ID", "8x6x6"),)
    rejects = (Reject("INPUT(8) -> ID(1)", "too-many-arguments"),)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return ()
