"""Pooling over windows, and what takes it back."""

from __future__ import annotations

from math import inf
from operator import gt
from typing import Self

from cnndsl.layers.attributes import Extents, Flag, Padding, Rejected, SameAs, Symbol, Value
from cnndsl.layers.convolution import PADDINGS, explicit_padding, keeps_padded, require_map
from cnndsl.layers.layer import Example, Layer, Reject
from cnndsl.layers.lowering import FunctionCall, ModuleCall, Operand, Step, compact, options
from cnndsl.layers.reach import Reaches
from cnndsl.layers.saved import Saved
from cnndsl.layers.tensor import TensorType, by_x
from cnndsl.layers.windows import Pairs, Window

__all__ = ["AveragePooling", "MaxPooling", "Pooling", "Unpooling"]


class _WindowPooling(Layer):
    """What the poolings over windows share."""

    kernel = Extents("the window", default=2)
    stride = Extents("the stride", default=SameAs("kernel"))
    padding = Padding("the padding", PADDINGS, default="valid")
    ceil = Flag("ceil", default=False)

    gives_indices = False
    """It also tells where the largest values were, for an unpooling behind it."""

    def with_indices(self) -> Self:
        """The same max pooling that also tells where the largest values were."""
        copy = type(self)({name: self.value(name) for name in self.attributes}, self.filled)
        copy.__dict__["gives_indices"] = True
        return copy

    @property
    def averages(self) -> bool:
        raise NotImplementedError

    @property
    def counts_padding(self) -> bool:
        """Whether the zeros of the padding count in a mean."""
        return True

    @property
    def window(self) -> Window:
        return Window(self.kernel, self.stride, (1,) * len(self.kernel), self.padding, self.ceil)

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        entering = require_map(self, inputs)
        sizes = self.window.slide(entering.spatial)
        pairs = () if isinstance(self.padding, str) else self.padding  # the words give less than a window
        for (before, after), kernel in zip(pairs, self.kernel, strict=False):
            if max(before, after) >= kernel:
                message = f"padding {max(before, after)} would give windows that hold nothing but padding"
                raise Rejected(message, attribute="padding", help=f"write at most {kernel - 1}, or a larger window")
        if self.averages and (self.ceil or not self.counts_padding) and not self._fits_torch(entering):
            self._reject_uneven_mean()
        return TensorType(entering.channels, sizes)

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        return (self.window.reach(inputs[0].spatial),)

    def _reject_uneven_mean(self) -> None:
        """Whether a cell counts in a mean is known to torch only for the padding that its own layers do."""
        why = "it differs on the two sides, is over half the window, or makes up for a map smaller than the window"
        if not self.counts_padding:
            message = f"this padding cannot be left out of the mean: {why}"
            raise Rejected(message, attribute="padding", help="write count_pad=true, or the same number on both sides")
        if self.ceil:
            message = f"this padding of a mean cannot go with ceil=true: {why}"
            raise Rejected(message, attribute="padding", help="write ceil=false, or the same number on both sides")

    def _fits_torch(self, entering: TensorType) -> bool:
        """Whether torch's own poolings do this padding: the same on both sides, by at most half the window.

        Its AvgPool3d needs a map that is no smaller than the window even before padding.
        """
        pairs = self.window.pairs(entering.spatial)
        if self.averages and entering.rank == 3 and any(map(gt, self.kernel, entering.spatial)):
            return False
        return all(
            before == after and 2 * before <= kernel for (before, after), kernel in zip(pairs, self.kernel, strict=True)
        )

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        pad = self._steps_before(inputs[0], output)
        return keeps_padded(inputs[0], pad)._replace(indices=not self.averages)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        entering = inputs[0]
        pairs = self.window.pairs(entering.spatial)
        fits = self._fits_torch(entering)
        before = self._steps_before(entering, output)
        kernel = compact(self.kernel)
        written = options(
            stride=(compact(self.stride), kernel),
            padding=(compact(tuple(side for side, _ in pairs)) if fits else 0, 0),
            ceil_mode=(fits and self.ceil, False),
            return_indices=(self.gives_indices, False),
        )
        if self.averages:
            written = {**written, **options(count_include_pad=(self.counts_padding, True))}
        kind = "Avg" if self.averages else "Max"
        results = 2 if self.gives_indices else 1
        path = f"torch.nn.{kind}Pool{entering.rank}d"
        return (*before, ModuleCall(path, {"kernel_size": kernel}, written, results=results))

    def _steps_before(self, entering: TensorType, output: TensorType) -> tuple[Step, ...]:
        """Padding that torch's own poolings do not do."""
        if self._fits_torch(entering):
            return ()
        return (self._explicit_padding(entering, output, self.window.pairs(entering.spatial)),)

    def _explicit_padding(self, entering: TensorType, output: TensorType, pairs: Pairs) -> Step:
        if not self.ceil:
            return explicit_padding(pairs, 0 if self.averages else -inf)
        exact = zip(entering.spatial, output.spatial, self.stride, self.kernel, pairs, strict=True)
        return explicit_padding(
            tuple(
                (pair[0], (steps - 1) * stride + kernel - size - pair[0]) for size, steps, stride, kernel, pair in exact
            ),
            -inf,
        )


class Pooling(_WindowPooling):
    """Pooling: the largest value, or the mean, of every window."""

    words = ("POOL",)
    kernel = _WindowPooling.kernel
    stride = _WindowPooling.stride
    padding = _WindowPooling.padding
    mode = Symbol("the mode", ("max", "avg"), default="max")
    ceil = _WindowPooling.ceil

    examples = (
        Example("INPUT(64x32x32) -> POOL", "64x16x16"),
        Example("INPUT(64x112x112) -> POOL(3, 2, padding=same)", "64x56x56"),
        Example("INPUT(64x112x112) -> POOL(3, 2, ceil=true)", "64x56x56"),
        Example("INPUT(8x7x7) -> POOL(2, 1, padding=same, mode=avg)", "8x7x7"),
        Example("INPUT(8x6x6) -> POOL(2, 3, padding=((0, 1), (0, 1)), ceil=true)", "8x2x2"),
        Example("INPUT(8x30) -> POOL(3, padding=full)", "8x11"),
        Example("INPUT(4x8x8x8) -> POOL(1x2x2)", "4x8x4x4"),
    )
    rejects = (
        Reject("INPUT(8x3x3) -> POOL(5)", "window-too-large"),
        Reject("INPUT(8) -> POOL", "needs-map"),
        Reject("INPUT(8x8x8) -> POOL(2, padding=2)", "bad-argument"),
        Reject("INPUT(8x8x8) -> POOL(mode=same)", "bad-argument"),
        Reject("INPUT(8x8x8) -> POOL(2, 1, padding=same, mode=avg, ceil=true)", "bad-argument"),
    )

    @property
    def averages(self) -> bool:
        return self.mode == "avg"


class MaxPooling(_WindowPooling):
    """Max pooling: the largest value of every window."""

    words = ("MAXPOOL",)
    elsewhere = ("maxpooling",)

    examples = (Example("INPUT(64x32x32) -> MAXPOOL(3, 2)", "64x15x15"),)
    rejects = (Reject("INPUT(64x2x2) -> MAXPOOL(3)", "window-too-large"),)

    @property
    def averages(self) -> bool:
        return False


class AveragePooling(_WindowPooling):
    """Average pooling: the mean of every window."""

    words = ("AVGPOOL",)
    elsewhere = ("averagepooling", "averagepool")
    count_pad = Flag("count_pad", default=True)

    examples = (
        Example("INPUT(6x28x28) -> AVGPOOL", "6x14x14"),
        Example("INPUT(6x28x28) -> AVGPOOL(3, 1, padding=1, count_pad=false)", "6x28x28"),
        Example("INPUT(6x8x8) -> AVGPOOL(2, 1, padding=same)", "6x8x8"),
    )
    rejects = (
        Reject("INPUT(6x4x4) -> AVGPOOL(5)", "window-too-large"),
        Reject("INPUT(6x8x8) -> AVGPOOL(2, 1, padding=same, count_pad=false)", "bad-argument"),
    )

    @property
    def averages(self) -> bool:
        return True

    @property
    def counts_padding(self) -> bool:
        return self.count_pad


class Unpooling(Layer):
    """Unpooling: every value goes where the named max pooling found its largest, zeros elsewhere.

    Zeiler & Fergus, 2014; SegNet (Badrinarayanan et al., 2015).
    """

    words = ("UNPOOL",)
    elsewhere = ("maxunpool", "maxunpooling")
    reads_indices = True
    value_ = Value("what UNPOOL takes back")

    examples = (
        Example("INPUT(8x6x6) -> POOL as p -> CONV(8) -> UNPOOL(p)", "8x6x6", 584, 5_184),
        Example("INPUT(8x7x7) -> MAXPOOL(3, 2, padding=1) as p -> UNPOOL(p)", "8x7x7"),
        Example("INPUT(4x9) -> POOL(2, ceil=true) as p -> RELU -> UNPOOL(p)", "4x9"),
    )
    rejects = (
        Reject("INPUT(8x6x6) -> POOL as p -> UNPOOL", "missing-argument"),
        Reject("INPUT(8x6x6) -> POOL -> UNPOOL(2)", "bad-argument"),
        Reject("INPUT(8x6x6) -> AVGPOOL as p -> UNPOOL(p)", "bad-argument"),
        Reject("INPUT(8x6x6) -> RELU as r -> UNPOOL(r)", "bad-argument"),
        Reject("INPUT(8x6x6) -> POOL as p -> CONV(4) -> UNPOOL(p)", "shape-mismatch"),
        Reject("INPUT(8x6x6) -> POOL(2, 1, padding=same) as p -> UNPOOL(p)", "bad-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        pooling = self._pooling()
        pooled, given = self.value_.inputs[0], self.value_
        if not pooling._fits_torch(pooled):
            message = "UNPOOL does not know this padding: it differs on the two sides, or is over half the window"
            raise Rejected(message, attribute="value", help="give the pooling the same padding on both sides")
        if inputs[0] != given.type:
            message = f"{inputs[0]} comes in, but {given.name} left {given.type}: every value needs its place"
            label = f"{by_x(inputs[0].shape)} != {by_x(given.type.shape)}"
            help = f"a 1x1 convolution changes the channels: `CONV({given.type.channels}, 1)`"
            raise Rejected(message, attribute="value", code="shape-mismatch", label=label, help=help)
        return pooled

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        back = self._pooling().window.reach_back(output.spatial)
        return back, back  # a value, and where it was found

    def _pooling(self) -> _WindowPooling:
        """The max pooling behind the value.

        Raises:
            Rejected: it is none.
        """
        layer = self.value_.layer
        if not isinstance(layer, _WindowPooling) or layer.averages:
            message = f"UNPOOL takes back a max pooling, and {self.value_.name} is {layer}"
            help = "name the pooling itself: `POOL as p`, and later `UNPOOL(p)`"
            raise Rejected(message, attribute="value", help=help)
        return layer

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return Saved(indices=True)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        window = self._pooling().window
        padding = tuple(before for before, _ in window.pairs(output.spatial))
        settings = {
            "kernel_size": compact(window.kernel),
            "stride": compact(window.stride),
            "padding": compact(padding),
            "output_size": output.spatial,
        }
        path = f"torch.nn.functional.max_unpool{output.rank}d"
        return (FunctionCall(path, (Operand.INPUT, Operand.INDICES), settings),)
