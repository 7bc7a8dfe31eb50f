"""What a layer keeps for the backward pass, as data: nothing here imports torch."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["INDEX_BYTES", "NOTHING", "NUMBER_BYTES", "Saved"]

NUMBER_BYTES = 4
"""A float32."""

INDEX_BYTES = 8
"""An int64: where a max pooling found a value, how many batches a norm has seen."""


class Saved(NamedTuple):
    """What autograd keeps of a layer in training, as PyTorch does it on a CPU in float32; never weights and buffers.

    What is kept as it is takes no memory of its own if it is kept elsewhere too, as what leaves a layer and enters the
    next; the numbers beside it are the layer's own.

    Attributes:
        inputs: which of its inputs it keeps, counted from 0.
        output: whether it keeps what leaves it.
        indices: whether it keeps where the values were found, of a max pooling its own, of an unpooling those it reads.
        sample: bytes that it keeps beside them for each sample: masks, statistics, what its steps give each other.
        batch: the same, however many samples there are.
    """

    inputs: tuple[int, ...] = ()
    output: bool = False
    indices: bool = False
    sample: int = 0
    batch: int = 0


NOTHING = Saved()
