"""What a network answers, as probabilities; and how good these are."""

from __future__ import annotations

from torch import Tensor

from cnndsl.training.losses import per_class

__all__ = ["probabilities"]


def probabilities(logits: Tensor, classes: int, is_binary: bool) -> Tensor:
    """N x classes in float64: each class for itself by the sigmoid, or all together by the softmax.

    Args:
        logits: N x classes, or N x 1 where one number decides between two classes.
        classes: how many there are.
        is_binary: whether the network was trained to decide each class for itself.
    """
    decides_each = is_binary and logits.shape[1] == classes
    every = per_class(logits, classes).double()
    return every.sigmoid() if decides_each else every.softmax(dim=1)
