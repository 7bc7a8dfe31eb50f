"""Reduction: pooling of the whole map, of a number of parts of it, of groups of channels."""

from __future__ import annotations

from typing import ClassVar

from cnndsl.layers.attributes import ChannelCount, Extents, Rejected, Symbol
from cnndsl.layers.convolution import require_map
from cnndsl.layers.layer import Example, Layer, Reject
from cnndsl.layers.lowering import FunctionCall, ModuleCall, Operand, Step, compact
from cnndsl.layers.reach import Reaches, Taps, everywhere, scaled
from cnndsl.layers.saved import INDEX_BYTES, NOTHING, Saved
from cnndsl.layers.tensor import TensorType

__all__ = ["AdaptivePooling", "ChannelPooling", "GlobalAveragePooling", "GlobalMaxPooling"]

_FAMILY = "pooling"
_KINDS = {"avg": "Avg", "max": "Max"}


class AdaptivePooling(Layer):
    """Adaptive pooling: the map is cut into as many parts as asked for, and each becomes its mean or largest value.

    As PyTorch: along an axis of n positions, part i of s reaches from floor(i*n/s) to ceil((i + 1)*n/s).
    """

    words = ("ADAPTIVEPOOL",)
    elsewhere = ("adaptivepooling", "adaptiveavgpool", "adaptiveaveragepool", "adaptivemaxpool")
    family = _FAMILY
    size = Extents("the size", may_be_open=True)
    mode = Symbol("the mode", ("avg", "max"), default="avg")

    examples = (
        Example("INPUT(512x9x9) -> ADAPTIVEPOOL(7)", "512x7x7"),
        Example("INPUT(8x30) -> ADAPTIVEPOOL(4, mode=max)", "8x4"),
        Example("INPUT(8x6x6x6) -> ADAPTIVEPOOL(1x2x3)", "8x1x2x3"),
    )
    rejects = (
        Reject("INPUT(512x9x9) -> ADAPTIVEPOOL", "missing-argument"),
        Reject("INPUT(512) -> ADAPTIVEPOOL(1)", "needs-map"),
        Reject("INPUT(512x9x9) -> ADAPTIVEPOOL(0)", "bad-argument"),
        Reject("INPUT(512x9x9) -> ADAPTIVEPOOL(3, same)", "bad-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        return TensorType(require_map(self, inputs).channels, self.size)

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        whole = everywhere(inputs[0])
        sizes = enumerate(zip(inputs[0].spatial, self.size, strict=True))
        return (
            tuple(whole[axis] if parts == 1 else scaled(axis, size, parts, _part) for axis, (size, parts) in sizes),
        )

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return _keeps_parts(self.mode, output)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        path = f"torch.nn.Adaptive{_KINDS[self.mode]}Pool{output.rank}d"
        return (ModuleCall(path, {"output_size": compact(self.size)}),)


def _part(part: int, size: int, parts: int) -> Taps:
    return Taps(part * size // parts, -(-(part + 1) * size // parts) - 1)


class _GlobalPooling(Layer):
    """A pooling of the whole map."""

    mode: ClassVar[str]

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        return TensorType(require_map(self, inputs).channels)

    def reach(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[tuple[Reaches, ...], ...]:
        return (everywhere(inputs[0]),)

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return _keeps_parts(self.mode, output)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        pool = ModuleCall(f"torch.nn.Adaptive{_KINDS[self.mode]}Pool{inputs[0].rank}d", {"output_size": 1})
        return pool, ModuleCall("torch.nn.Flatten", suffix="flatten")


class GlobalAveragePooling(_GlobalPooling):
    """Global average pooling: the mean of every channel, as a vector."""

    words = ("GAP",)
    elsewhere = ("globalaveragepooling", "globalaveragepool", "globalavgpool")
    family = _FAMILY
    mode = "avg"

    examples = (
        Example("INPUT(2048x7x7) -> GAP", "2048"),
        Example("INPUT(64x100) -> GAP", "64"),
        Example("INPUT(8x4x4x4) -> GAP", "8"),
    )
    rejects = (Reject("INPUT(10) -> GAP", "needs-map"),)


class GlobalMaxPooling(_GlobalPooling):
    """Global max pooling: the largest value of every channel, as a vector."""

    words = ("GMP",)
    elsewhere = ("globalmaxpooling", "globalmaxpool")
    family = _FAMILY
    mode = "max"

    examples = (
        Example("INPUT(64x7x7) -> GMP", "64"),
        Example("INPUT(64x100) -> GMP", "64"),
    )
    rejects = (Reject("INPUT(10) -> GMP", "needs-map"),)


class ChannelPooling(Layer):
    """Channel pooling: neighbouring channels, by default all, become their largest value or mean at each position.

    Of groups the largest is maxout (Goodfellow et al., 2013); of all channels, largest and mean are what CBAM's spatial
    attention looks at (Woo et al., 2018).
    """

    words = ("CHANNELPOOL",)
    elsewhere = ("maxout",)
    family = _FAMILY
    size = ChannelCount("the number of channels")
    mode = Symbol("the mode", ("max", "avg"), default="max")

    examples = (
        Example("INPUT(64x8x8) -> CHANNELPOOL", "1x8x8"),
        Example("INPUT(64x8x8) -> [CHANNELPOOL, CHANNELPOOL(mode=avg)]", "2x8x8"),
        Example("INPUT(240) -> CHANNELPOOL(2)", "120"),
        Example("INPUT(12x20) -> CHANNELPOOL(3, avg)", "4x20"),
    )
    rejects = (
        Reject("INPUT(64x8x8) -> CHANNELPOOL(3)", "groups"),
        Reject("INPUT(64x8x8) -> CHANNELPOOL(0)", "bad-argument"),
        Reject("INPUT(64x8x8) -> CHANNELPOOL(mode=same)", "bad-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        channels, spatial = inputs[0]
        size = self.size or channels
        if channels % size:
            label = f"{channels} % {size} = {channels % size}"
            raise Rejected(f"{size} does not divide {channels} channels", attribute="size", code="groups", label=label)
        return TensorType(channels // size, spatial)

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return Saved((0,), output=True) if self.mode == "max" else NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        path = {"max": "torch.amax", "avg": "torch.mean"}[self.mode]
        if output.channels == 1:
            return (FunctionCall(path, (Operand.INPUT,), {"dim": 1, "keepdim": True}),)
        groups = (output.channels, inputs[0].channels // output.channels)
        by_group = ModuleCall("torch.nn.Unflatten", {"dim": 1, "unflattened_size": groups}, suffix="groups")
        return by_group, FunctionCall(path, (Operand.INPUT,), {"dim": 2})


def _keeps_parts(mode: str, output: TensorType) -> Saved:
    """What a pooling of parts keeps: their mean over all of a map, nothing; else the map, and where maxima were."""
    if mode == "max":
        return Saved((0,), sample=output.elements * INDEX_BYTES)
    return NOTHING if output.elements == output.channels else Saved((0,))
