"""Losses: from logits and targets to one number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["Criterion", "balanced", "criterion", "per_class"]

Outputs = Tensor | tuple[Tensor, ...]

Criterion = Callable[[Outputs, Tensor], Tensor]
"""From logits and targets to the mean loss of a batch, in nats."""

_One = Callable[[Tensor, Tensor], Tensor]


def criterion(
    kind: Literal["cross_entropy", "binary"],
    classes: int,
    *,
    label_smoothing: float = 0.0,
    class_weights: Sequence[float] | None = None,
    output_weights: Sequence[float] | None = None,
    device: torch.device | str = "cpu",
) -> Criterion:
    """The loss of a recipe.

    Logits are N x classes, or N x 1 for two classes (see `per_class`). Targets are N class indices or, where images
    are mixed, N x classes parts that add up to 1.

    `cross_entropy` is torch's. With class weights it is divided by the sum of the weights of the targets where these
    are indices, by N where they are parts.

    `binary` asks of each class whether the image shows it: the mean over images and classes of the binary
    cross-entropy. With class weights an image counts as its class does, and the mean over images is a weighted one.

    Smoothing gives each class an equal share of `label_smoothing` (Szegedy et al., 2016, section 7), in both.

    Args:
        kind: which.
        classes: how many there are.
        label_smoothing: from 0 to 1.
        class_weights: one for each class, of whatever scale.
        output_weights: of a network with several outputs, one for each; the loss is the weighted sum. A tensor in
            place of a tuple is the one output that is left in evaluation, and its loss is given as it is.
        device: of the logits.
    """
    weights = None if class_weights is None else torch.tensor(class_weights, dtype=torch.float32, device=device)
    one = _cross_entropy(classes, label_smoothing, weights)
    if kind == "binary":
        one = _binary(classes, label_smoothing, weights, otherwise=one)
    return _single(one) if output_weights is None else _weighted(one, tuple(output_weights))


def per_class(logits: Tensor, classes: int) -> Tensor:
    """Logits of N x classes.

    Where one number z decides between two classes, they are (0, z): their softmax is that of the sigmoid of z, their
    cross-entropy its binary one.
    """
    return functional.pad(logits, (1, 0)) if classes == 2 and logits.shape[1] == 1 else logits


def balanced(counts: Sequence[int]) -> tuple[float, ...]:
    """The weight of each class for its number of images: N / (classes * count), so that all classes weigh the same.

    These are scikit-learn's, whose mean over the images is 1. A class without images weighs nothing.
    """
    total = sum(counts)
    return tuple(total / (len(counts) * count) if count else 0.0 for count in counts)


def _cross_entropy(classes: int, label_smoothing: float, weights: Tensor | None) -> _One:
    def loss(logits: Tensor, target: Tensor) -> Tensor:
        every = per_class(logits, classes).float()
        return functional.cross_entropy(every, target, weights, label_smoothing=label_smoothing)

    return loss


def _binary(classes: int, label_smoothing: float, weights: Tensor | None, otherwise: _One) -> _One:
    def loss(logits: Tensor, target: Tensor) -> Tensor:
        if logits.shape[1] != classes:
            return otherwise(logits, target)
        shares = functional.one_hot(target, classes).float() if target.ndim == 1 else target
        wanted = shares * (1 - label_smoothing) + label_smoothing / classes if label_smoothing else shares
        if weights is None:
            return functional.binary_cross_entropy_with_logits(logits.float(), wanted)
        each = functional.binary_cross_entropy_with_logits(logits.float(), wanted, reduction="none").mean(dim=1)
        counts = shares @ weights
        return (each * counts).sum() / counts.sum()

    return loss


def _single(one: _One) -> Criterion:
    def loss(outputs: Outputs, target: Tensor) -> Tensor:
        assert isinstance(outputs, Tensor), "a network with several outputs needs their weights"
        return one(outputs, target)

    return loss


def _weighted(one: _One, output_weights: tuple[float, ...]) -> Criterion:
    def loss(outputs: Outputs, target: Tensor) -> Tensor:
        if isinstance(outputs, Tensor):
            return one(outputs, target)
        losses = [weight * one(each, target) for weight, each in zip(output_weights, outputs, strict=True)]
        return torch.stack(losses).sum()

    return loss
