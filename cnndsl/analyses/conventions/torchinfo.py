"""torchinfo 1.8: for every module without modules inside it, numbers of its `weight` and its `bias`.

In a class with `Conv` in its name they count at every position of the output, in any other once for the sample.
"""

from __future__ import annotations

from math import prod

from cnndsl.analyses.conventions.calls import Call

__all__ = ["mult_adds"]


def mult_adds(call: Call) -> int:
    return sum(prod(shape) * _times(name, call) for name, shape in call.weights.items())


def _times(name: str, call: Call) -> int:
    """How often each number of a parameter counts."""
    if name in ("weight", "bias"):
        return prod(call.leaving.spatial) if "Conv" in call.name else 1
    return call.leaving.channels if "weight" in name or "bias" in name else 0  # meant for recurrent layers
