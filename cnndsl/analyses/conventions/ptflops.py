"""ptflops 0.7.5 with its default backend: hooks on modules of known types, and on functions while the network runs.

A module of torch that calls such a function counts twice, once by its type and once by the function: ReLU, pooling,
upsampling.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cnndsl.analyses.conventions.calls import Call

__all__ = ["macs"]


def macs(call: Call) -> int:
    module, _, name = call.path.rpartition(".")
    rules = {"torch.nn": _MODULES, "torch.nn.functional": _FUNCTIONS, "torch": _TENSORS}.get(module, {})
    return next((rule(call) for pattern, rule in rules.items() if re.fullmatch(pattern, name)), 0)


def _once(call: Call) -> int:
    return call.leaving.elements


def _twice(call: Call) -> int:
    return 2 * call.leaving.elements


def _pooling(call: Call) -> int:
    return 2 * call.entering.elements


def _entering(call: Call) -> int:
    return call.entering.elements


def _with_bias(call: Call) -> int:
    """Products, and a sum for the bias of every value that leaves."""
    return call.products + (call.leaving.elements if call.setting("bias", True) else 0)


def _norm(call: Call) -> int:
    default = not call.name.startswith("InstanceNorm")
    return (2 if call.setting("affine", default) else 1) * call.entering.elements


def _response_norm(call: Call) -> int:
    """Squares, a pooling over the padded channels, a factor and a summand."""
    padded = call.entering._replace(channels=call.entering.channels + call.setting("size") - 1)
    return 3 * call.entering.elements + padded.elements


Rules = dict[str, Callable[[Call], int]]

_MODULES: Rules = {
    r"Conv(Transpose)?[123]d|Linear": _with_bias,
    r"(BatchNorm|InstanceNorm)[123]d|GroupNorm": _norm,
    r"LayerNorm|LeakyReLU|ReLU6|SiLU|Softmax": _once,
    r"ReLU|PReLU|ELU|GELU|Upsample": _twice,
    r"(Adaptive)?(Avg|Max)Pool[123]d": _pooling,
    r"LocalResponseNorm": _response_norm,
}

_FUNCTIONS: Rules = {
    r"relu|prelu|elu|relu6|gelu|silu|softmax|(adaptive_)?(avg|max)_pool[123]d": _entering,
    r"interpolate|upsample": _once,
}

_TENSORS: Rules = {r"add|mul": _once}
