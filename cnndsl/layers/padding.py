"""Padding on its own: positions around a map, and channels."""

from __future__ import annotations

from cnndsl.layers.attributes import Pair, Pairs, Rejected, Symbol
from cnndsl.layers.convolution import padding_sides, require_map
from cnndsl.layers.layer import Example, Layer, Reject
from cnndsl.layers.lowering import FunctionCall, ModuleCall, Operand, Step, compact
from cnndsl.layers.reach import Reaches, shifted
from cnndsl.layers.saved import NOTHING, Saved
from cnndsl.layers.tensor import TensorType, a_size

__all__ = ["Pad"]

_MODULES = {"zero": "Zero", "reflect": "Reflection", "replicate": "Replication", "circular": "Circular"}


class Pad(Layer):
    """Padding: zeros, or values of the map itself, on both sides of every axis; also channels of zeros.

    `channels=(0, n)` puts n channels of zeros behind the others: the shortcut A of ResNet (He et al., 2015), ENet
    (Paszke et al., 2016).
    """

    words = ("PAD",)
    elsewhere = ("zeropadding", "zeropad", "constantpad", "reflectionpad", "replicationpad", "circularpad")
    family = "rearrangement"
    size = Pairs("the padding", default=0)
    channels = Pair("the padding of the channels", default=0)
    mode = Symbol("the mode", tuple(_MODULES), default="zero")

    examples = (
        Example("INPUT(3x8x8) -> PAD(1)", "3x10x10"),
        Example("INPUT(16x8x8) -> PAD(channels=(0, 16))", "32x8x8"),
        Example("INPUT(3x8x8) -> PAD(((0, 1), (2, 3)), mode=reflect)", "3x9x13"),
        Example("INPUT(3x8) -> PAD((2, 0), (1, 0))", "4x10"),
        Example("INPUT(8) -> PAD(channels=4)", "16"),
        Example("INPUT(2x3x4x5) -> PAD(1x0x2, mode=circular)", "2x5x4x9"),
        Example("INPUT(2x3x4x5) -> PAD(1, (0, 2))", "4x5x6x7"),
    )
    rejects = (
        Reject("INPUT(3x8x8) -> PAD(-1)", "bad-argument"),
        Reject("INPUT(3x8x8) -> PAD(same)", "bad-argument"),
        Reject("INPUT(3) -> PAD(1)", "needs-map"),
        Reject("INPUT(3x2x2) -> PAD(2, mode=reflect)", "out-of-range"),
        Reject("INPUT(3x2x2) -> PAD(3, mode=circular)", "out-of-range"),
        Reject("INPUT(3x8x8) -> PAD(channels=(1, 2, 3))", "bad-argument"),
        Reject("INPUT(3x8x8) -> PAD(1, 2, reflect)", "bad-argument"),
        Reject("INPUT(3) -> PAD(mode=circular)", "bad-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        entering = inputs[0] if self.size == ((0, 0),) else require_map(self, inputs)
        if self.mode != "zero":
            self._check_source(entering)
        pairs = zip(entering.spatial, self.size[: entering.rank], strict=True)
        spatial = tuple(size + sum(pair) for size, pair in pairs)
        return TensorType(entering.channels + sum(self.channels), spatial)

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        return (tuple(shifted(axis, -before) for axis, (before, _) in enumerate(self.size[: output.rank])),)

    def _check_source(self, entering: TensorType) -> None:
        """What is repeated is there: reflection leaves out the edge, a circle goes round once.

        Raises:
            Rejected: it is not.
        """
        if self.channels != (0, 0) or entering.rank == 0:
            help = "leave the mode out, or pad positions and channels one behind the other"
            raise Rejected(f"channels are padded with zeros, not by {self.mode}", attribute="mode", help=help)
        reach = {"reflect": 1, "circular": 0}.get(self.mode)
        if reach is None:
            return
        for size, pair in zip(entering.spatial, self.size, strict=True):
            if max(pair) + reach > size:
                message = f"{self.mode} cannot add {max(pair)} to an axis of {a_size(entering.spatial)} map"
                label = f"{max(pair)} > {size - reach}"
                raise Rejected(message, attribute="size", code="out-of-range", label=label)

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return Saved((0,)) if self.mode in ("reflect", "replicate") else NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        pads_channels = self.channels != (0, 0) or output.rank == 0
        pairs = self.size[: output.rank]
        sides = padding_sides((self.channels, *pairs) if pads_channels else pairs)
        if len(sides) > 6:  # torch has no module for four axes
            return (FunctionCall("torch.nn.functional.pad", (Operand.INPUT, sides)),)
        return (ModuleCall(f"torch.nn.{_MODULES[self.mode]}Pad{len(sides) // 2}d", {"padding": compact(sides)}),)
