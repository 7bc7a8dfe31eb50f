"""`torch.utils.flop_counter.FlopCounterMode` of torch 2.13: matrix products and convolutions, two FLOPs a product."""

from __future__ import annotations

from cnndsl.analyses.conventions.calls import Call

__all__ = ["flops"]

_OF_A_PRODUCT = 2


def flops(call: Call) -> int:
    return _OF_A_PRODUCT * call.products
