"""What leaves a step that is not the last of its node: the shapes of torch's modules, from their arguments."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from cnndsl.layers import TensorType
from cnndsl.layers.lowering import ModuleCall, Step
from cnndsl.layers.windows import Pairs, Window, spans

__all__ = ["by_axis", "leaving", "setting"]


def setting(step: Step, name: str, default: Any = None) -> Any:
    """An argument of a module's constructor, or the default where it is not given."""
    if not isinstance(step, ModuleCall):
        return default
    if name in step.args:
        return step.args[name]
    value, _ = step.options.get(name, (default, default))
    return value


def by_axis(value: Any, rank: int) -> tuple[Any, ...]:
    """A setting for each spatial axis; torch takes one number for all of them."""
    return tuple(value) if isinstance(value, tuple | list) else (value,) * rank


def leaving(step: Step, entering: TensorType) -> TensorType:
    """The type that leaves a step; what is not known here is taken to keep it."""
    if isinstance(step, ModuleCall):
        for pattern, shape in _SHAPES.items():
            if re.fullmatch(rf"torch\.nn\.{pattern}", step.path):
                return shape(step, entering)
    return entering


def _flattened(_: ModuleCall, entering: TensorType) -> TensorType:
    return TensorType(entering.elements)


def _unflattened(step: ModuleCall, entering: TensorType) -> TensorType:
    channels, *spatial = setting(step, "unflattened_size")
    return TensorType(channels, (*spatial, *entering.spatial))


def _linear(step: ModuleCall, entering: TensorType) -> TensorType:
    """It works along the last axis."""
    channels, *spatial = (*entering.shape[:-1], setting(step, "out_features"))
    return TensorType(channels, tuple(spatial))


def _padded(step: ModuleCall, entering: TensorType) -> TensorType:
    """Paddings are listed from the last axis on; one more pair than spatial axes pads the channels."""
    padding = setting(step, "padding")
    sides = by_axis(padding, 2 * int(step.path[-2]))
    pairs = [sum(sides[at : at + 2]) for at in range(0, len(sides), 2)]
    shape = list(entering.shape)
    for axis, added in enumerate(pairs, 1):
        shape[-axis] += added
    return TensorType(shape[0], tuple(shape[1:]))


def _slid(step: ModuleCall, entering: TensorType) -> TensorType:
    """What leaves a convolution or a pooling over windows."""
    rank = entering.rank
    kernel = by_axis(setting(step, "kernel_size"), rank)
    stride = by_axis(setting(step, "stride", 1 if _filters(step) else kernel), rank)
    dilation = by_axis(setting(step, "dilation", 1), rank)
    channels = _filters(step) or entering.channels
    padding = setting(step, "padding", 0)
    if padding == "same":
        return TensorType(channels, entering.spatial)
    pairs = _both_sides(0 if padding == "valid" else padding, rank)
    window = Window(kernel, stride, dilation, pairs, setting(step, "ceil_mode", False))
    return TensorType(channels, window.slide(entering.spatial))


def _painted(step: ModuleCall, entering: TensorType) -> TensorType:
    """What leaves a transposed convolution."""
    rank = entering.rank
    reaches = spans(by_axis(setting(step, "kernel_size"), rank), by_axis(setting(step, "dilation", 1), rank))
    spatial = tuple(
        (size - 1) * stride - 2 * padding + reach + extra
        for size, stride, padding, reach, extra in zip(
            entering.spatial,
            by_axis(setting(step, "stride", 1), rank),
            by_axis(setting(step, "padding", 0), rank),
            reaches,
            by_axis(setting(step, "output_padding", 0), rank),
            strict=True,
        )
    )
    return TensorType(setting(step, "out_channels"), spatial)


def _cut_into_parts(step: ModuleCall, entering: TensorType) -> TensorType:
    sizes = by_axis(setting(step, "output_size"), entering.rank)
    kept = zip(sizes, entering.spatial, strict=True)
    return TensorType(entering.channels, tuple(old if size is None else size for size, old in kept))


def _resampled(step: ModuleCall, entering: TensorType) -> TensorType:
    size, scale = setting(step, "size"), setting(step, "scale_factor", 1)
    if size is not None:
        return TensorType(entering.channels, by_axis(size, entering.rank))
    scales = zip(entering.spatial, by_axis(scale, entering.rank), strict=True)
    return TensorType(entering.channels, tuple(old * int(factor) for old, factor in scales))


def _filters(step: ModuleCall) -> int:
    """The channels that leave a convolution; 0 for a pooling, which keeps them."""
    filters: int = setting(step, "out_channels", 0)
    return filters


def _both_sides(padding: Any, rank: int) -> Pairs:
    return tuple((side, side) for side in by_axis(padding, rank))


_SHAPES: dict[str, Callable[[ModuleCall, TensorType], TensorType]] = {
    r"Flatten": _flattened,
    r"Unflatten": _unflattened,
    r"Linear": _linear,
    r"\w+Pad[123]d": _padded,
    r"(Conv|MaxPool|AvgPool)[123]d": _slid,
    r"ConvTranspose[123]d": _painted,
    r"Adaptive(Avg|Max)Pool[123]d": _cut_into_parts,
    r"Upsample": _resampled,
}
"""Patterns of the names behind `torch.nn.`, and the shapes that leave such modules."""
