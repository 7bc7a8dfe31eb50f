"""DenseNets by hand (Huang et al., "Densely connected convolutional networks", 2016)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


def activated(channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, out_channels, kernel, padding=kernel // 2, bias=False)
    )


class Dense(nn.Module):
    """A layer and what it reads, side by side."""

    def __init__(self, channels: int, growth: int, bottleneck: bool) -> None:
        super().__init__()
        if bottleneck:
            self.layer = nn.Sequential(activated(channels, 4 * growth, 1), activated(4 * growth, growth, 3))
        else:
            self.layer = activated(channels, growth, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, self.layer(x)), 1)


class DenseNet(nn.Module):
    def __init__(
        self,
        counts: tuple[int, ...],
        growth: int,
        channels: int,
        *,
        bc: bool = True,
        cifar: bool = False,
        classes: int = 1000,
    ) -> None:
        super().__init__()
        if cifar:
            self.layers = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1, bias=False))
        else:
            self.layers = nn.Sequential(
                nn.Conv2d(3, channels, 7, 2, 3, bias=False), nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
            )
        for block, count in enumerate(counts):
            if block > 0:
                leaving = channels // 2 if bc else channels
                self.layers.extend([activated(channels, leaving, 1), nn.AvgPool2d(2)])
                channels = leaving
            for _ in range(count):
                self.layers.append(Dense(channels, growth, bc))
                channels += growth
        self.layers.extend([nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d(1)])
        self.fc = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.flatten(self.layers(x), 1))


def cifar(depth: int, growth: int) -> DenseNet:
    """Without bottlenecks and compression: 16 maps at first, 3n + 4 layers."""
    return DenseNet(((depth - 4) // 3,) * 3, growth, 16, bc=False, cifar=True, classes=10)


def cifar_bc(depth: int, growth: int) -> DenseNet:
    """With both: twice the growth rate at first, 6n + 4 layers."""
    return DenseNet(((depth - 4) // 6,) * 3, growth, 2 * growth, cifar=True, classes=10)


REFERENCES: dict[str, Callable[[], nn.Module]] = {
    "densenet121": lambda: DenseNet((6, 12, 24, 16), 32, 64),
    "densenet169": lambda: DenseNet((6, 12, 32, 32), 32, 64),
    "densenet201": lambda: DenseNet((6, 12, 48, 32), 32, 64),
    "densenet264": lambda: DenseNet((6, 12, 64, 48), 32, 64),
    "densenet161": lambda: DenseNet((6, 12, 36, 24), 48, 96),
    "cifar-densenet-40-12": lambda: cifar(40, 12),
    "cifar-densenet-100-12": lambda: cifar(100, 12),
    "cifar-densenet-100-24": lambda: cifar(100, 24),
    "cifar-densenet-bc-100-12": lambda: cifar_bc(100, 12),
    "cifar-densenet-bc-250-24": lambda: cifar_bc(250, 24),
    "cifar-densenet-bc-190-40": lambda: cifar_bc(190, 40),
}
