"""Convolution: plain, depthwise, transposed.

MACs are products with weights, those with padding included (Dumoulin & Visin, "A guide to convolution arithmetic
for deep learning", 2016, for the sizes).
"""

from __future__ import annotations

from math import gcd, prod

from cnndsl.layers.attributes import AutoFlag, Extents, Filled, Padding, Rejected, Whole
from cnndsl.layers.initialisation import Initialiser, initial, require_bias
from cnndsl.layers.layer import Example, Layer, Reject, Shapes
from cnndsl.layers.lowering import ModuleCall, Step, compact, options
from cnndsl.layers.reach import Reaches
from cnndsl.layers.saved import NUMBER_BYTES, Saved
from cnndsl.layers.tensor import TensorType, a_size, by_x
from cnndsl.layers.windows import Pairs, Window, spans

__all__ = ["Convolution", "DepthwiseConvolution", "TransposedConvolution"]

PADDINGS = ("same", "valid", "full", "same_upper", "causal")


class _SlidingConvolution(Layer):
    """What plain and depthwise convolution share: a window, and kernels of their own for each group."""

    begins = ("init", "bias_init")

    kernel = Extents("the kernel", default=3)
    stride = Extents("the stride", default=1)
    padding = Padding("the padding", PADDINGS, default="same")
    dilation = Extents("the dilation", default=1)
    bias = AutoFlag("the bias", default=Filled.BIAS)
    init = Initialiser("the initialisation of the weights")
    bias_init = Initialiser("the initialisation of the bias", has_fans=False)

    def channels(self, incoming: int) -> tuple[int, int]:
        """Filters and groups for a number of incoming channels."""
        raise NotImplementedError

    @property
    def window(self) -> Window:
        return Window(self.kernel, self.stride, self.dilation, self.padding)

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        entering = require_map(self, inputs)
        require_bias(self)
        filters, _ = self.channels(entering.channels)
        return TensorType(filters, self.window.slide(entering.spatial))

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        return (self.window.reach(inputs[0].spatial),)

    def parameters(self, inputs: tuple[TensorType, ...]) -> Shapes:
        incoming = inputs[0].channels
        filters, groups = self.channels(incoming)
        weight: Shapes = {"weight": (filters, incoming // groups, *self.kernel)}
        return weight if self.bias is False else {**weight, "bias": (filters,)}

    def macs(self, inputs: tuple[TensorType, ...], output: TensorType) -> int:
        return prod(self.parameters(inputs)["weight"]) * prod(output.spatial)

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        pad, _ = split_padding(self.window.pairs(inputs[0].spatial))
        return keeps_padded(inputs[0], pad)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        entering = inputs[0]
        filters, groups = self.channels(entering.channels)
        pad, padding = split_padding(self.window.pairs(entering.spatial))
        written = options(
            stride=(compact(self.stride), 1),
            padding=(compact(padding), 0),
            dilation=(compact(self.dilation), 1),
            groups=(groups, 1),
            bias=(self.bias is not False, True),
        )
        sizes = {"in_channels": entering.channels, "out_channels": filters, "kernel_size": compact(self.kernel)}
        start = initial(weight=self.init, bias=None if self.bias is False else self.bias_init)
        return (*pad, ModuleCall(f"torch.nn.Conv{entering.rank}d", sizes, written, initial=start))


class Convolution(_SlidingConvolution):
    """Convolution: every filter slides over the map and weighs what it covers."""

    words = ("CONV",)
    elsewhere = ("convolution", "conv")
    sets_width = True
    filters = Whole("the number of filters", default=Filled.FILTERS)
    kernel = _SlidingConvolution.kernel
    stride = _SlidingConvolution.stride
    padding = _SlidingConvolution.padding
    dilation = _SlidingConvolution.dilation
    groups = Whole("the number of groups", default=1)
    bias = _SlidingConvolution.bias
    init = _SlidingConvolution.init
    bias_init = _SlidingConvolution.bias_init

    examples = (
        Example("INPUT(3x32x32) -> CONV(16)", "16x32x32", 448, 442_368),
        Example("INPUT(3x224x224) -> CONV(64, 7, 2, bias=false)", "64x112x112", 9_408, 118_013_952),
        Example("INPUT(16x9x9) -> CONV(8, 1x7, padding=same)", "8x9x9", 904, 72_576),
        Example("INPUT(4x8x8) -> CONV(4, 2, padding=same)", "4x8x8", 68, 4_096),
        Example("INPUT(4x8x8) -> CONV(8, 3, 2, padding=same_upper, groups=2)", "8x4x4", 152, 2_304),
        Example("INPUT(4x8x8) -> CONV(8, 3, padding=full, dilation=2)", "8x12x12", 296, 41_472),
        Example("INPUT(4x8x8) -> CONV(8, 3, padding=((0, 1), (2, 3)))", "8x7x11", 296, 22_176),
        Example("INPUT(40x98) -> CONV(64, 8, 4, padding=valid)", "64x23", 20_544, 471_040),
        Example("INPUT(4x20) -> CONV(2, 3, padding=causal)", "2x20", 26, 480),
        Example("INPUT(1x16x28x28) -> CONV(8, 3)", "8x16x28x28", 224, 2_709_504),
        Example("INPUT(8x6x6) -> CONV(16, 5, init=normal(0.01), bias_init=constant(1))", "16x6x6", 3_216, 115_200),
        Example("INPUT(8x6x6) -> CONV(4, init=he)", "4x6x6", 292, 10_368),
    )
    rejects = (
        Reject("INPUT(3x5x5) -> CONV(8, 7, padding=valid)", "window-too-large"),
        Reject("INPUT(10) -> CONV(8)", "needs-map"),
        Reject("INPUT(4x8x8) -> CONV(6, groups=4)", "groups"),
        Reject("INPUT(4x8x8) -> CONV(-3)", "bad-argument"),
        Reject("INPUT(4x8x8) -> CONV(8, 3x3x3)", "bad-argument"),
        Reject("INPUT(4x8x8) -> CONV(8, 3, 0)", "bad-argument"),
        Reject("INPUT(4x8x8) -> CONV(8, padding=causal)", "bad-argument"),
        Reject("INPUT(4x8x8) -> CONV(8, padding=max)", "bad-argument"),
        Reject("INPUT(4x8x8) -> CONV(8, bias=2)", "bad-argument"),
        Reject("INPUT(4x8x8) -> CONV(8, bias=false, bias_init=zeros)", "bad-argument"),
        Reject("INPUT(4x8x8) -> CONV(8, bias_init=he)", "bad-argument"),
        Reject("INPUT(4x8x8) -> CONV(8, init=normal(-1))", "bad-argument"),
    )

    def channels(self, incoming: int) -> tuple[int, int]:
        require_groups(self.groups, incoming, self.filters)
        return self.filters, self.groups

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        if set(self.kernel) == {1}:
            require_map(self, inputs, f"a vector has no positions: write FC({self.filters})")
        return super().infer(inputs)


class DepthwiseConvolution(_SlidingConvolution):
    """Depthwise convolution: every channel gets filters of its own and is not mixed with the others."""

    words = ("DWCONV",)
    elsewhere = ("depthwiseconv", "depthwiseconvolution")
    kernel = _SlidingConvolution.kernel
    stride = _SlidingConvolution.stride
    multiplier = Whole("the number of filters for each channel", default=1)
    padding = _SlidingConvolution.padding
    dilation = _SlidingConvolution.dilation
    bias = _SlidingConvolution.bias
    init = _SlidingConvolution.init
    bias_init = _SlidingConvolution.bias_init

    examples = (
        Example("INPUT(32x112x112) -> DWCONV(bias=false)", "32x112x112", 288, 3_612_672),
        Example("INPUT(8x9x9) -> DWCONV(5, 2, 3)", "24x5x5", 624, 15_000),
        Example("INPUT(8x30) -> DWCONV(3, padding=valid)", "8x28", 32, 672),
        Example("INPUT(8x6x6) -> DWCONV(init=lecun, bias_init=zeros)", "8x6x6", 80, 2_592),
    )
    rejects = (
        Reject("INPUT(8x4x4) -> DWCONV(7, padding=valid)", "window-too-large"),
        Reject("INPUT(8) -> DWCONV", "needs-map"),
        Reject("INPUT(8x4x4) -> DWCONV(multiplier=0)", "bad-argument"),
        Reject("INPUT(8x4x4) -> DWCONV(init=same)", "bad-argument"),
    )

    def channels(self, incoming: int) -> tuple[int, int]:
        return incoming * self.multiplier, incoming


class TransposedConvolution(Layer):
    """Transposed convolution: every position paints its filters onto a larger map."""

    begins = ("init", "bias_init")

    words = ("DECONV",)
    elsewhere = ("convtranspose", "conv2dtranspose", "conv1dtranspose", "conv3dtranspose")
    sets_width = True
    filters = Whole("the number of filters")
    kernel = Extents("the kernel", default=2)
    stride = Extents("the stride", default=2)
    padding = Padding("the padding", ("valid",), default=0)
    output_padding = Extents("the output padding", default=0, minimum=0)
    dilation = Extents("the dilation", default=1)
    groups = Whole("the number of groups", default=1)
    bias = AutoFlag("the bias", default=Filled.BIAS)
    init = _SlidingConvolution.init
    bias_init = _SlidingConvolution.bias_init

    examples = (
        Example("INPUT(128x56x56) -> DECONV(64)", "64x112x112", 32_832, 102_760_448),
        Example("INPUT(8x4x4) -> DECONV(4, 4, 2, 1, bias=false)", "4x8x8", 512, 8_192),
        Example("INPUT(8x4x4) -> DECONV(4, 3, 2, 1, output_padding=1, groups=2)", "4x8x8", 148, 2_304),
        Example("INPUT(8x10) -> DECONV(4, 3, 1, dilation=2)", "4x14", 100, 960),
        Example("INPUT(2x3x4x4) -> DECONV(4, padding=valid)", "4x6x8x8", 68, 3_072),
        Example("INPUT(8x4x4) -> DECONV(4, init=xavier, bias_init=uniform(0.1))", "4x8x8", 132, 2_048),
    )
    rejects = (
        Reject("INPUT(8x4x4) -> DECONV", "missing-argument"),
        Reject("INPUT(8) -> DECONV(4)", "needs-map"),
        Reject("INPUT(8x4x4) -> DECONV(4, groups=3)", "groups"),
        Reject("INPUT(8x4x4) -> DECONV(4, 2, 2, output_padding=2)", "bad-argument"),
        Reject("INPUT(8x2x2) -> DECONV(4, 2, 1, 2)", "window-too-large"),
        Reject("INPUT(8x4x4) -> DECONV(4, padding=((0, 1), (0, 1)))", "bad-argument"),
        Reject("INPUT(8x4x4) -> DECONV(4, bias=false, bias_init=constant(1))", "bad-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        entering = require_map(self, inputs)
        require_groups(self.groups, entering.channels, self.filters)
        require_bias(self)
        pairs = self._pairs(entering.rank)
        if any(before != after for before, after in pairs):
            message = "the padding of a transposed convolution is the same on both sides"
            raise Rejected(message, attribute="padding", help="cut one side off with CROP")
        for extra, stride, step in zip(self.output_padding, self.stride, self.dilation, strict=True):
            if extra >= max(stride, step):
                message = f"the output padding is smaller than the stride or the dilation, not {extra}"
                raise Rejected(message, attribute="output_padding", label=f"{extra} >= max({stride}, {step})")
        sizes = tuple(
            (size - 1) * stride - sum(pair) + reach + extra
            for size, stride, pair, reach, extra in zip(
                entering.spatial,
                self.stride,
                pairs,
                spans(self.kernel, self.dilation),
                self.output_padding,
                strict=True,
            )
        )
        if any(size < 1 for size in sizes):
            message = f"padding {pairs[0][0]} leaves nothing of {a_size(entering.spatial)} map"
            raise Rejected(
                message, attribute="padding", code="window-too-large", label=f"the size would be {by_x(sizes)}"
            )
        return TensorType(self.filters, sizes)

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        window = Window(self.kernel, self.stride, self.dilation, self._pairs(output.rank))
        return (window.reach_back(output.spatial),)

    def _pairs(self, rank: int) -> Pairs:
        return ((0, 0),) * rank if isinstance(self.padding, str) else self.padding

    def parameters(self, inputs: tuple[TensorType, ...]) -> Shapes:
        weight: Shapes = {"weight": (inputs[0].channels, self.filters // self.groups, *self.kernel)}
        return weight if self.bias is False else {**weight, "bias": (self.filters,)}

    def macs(self, inputs: tuple[TensorType, ...], output: TensorType) -> int:
        return prod(self.parameters(inputs)["weight"]) * prod(inputs[0].spatial)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        entering = inputs[0]
        padding = tuple(before for before, _ in self._pairs(entering.rank))
        written = options(
            stride=(compact(self.stride), 1),
            padding=(compact(padding), 0),
            output_padding=(compact(self.output_padding), 0),
            groups=(self.groups, 1),
            bias=(self.bias is not False, True),
            dilation=(compact(self.dilation), 1),
        )
        sizes = {"in_channels": entering.channels, "out_channels": self.filters, "kernel_size": compact(self.kernel)}
        start = initial(weight=self.init, bias=None if self.bias is False else self.bias_init)
        return (ModuleCall(f"torch.nn.ConvTranspose{entering.rank}d", sizes, written, initial=start),)


def require_map(layer: Layer, inputs: tuple[TensorType, ...], help: str = "") -> TensorType:
    """The map that enters; `help` is what to write where a vector does, if that is known.

    Raises:
        Rejected: a vector enters.
    """
    entering = inputs[0]
    if entering.rank == 0:
        message = f"{layer.word()} needs a map, C x spatial, but a vector of {entering.channels} comes in"
        help = help or "put it before the layer that makes the vector (FC, GAP, FLATTEN)"
        raise Rejected(message, code="needs-map", help=help)
    return entering


def require_plane(layer: Layer, inputs: tuple[TensorType, ...]) -> TensorType:
    """The map of two dimensions that enters.

    Raises:
        Rejected: something else enters.
    """
    entering = require_map(layer, inputs)
    if entering.rank != 2:
        raise Rejected(f"{layer.word()} needs a map C x H x W, but {entering} comes in", code="needs-map")
    return entering


def require_groups(groups: int, incoming: int, filters: int) -> None:
    """Groups divide what enters and what leaves.

    Raises:
        Rejected: they do not.
    """
    for count, what in ((incoming, "incoming channels"), (filters, "filters")):
        if count % groups:
            label = f"{count} % {groups} = {count % groups}"
            message = f"{groups} groups do not divide {count} {what}"
            raise Rejected(
                message, attribute="groups", code="groups", label=label, help=_groups_help(incoming, filters)
            )


def _groups_help(incoming: int, filters: int) -> str:
    """The numbers of groups that would do."""
    common = gcd(incoming, filters) if isinstance(incoming, int) and isinstance(filters, int) else 1
    divisors = [count for count in range(2, min(common, 4096) + 1) if common % count == 0]
    shown = ", ".join(map(str, divisors[:5])) + (", ..." if len(divisors) > 5 else "")
    both = f"{incoming} and {filters}"
    return f"{both} can be divided by {shown}" if divisors else f"no number above 1 divides {both}: change one of them"


def split_padding(pairs: Pairs) -> tuple[tuple[Step, ...], tuple[int, ...]]:
    """Padding as torch's convolutions take it, the same on both sides, and a step before them where it is not."""
    if all(before == after for before, after in pairs):
        return (), tuple(before for before, _ in pairs)
    return (explicit_padding(pairs, 0),), (0,) * len(pairs)


def keeps_padded(entering: TensorType, pad: tuple[Step, ...]) -> Saved:
    """What a layer with windows keeps: the map that enters, or where a step pads it before, what that makes of it."""
    if not pad:
        return Saved((0,))
    (step,) = pad
    assert isinstance(step, ModuleCall)
    sides = step.args["padding"]
    pairs = zip(entering.spatial, sides[-2::-2], sides[::-2], strict=True)
    padded = TensorType(entering.channels, tuple(size + before + after for size, before, after in pairs))
    return Saved(sample=padded.elements * NUMBER_BYTES)


def explicit_padding(pairs: Pairs, value: float) -> Step:
    """A step that pads with a value; negative padding cuts off."""
    sides = padding_sides(pairs)
    if value == 0:
        return ModuleCall(f"torch.nn.ZeroPad{len(pairs)}d", {"padding": sides}, suffix="pad")
    return ModuleCall(f"torch.nn.ConstantPad{len(pairs)}d", {"padding": sides, "value": value}, suffix="pad")


def padding_sides(pairs: Pairs) -> tuple[int, ...]:
    """Paddings as torch lists them, the last axis first."""
    return tuple(side for pair in reversed(pairs) for side in pair)
