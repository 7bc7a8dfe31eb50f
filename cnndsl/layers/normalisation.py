"""Normalisation."""

from __future__ import annotations

from cnndsl.layers.attributes import Flag, Real, Whole
from cnndsl.layers.convolution import require_map
from cnndsl.layers.layer import Example, Layer, Reject, Shapes
from cnndsl.layers.lowering import ModuleCall, Step, options
from cnndsl.layers.tensor import TensorType

__all__ = ["BatchNormalisation", "LocalResponseNormalisation"]


class BatchNormalisation(Layer):
    """Batch normalisation: every channel gets mean 0 and variance 1 over the batch, then a learned scale and shift.

    Ioffe & Szegedy, 2015. Running mean, running variance and the count of batches are buffers: 2C + 1 numbers.
    """

    words = ("BN",)
    elsewhere = ("batchnorm", "batchnormalization", "batchnormalisation")
    removes_mean = True
    eps = Real("eps", default=1e-5, above=0, maximum=1)
    momentum = Real("the momentum", default=0.1, minimum=0, maximum=1)
    scale = Flag("scale", default=True)
    shift = Flag("shift", default=True)

    examples = (
        Example("INPUT(64x56x56) -> BN", "64x56x56", 128),
        Example("INPUT(64x56x56) -> BN(eps=0.001, momentum=0.01, scale=false)", "64x56x56", 64),
        Example("INPUT(64) -> BN(scale=false, shift=false)", "64"),
        Example("INPUT(16x50) -> BN(shift=false)", "16x50", 16),
        Example("INPUT(4x3x5x5) -> BN", "4x3x5x5", 8),
    )
    rejects = (
        Reject("INPUT(64x8x8) -> BN(momentum=2)", "bad-argument"),
        Reject("INPUT(64x8x8) -> BN(eps=-1)", "bad-argument"),
        Reject("INPUT(64x8x8) -> BN(64)", "bad-argument"),
        Reject("INPUT(64x8x8) -> BN(scale=1)", "bad-argument"),
    )

    def parameters(self, inputs: tuple[TensorType, ...]) -> Shapes:
        present = {"weight": self.scale, "bias": self.shift}
        return {name: (inputs[0].channels,) for name, is_present in present.items() if is_present}

    def buffers(self, inputs: tuple[TensorType, ...]) -> Shapes:
        channels = inputs[0].channels
        return {"running_mean": (channels,), "running_var": (channels,), "num_batches_tracked": ()}

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        entering = inputs[0]
        affine = self.scale or self.shift
        written = options(eps=(self.eps, 1e-5), momentum=(self.momentum, 0.1), affine=(affine, True))
        absent = {"weight": affine and not self.scale, "bias": affine and not self.shift}
        return (
            ModuleCall(
                f"torch.nn.BatchNorm{max(entering.rank, 1)}d",
                {"num_features": entering.channels},
                written,
                without=tuple(name for name, is_absent in absent.items() if is_absent),
            ),
        )


class LocalResponseNormalisation(Layer):
    """Local response normalisation: a value is damped by its neighbours in the channels before and behind it.

    x / (k + alpha/size * sum of squares)^beta, as in PyTorch and Caffe; Krizhevsky et al., 2012, multiply alpha by
    the sum itself.
    """

    words = ("LRN",)
    elsewhere = ("localresponsenorm",)
    size = Whole("the number of channels", default=5)
    alpha = Real("alpha", default=1e-4)
    beta = Real("beta", default=0.75)
    k = Real("k", default=1.0)

    examples = (
        Example("INPUT(96x55x55) -> LRN", "96x55x55"),
        Example("INPUT(96x55x55) -> LRN(5, alpha=5e-4, beta=0.75, k=2)", "96x55x55"),
        Example("INPUT(8x20) -> LRN(3)", "8x20"),
    )
    rejects = (
        Reject("INPUT(96) -> LRN", "needs-map"),
        Reject("INPUT(96x8x8) -> LRN(0)", "bad-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        return require_map(self, inputs)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        written = options(alpha=(self.alpha, 1e-4), beta=(self.beta, 0.75), k=(self.k, 1.0))
        return (ModuleCall("torch.nn.LocalResponseNorm", {"size": self.size}, written),)
