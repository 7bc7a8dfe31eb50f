"""fvcore 0.1.5: operators of the traced network. A multiply-add is one of its FLOPs; what it has no rule for is 0."""

from __future__ import annotations

import re

from cnndsl.analyses.conventions.calls import Call
from cnndsl.layers.lowering import ModuleCall

__all__ = ["flops"]

_NORMS = {
    r"BatchNorm[123]d": (1, 2, "affine", True),
    r"InstanceNorm[123]d": (4, 5, "affine", False),
    r"GroupNorm": (4, 5, "affine", True),
    r"Shifted(Group|Channel)Norm": (4, 4, "affine", True),
    r"LayerNorm|ChannelNorm": (4, 5, "elementwise_affine", True),
}
"""What each value counts without and with a scale; the setting that gives it one, and torch's default of that."""

_MIXED = {"nearest": 1, "bilinear": 4}
"""What each value of an upsampled plane counts, by the mode; the others are unknown to it."""


def flops(call: Call) -> int:
    if call.name == "Upsample":
        return _MIXED.get(call.setting("mode", "nearest"), 0) * call.leaving.elements if call.leaving.rank == 2 else 0
    if call.name == "AdaptiveAvgPool2d":
        return call.entering.elements
    for pattern, (plain, scaled, affine, default) in _NORMS.items():
        if re.fullmatch(pattern, call.name):
            return call.entering.elements * (scaled if _has_scale(call, affine, default) else plain)
    if isinstance(call.setting("padding"), str):  # a convolution that pads by a word is another operator
        return 0
    return call.products


def _has_scale(call: Call, affine: str, default: bool) -> bool:
    without = call.step.without if isinstance(call.step, ModuleCall) else ()
    return call.setting(affine, default) and "weight" not in without
