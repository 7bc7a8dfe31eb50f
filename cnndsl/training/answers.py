"""What a network answers: of its outputs the main one, its likeliest classes, their probabilities."""

from __future__ import annotations

from torch import Tensor

from cnndsl.training.losses import per_class

__all__ = ["likeliest", "main_output", "probabilities"]


def main_output(outputs: Tensor | tuple[Tensor, ...]) -> Tensor:
    """The first of several."""
    return outputs[0] if isinstance(outputs, tuple) else outputs


def likeliest(logits: Tensor) -> Tensor:
    """The likeliest class of each row, N; of N x 1 logits the second of two classes where they are positive."""
    return logits.argmax(dim=1) if logits.shape[1] > 1 else (logits[:, 0] > 0).long()


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
