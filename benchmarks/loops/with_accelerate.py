"""The pattern of accelerate's example for image classification: what it prepares, and its `backward`."""

from __future__ import annotations

from collections.abc import Callable

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


def loop(network: nn.Module, images: Tensor, labels: Tensor, batch: int, lr: float) -> Callable[[], None]:
    """Images are N x C x H x W, float32 and normalised."""
    accelerator = Accelerator(cpu=not torch.cuda.is_available())
    optimizer = torch.optim.Adam(network.parameters(), lr=lr)
    loader = DataLoader(TensorDataset(images, labels), batch, shuffle=True)
    network, optimizer, loader = accelerator.prepare(network, optimizer, loader)
    network.train()

    def epoch() -> None:
        total = 0.0
        for inputs, targets in loader:
            outputs = network(inputs)
            loss = nn.functional.cross_entropy(outputs, targets)
            total += loss.detach().float()
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()

    return epoch
