"""A plain loop in PyTorch: images normalised once, batches cut out of a shuffled order."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


def loop(network: nn.Module, images: Tensor, labels: Tensor, batch: int, lr: float) -> Callable[[], None]:
    """Images are N x C x H x W, float32 and normalised."""
    optimizer = torch.optim.Adam(network.parameters(), lr=lr)
    network.train()

    def epoch() -> None:
        total = 0.0
        for chosen in torch.randperm(len(images)).split(batch):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(network(images[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
            total += loss.item()

    return epoch
