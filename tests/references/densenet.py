"""DenseNets, by hand (Huang et al., "Densely connected convolutional networks", 2016)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def activated(c: int, d: int, k: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, d, k, padding=k // 2, bias=False)]


class Layer(nn.Module):
    def __init__(self, c: int, k: int, *, bottleneck: bool) -> None:
        super().__init__()
        layers = [*activated(c, 4 * k, 1), *activated(4 * k, k, 3)] if bottleneck else activated(c, k, 3)
        self.path = nn.Sequential(*layers)

    def forward(self, maps: Tensor) -> Tensor:
        return torch.cat((maps, self.path(maps)), 1)


class DenseNet(nn.Module):
    """Of ImageNet (Table 1), or of CIFAR-10, whose first convolution is 3x3.

    Args:
        k: the growth rate.
        counts: layers of each block.
        first: filters of the first convolution.
        compressed: whether bottlenecks are used and transitions halve the width, "BC".
    """

    def __init__(self, k: int, counts: tuple[int, ...], first: int, *, cifar: bool = False, compressed: bool = True):
        super().__init__()
        kernel, s = (3, 1) if cifar else (7, 2)
        c, layers = first, [nn.Conv2d(3, first, kernel, s, kernel // 2, bias=False)]
        if not cifar:
            layers += [nn.BatchNorm2d(c), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        for position, count in enumerate(counts):
            if position:
                d = c // 2 if compressed else c
                layers += [*activated(c, d, 1), nn.AvgPool2d(2)]
                c = d
            for _ in range(count):
                layers.append(Layer(c, k, bottleneck=compressed))
                c += k
        self.features = nn.Sequential(*layers, nn.BatchNorm2d(c), nn.ReLU())
        self.classifier = nn.Linear(c, 10 if cifar else 1000)

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images).mean((2, 3)))


def bc(depth: int, k: int) -> DenseNet:
    return DenseNet(k, ((depth - 4) // 6,) * 3, 2 * k, cifar=True)


REFERENCES = {
    "densenet121": lambda: DenseNet(32, (6, 12, 24, 16), 64),
    "densenet169": lambda: DenseNet(32, (6, 12, 32, 32), 64),
    "densenet201": lambda: DenseNet(32, (6, 12, 48, 32), 64),
    "densenet161": lambda: DenseNet(48, (6, 12, 36, 24), 96),
    "cifar-densenet40-12": lambda: DenseNet(12, (12, 12, 12), 16, cifar=True, compressed=False),
    "cifar-densenet100-12": lambda: DenseNet(12, (32, 32, 32), 16, cifar=True, compressed=False),
    "cifar-densenet100-12-bc": lambda: bc(100, 12),
    "cifar-densenet190-40-bc": lambda: bc(190, 40),
    "cifar-densenet250-24-bc": lambda: bc(250, 24),
}
