"""A look at a network between two epochs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from cnndsl.training.feed import Feed
from cnndsl.training.losses import Criterion, per_class
from cnndsl.training.progress import Validation

__all__ = ["main_output", "validation"]


@torch.inference_mode()
def validation(
    network: torch.nn.Module, feed: Feed, prepare: Callable[[Tensor], Tensor], criterion: Criterion, batch: int
) -> Validation:
    """Loss and accuracy of a network's main output. It is left in evaluation mode.

    Args:
        network: gives logits N x classes, or several of them, the main ones first.
        feed: the images that it is shown.
        prepare: makes inputs of pixels.
        criterion: the loss of the main output.
        batch: how many are looked at together.
    """
    network.eval()
    totals = torch.zeros(2, dtype=torch.float64, device=feed.labels.device)
    images = 0
    for pixels, labels in feed.batches(torch.arange(len(feed.labels)).split(batch)):
        logits = main_output(network(prepare(pixels)))
        right = (per_class(logits, 2) if logits.shape[1] == 1 else logits).argmax(dim=1) == labels
        totals += torch.stack([criterion(logits, labels) * len(labels), right.sum()])
        images += len(labels)
    loss, accuracy = (totals / images).tolist()
    return Validation(loss, accuracy)


def main_output(outputs: Tensor | tuple[Tensor, ...]) -> Tensor:
    """The first of several."""
    return outputs[0] if isinstance(outputs, tuple) else outputs
