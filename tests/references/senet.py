"""SENet-154 by hand (Hu et al., "Squeeze-and-excitation networks", 2017, Appendix)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from references.parts import Gate
from references.resnet import Residual, conv


def block(channels: int, width: int, stride: int, kernel: int) -> Residual:
    """A gated bottleneck in 64 groups, whose first convolution has half the usual width."""
    leaving = 4 * width
    path = nn.Sequential(
        conv(channels, leaving // 2, 1),
        nn.ReLU(),
        conv(leaving // 2, leaving, 3, stride, 64),
        nn.ReLU(),
        conv(leaving, leaving, 1),
        Gate(leaving, leaving // 16),
    )
    same = channels == leaving and stride == 1
    return Residual(path, nn.Identity() if same else conv(channels, leaving, kernel, stride))


class SENet154(nn.Module):
    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv(3, 64, 3, 2), nn.ReLU(), conv(64, 64, 3), nn.ReLU(), conv(64, 128, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        )
        channels = 128
        for width, count, stride in ((64, 3, 1), (128, 8, 2), (256, 36, 2), (512, 3, 2)):
            for index in range(count):
                first = index == 0
                self.layers.append(block(channels, width, stride if first else 1, 1 if stride == 1 else 3))
                channels = 4 * width
        self.layers.append(nn.AdaptiveAvgPool2d(1))
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.dropout(torch.flatten(self.layers(x), 1)))


REFERENCES = {"senet154": SENet154}
