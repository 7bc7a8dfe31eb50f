"""Normalisation."""

from __future__ import annotations

from math import prod

from cnndsl.layers.attributes import Flag, Real, Rejected, Whole
from cnndsl.layers.convolution import require_groups, require_map
from cnndsl.layers.layer import Example, Layer, Reject, Shapes
from cnndsl.layers.lowering import PARTS, FunctionCall, ModuleCall, Operand, Step, options
from cnndsl.layers.reach import Reaches, everywhere, pointwise
from cnndsl.layers.saved import NOTHING, NUMBER_BYTES, Saved
from cnndsl.layers.tensor import TensorType

__all__ = [
    "BatchNormalisation",
    "GroupNormalisation",
    "InstanceNormalisation",
    "LayerNormalisation",
    "LocalResponseNormalisation",
    "UnitNormalisation",
]

_NO_CHANNELS = "the number of channels is known, and not an argument"


class _ScaledNormalisation(Layer):
    """Mean 0 and variance 1 over some values, then a learned scale and shift for every channel."""

    eps = Real("eps", default=1e-5, above=0, maximum=1, too_large=_NO_CHANNELS)
    scale = Flag("scale", default=True)
    shift = Flag("shift", default=True)

    def parameters(self, inputs: tuple[TensorType, ...]) -> Shapes:
        present = {"weight": self.scale, "bias": self.shift}
        return {name: (inputs[0].channels,) for name, is_present in present.items() if is_present}

    @property
    def is_affine(self) -> bool:
        """Whether torch's module learns anything; it has both of scale and shift or none."""
        return self.scale or self.shift

    @property
    def without(self) -> tuple[str, ...]:
        """What torch's module would learn beyond that."""
        absent = {"weight": self.is_affine and not self.scale, "bias": self.is_affine and not self.shift}
        return tuple(name for name, is_absent in absent.items() if is_absent)


class BatchNormalisation(_ScaledNormalisation):
    """Batch normalisation: every channel gets mean 0 and variance 1 over the batch, then a learned scale and shift.

    Ioffe & Szegedy, 2015. Running mean, running variance and the count of batches are buffers: 2C + 1 numbers.
    """

    words = ("BN",)
    elsewhere = ("batchnorm", "batchnormalization", "batchnormalisation")
    removes_mean = True
    eps = _ScaledNormalisation.eps
    momentum = Real("the momentum", default=0.1, minimum=0, maximum=1)
    scale = _ScaledNormalisation.scale
    shift = _ScaledNormalisation.shift

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

    def buffers(self, inputs: tuple[TensorType, ...]) -> Shapes:
        return _running_statistics(inputs[0])

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return Saved((0,), batch=2 * output.channels * NUMBER_BYTES)  # mean and deviation

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        entering = inputs[0]
        written = options(eps=(self.eps, 1e-5), momentum=(self.momentum, 0.1), affine=(self.is_affine, True))
        path = f"torch.nn.BatchNorm{max(entering.rank, 1)}d"
        return (ModuleCall(path, {"num_features": entering.channels}, written, self.without),)


class InstanceNormalisation(_ScaledNormalisation):
    """Instance normalisation: every channel of every sample gets mean 0 and variance 1 over its positions.

    Ulyanov et al., 2016. As in PyTorch nothing is learned and no running statistics are kept unless asked for. A bias
    before it is kept, as its networks do (CycleGAN).
    """

    words = ("INSTANCENORM",)
    elsewhere = ("instancenormalization", "instancenormalisation")
    eps = _ScaledNormalisation.eps
    momentum = BatchNormalisation.momentum
    scale = Flag("scale", default=False)
    shift = Flag("shift", default=False)
    running = Flag("running", default=False)

    examples = (
        Example("INPUT(64x56x56) -> INSTANCENORM", "64x56x56"),
        Example("INPUT(64x50) -> INSTANCENORM(scale=true, shift=true)", "64x50", 128),
        Example("INPUT(4x3x5x5) -> INSTANCENORM(1e-3, shift=true, running=true)", "4x3x5x5", 4),
    )
    rejects = (
        Reject("INPUT(64) -> INSTANCENORM", "needs-map"),
        Reject("INPUT(64x1x1) -> INSTANCENORM", "needs-map"),
        Reject("INPUT(64x8x8) -> INSTANCENORM(eps=-1)", "bad-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        entering = require_map(self, inputs)
        if entering.elements == entering.channels:
            message = f"INSTANCENORM needs more than the one position of {entering}: a single value is its own mean"
            raise Rejected(message, code="needs-map", help="use BN, which normalises over the batch")
        return entering

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        return super().reach(inputs, output) if self.running else (_with_statistics(output),)

    def buffers(self, inputs: tuple[TensorType, ...]) -> Shapes:
        return _running_statistics(inputs[0]) if self.running else {}

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        # Torch lays the samples beside each other as channels: of each a mean, a deviation, a scale, what is running.
        kept = 2 + self.scale + 2 * self.running
        return Saved((0,), sample=kept * output.channels * NUMBER_BYTES)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        written = options(
            eps=(self.eps, 1e-5),
            momentum=(self.momentum, 0.1),
            affine=(self.is_affine, False),
            track_running_stats=(self.running, False),
        )
        path = f"torch.nn.InstanceNorm{output.rank}d"
        return (ModuleCall(path, {"num_features": output.channels}, written, self.without),)


class LayerNormalisation(_ScaledNormalisation):
    """Layer normalisation over the channels at each position, then a learned scale and shift for every channel.

    Ba et al., 2016; over channels only, as ConvNeXt has it (Liu et al., 2022), and not over the map.
    """

    words = ("LN",)
    elsewhere = ("layernorm", "layernormalization", "layernormalisation")
    eps = _ScaledNormalisation.eps
    scale = _ScaledNormalisation.scale
    shift = _ScaledNormalisation.shift

    examples = (
        Example("INPUT(96x56x56) -> LN(1e-6)", "96x56x56", 192),
        Example("INPUT(768) -> LN", "768", 1_536),
        Example("INPUT(16x50) -> LN(shift=false)", "16x50", 16),
        Example("INPUT(4x3x5x5) -> LN(scale=false)", "4x3x5x5", 4),
        Example("INPUT(16x5x5) -> LN(scale=false, shift=false)", "16x5x5"),
    )
    rejects = (
        Reject("INPUT(96x8x8) -> LN(0)", "bad-argument"),
        Reject("INPUT(96x8x8) -> LN(scale=1)", "bad-argument"),
    )

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        saved = Saved((0,), sample=2 * prod(output.spatial) * NUMBER_BYTES)  # mean and deviation
        return saved if self.scale or wanted[0] else NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        if self.shift and not self.scale:
            return (
                ModuleCall(f"{PARTS}.ShiftedChannelNorm", {"channels": output.channels}, options(eps=(self.eps, 1e-5))),
            )
        written = options(eps=(self.eps, 1e-5), elementwise_affine=(self.is_affine, True))
        path = f"{PARTS}.ChannelNorm" if output.rank else "torch.nn.LayerNorm"
        return (ModuleCall(path, {"normalized_shape": output.channels}, written, self.without),)


class GroupNormalisation(_ScaledNormalisation):
    """Group normalisation: mean 0 and variance 1 over a group of channels and all positions, then scale and shift.

    Wu & He, 2018.
    """

    words = ("GN",)
    elsewhere = ("groupnorm", "groupnormalization", "groupnormalisation")
    groups = Whole("the number of groups")
    eps = _ScaledNormalisation.eps
    scale = _ScaledNormalisation.scale
    shift = _ScaledNormalisation.shift

    examples = (
        Example("INPUT(64x56x56) -> GN(32)", "64x56x56", 128),
        Example("INPUT(12) -> GN(3, scale=false)", "12", 12),
        Example("INPUT(4x3x5x5) -> GN(1, eps=1e-3, shift=false)", "4x3x5x5", 4),
        Example("INPUT(8x20) -> GN(8, scale=false, shift=false)", "8x20"),
    )
    rejects = (
        Reject("INPUT(64x8x8) -> GN", "missing-argument"),
        Reject("INPUT(64x8x8) -> GN(48)", "groups"),
        Reject("INPUT(64x8x8) -> GN(32, eps=0)", "bad-argument"),
        Reject("INPUT(8x1x1) -> GN(8)", "bad-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        entering = inputs[0]
        require_groups(self.groups, entering.channels, entering.channels)
        if entering.elements == self.groups:
            message = f"each of {self.groups} groups of {entering} holds one value, which is its own mean"
            raise Rejected(message, attribute="groups", help="write fewer groups")
        return entering

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        return (_with_statistics(output),)

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        saved = Saved((0,), sample=2 * self.groups * NUMBER_BYTES)  # mean and deviation
        return saved if self.scale or wanted[0] else NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        sizes = {"num_groups": self.groups, "num_channels": output.channels}
        if self.shift and not self.scale:
            return (ModuleCall(f"{PARTS}.ShiftedGroupNorm", sizes, options(eps=(self.eps, 1e-5))),)
        written = options(eps=(self.eps, 1e-5), affine=(self.is_affine, True))
        return (ModuleCall("torch.nn.GroupNorm", sizes, written, self.without),)


class UnitNormalisation(Layer):
    """Unit length: the channels at each position are divided by the root of the sum of their squares.

    ParseNet (Liu et al., 2015) and SSD have a learned factor behind it: `L2NORM -> SCALE(20)`.
    """

    words = ("L2NORM",)
    elsewhere = ("normalize", "unitnormalization", "l2normalization")
    eps = Real("eps", default=1e-12, above=0, maximum=1)

    examples = (
        Example("INPUT(512x38x38) -> L2NORM", "512x38x38"),
        Example("INPUT(128) -> L2NORM(1e-6)", "128"),
    )
    rejects = (
        Reject("INPUT(128) -> L2NORM(0)", "bad-argument"),
        Reject("INPUT(128) -> L2NORM(2, 1)", "too-many-arguments"),
    )

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return Saved((0,), sample=2 * prod(output.spatial) * NUMBER_BYTES)  # the length, and at least eps

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        settings = {"dim": 1} if self.eps == 1e-12 else {"dim": 1, "eps": self.eps}
        return (FunctionCall("torch.nn.functional.normalize", (Operand.INPUT,), settings),)


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

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        # The squares between channels of zeros, the damping and its power.
        channels = 3 * output.channels + self.size - 1
        return Saved((0,), sample=channels * prod(output.spatial) * NUMBER_BYTES)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        written = options(alpha=(self.alpha, 1e-4), beta=(self.beta, 0.75), k=(self.k, 1.0))
        norm = ModuleCall("torch.nn.LocalResponseNorm", {"size": self.size}, written)
        # In three dimensions torch views the map in another shape, which one that is permuted does not allow.
        return (norm,) if inputs[0].rank < 3 else (FunctionCall("torch.Tensor.contiguous"), norm)


def _with_statistics(type: TensorType) -> tuple[Reaches, ...]:
    """Each value is read at its place, and all positions for their mean and variance."""
    pairs = zip(pointwise(type.rank), everywhere(type), strict=True)
    return tuple((*(own or ()), *(whole or ())) for own, whole in pairs)


def _running_statistics(type: TensorType) -> Shapes:
    """The buffers of torch's norms that keep a mean and a variance for every channel, and count batches."""
    return {"running_mean": (type.channels,), "running_var": (type.channels,), "num_batches_tracked": ()}
