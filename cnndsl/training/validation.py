"""A look at a network between two epochs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from cnndsl.training.answers import likeliest, main_output
from cnndsl.training.feed import Feed
from cnndsl.training.losses import Criterion
from cnndsl.training.progress import Validation

__all__ = ["validation"]


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
    for pixels, labels in feed.batches(torch.split(torch.arange(len(feed.labels)), batch)):
        if not len(labels):
            continue
        logits = main_output(network(prepare(pixels)))
        right = likeliest(logits) == labels
        totals += torch.stack([criterion(logits, labels) * len(labels), right.sum()])
        images += len(labels)
    loss, accuracy = (totals / images).tolist()
    return Validation(loss, accuracy)
