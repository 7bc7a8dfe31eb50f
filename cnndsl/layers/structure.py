"""Where a network begins, and where its branches meet. The merges are forms of the language: `[A, B]`, `[A + B]`."""

from __future__ import annotations

from typing import ClassVar

from cnndsl.layers.attributes import Filled, Rejected, Shape
from cnndsl.layers.conditions import agree
from cnndsl.layers.extent import for_large_sizes
from cnndsl.layers.layer import Example, Layer, Reject
from cnndsl.layers.lowering import FunctionCall, Operand, Operator, Step
from cnndsl.layers.saved import NOTHING, NUMBER_BYTES, Saved
from cnndsl.layers.tensor import TensorType, by_x

__all__ = ["Add", "Concat", "Input", "Mismatch", "Multiply", "Subtract"]


class Mismatch(Rejected):
    """Branches do not fit together; `branch` is the first that does not fit those before it."""

    def __init__(self, message: str, branch: int, label: str, help: str = "") -> None:
        super().__init__(message, code="shape-mismatch", label=label, help=help)
        self.branch = branch


class Input(Layer):
    """Input: the shape of one sample, channels first."""

    words = ("INPUT",)
    shape = Shape("the shape", default=Filled.INPUT)

    examples = (
        Example("INPUT(3x224x224)", "3x224x224"),
        Example("INPUT", "3x32x32"),
        Example("INPUT(784)", "784"),
        Example("INPUT(40x98)", "40x98"),
        Example("INPUT(1x16x112x112)", "1x16x112x112"),
    )
    rejects = (
        Reject("INPUT(0x2x2)", "bad-argument"),
        Reject("INPUT(32, 32, 3)", "too-many-arguments"),
        Reject("INPUT(3x2x2x2x2)", "bad-argument"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        channels, *spatial = self.shape
        return TensorType(channels, tuple(spatial))

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return ()


class Concat(Layer):
    """Concatenation along the channels: the branches agree in their spatial sizes."""

    form = "[A, B]"

    examples = (
        Example("INPUT(8x6x6) -> [ID, CONV(4)]", "12x6x6", 292, 10_368),
        Example("INPUT(8) -> [ID, ID]", "16"),
    )
    rejects = (
        Reject("INPUT(8x6x6) -> [ID, POOL]", "shape-mismatch"),
        Reject("INPUT(8x6x6) -> [ID, GAP]", "shape-mismatch"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        first = inputs[0]
        for branch, other in enumerate(inputs):
            if not _agree(other.spatial, first.spatial):
                message = f"branches of {first} and {other} cannot be concatenated: their spatial sizes differ"
                raise Mismatch(message, branch, _difference(first.spatial, other.spatial), _size_help(first, other))
        return TensorType(sum(each.channels for each in inputs), first.spatial)

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (FunctionCall("torch.cat", (Operand.INPUTS,), {"dim": 1}),)


class _SameShape(Layer):
    """A merge whose terms have one shape."""

    symbol: ClassVar[str]

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        first = inputs[0]
        for branch, other in enumerate(inputs):
            if not _agree(other.shape, first.shape):
                done = "added" if self.symbol == "+" else "subtracted"
                message = f"{first} and {other} cannot be {done}: terms have the same shape"
                raise Mismatch(message, branch, _difference(first.shape, other.shape), _sum_help(first, other))
        return first

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        return NOTHING

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (Operator(self.symbol, (0,) * len(inputs)),)


class Add(_SameShape):
    """Sum of branches of one shape."""

    form = "[A + B]"
    symbol = "+"

    examples = (Example("INPUT(8x6x6) -> [CONV(8, 3) + ID + ID]", "8x6x6", 584, 20_736),)
    rejects = (
        Reject("INPUT(8x6x6) -> [CONV(4) + ID]", "shape-mismatch"),
        Reject("INPUT(8x6x6) -> [POOL + ID]", "shape-mismatch"),
    )


class Subtract(_SameShape):
    """Difference of two branches of one shape."""

    form = "[A - B]"
    symbol = "-"

    examples = (Example("INPUT(8x6x6) -> [ID - RELU]", "8x6x6"),)
    rejects = (Reject("INPUT(8x6x6) -> [ID - GAP]", "shape-mismatch"),)


class Multiply(Layer):
    """Product of branches, which broadcasts: a vector over positions, 1xHxW over channels, Cx1x1."""

    form = "[A & B]"

    examples = (
        Example("INPUT(8x6x6) -> [ID & GAP -> FC(8) -> SIGMOID]", "8x6x6", 72, 64),
        Example("INPUT(8x6x6) -> [CONV(1, 1) -> SIGMOID & ID]", "8x6x6", 9, 288),
        Example("INPUT(8x6x6) -> [POOL(6) & ID]", "8x6x6"),
        Example("INPUT(8) -> [ID & SIGMOID]", "8"),
    )
    rejects = (
        Reject("INPUT(8x6x6) -> [ID & GAP -> FC(4)]", "shape-mismatch"),
        Reject("INPUT(8x6x6) -> [ID & POOL]", "shape-mismatch"),
    )

    def infer(self, inputs: tuple[TensorType, ...]) -> TensorType:
        largest = max(inputs, key=lambda each: (each.rank, for_large_sizes(each.elements)))
        whole = TensorType(max((each.channels for each in inputs), key=for_large_sizes), largest.spatial)
        ones = (1,) * whole.rank
        gates = {whole, TensorType(whole.channels), TensorType(1, whole.spatial), TensorType(whole.channels, ones)}
        for branch, each in enumerate(inputs):
            nearest = TensorType(1 if each.channels == 1 else whole.channels, whole.spatial)
            if each not in gates and not _agree(each.shape, nearest.shape):
                raise self._mismatch(each, whole, branch)
        return whole

    def _mismatch(self, gate: TensorType, whole: TensorType, branch: int) -> Mismatch:
        if gate.rank == 0 and whole.rank:
            message = f"a gate of {gate.channels} does not fit a map of {whole.channels} channels"
            help = f"a gate has a factor for each channel: end it with FC({whole.channels})"
            help += ", or in a block with FC(c), where `c=C` is a parameter of the block"
            return Mismatch(message, branch, f"{gate.channels} != {whole.channels}", help)
        message = f"{whole} and {gate} cannot be multiplied"
        allowed = [whole, TensorType(1, whole.spatial), TensorType(whole.channels)] if whole.rank else [whole]
        help = f"{whole} can be multiplied with {', '.join(map(str, allowed))}"
        return Mismatch(message, branch, _difference(whole.shape, gate.shape), help)

    def saves(self, inputs: tuple[TensorType, ...], output: TensorType, wanted: tuple[bool, ...]) -> Saved:
        kept: list[int] = []
        products: list[TensorType] = []
        for place in range(1, len(inputs)):
            if wanted[place] and place == 1:
                kept.append(0)
            elif wanted[place]:
                products.append(_product(inputs[:place], output.rank))
            if any(wanted[:place]):
                kept.append(place)
        return Saved(tuple(kept), sample=sum(product.elements for product in products) * NUMBER_BYTES)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (Operator("*", tuple(output.rank - each.rank for each in inputs)),)


def _product(factors: tuple[TensorType, ...], rank: int) -> TensorType:
    """What leaves the first factors of a product of this rank."""
    maps = (each.spatial or (1,) * rank for each in factors)
    spatial = tuple(max(sizes, key=for_large_sizes) for sizes in zip(*maps, strict=True))
    return TensorType(max((each.channels for each in factors), key=for_large_sizes), spatial)


def _agree(left: tuple[int, ...], right: tuple[int, ...]) -> bool:
    """Whether extents are the same, or can be where they are open."""
    return left == right or (len(left) == len(right) and all(map(agree, left, right)))


def _difference(left: tuple[int, ...], right: tuple[int, ...]) -> str:
    return f"{by_x(left) or 'a vector'} != {by_x(right) or 'a vector'}"


def _size_help(first: TensorType, other: TensorType) -> str:
    if 0 in (first.rank, other.rank):
        return "one branch is a vector, another a map: move GAP, FC or FLATTEN behind the brackets"
    if all(abs(ours - theirs) == 1 for ours, theirs in zip(first.spatial, other.spatial, strict=True)):
        return (
            "an odd size loses a position where it is halved: choose an input that can be halved as often, or use CROP"
        )
    return "give the windows padding=same and the same stride in every branch, or cut with CROP"


def _sum_help(first: TensorType, other: TensorType) -> str:
    if first.rank != other.rank or first.spatial != other.spatial:
        return _size_help(first, other)
    help = f"a 1x1 convolution changes the channels: `CONV({first.channels}, 1)`"
    if 1 in (first.channels, other.channels):
        help += "; to weight every channel by a map of one, multiply: `&` broadcasts"
    return help
