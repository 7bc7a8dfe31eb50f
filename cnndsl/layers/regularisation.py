"""Regularisation."""

from __future__ import annotations

from cnndsl.layers.attributes import Real
from cnndsl.layers.layer import Example, Layer, Reject
from cnndsl.layers.lowering import ModuleCall, Step, options
from cnndsl.layers.tensor import TensorType

__all__ = ["Dropout"]


class Dropout(Layer):
    """Dropout: in training each value is zeroed with probability p, and the others are scaled by 1/(1 - p)."""

    words = ("DROPOUT",)
    p = Real("the probability", default=0.5, minimum=0, maximum=1)

    examples = (
        Example("INPUT(4096) -> DROPOUT", "4096"),
        Example("INPUT(8x6x6) -> DROPOUT(0.2)", "8x6x6"),
    )
    rejects = (Reject("INPUT(8) -> DROPOUT(1.5)", "bad-argument"),)

    def lower(self, inputs: tuple[TensorType, ...], output: TensorType) -> tuple[Step, ...]:
        return (ModuleCall("torch.nn.Dropout", options=options(p=(self.p, 0.5))),)
